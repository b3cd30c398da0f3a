"""The manual page."""

import subprocess
from pathlib import Path

from logos_pxl.cli.manual_page import manual_page

PAGE = Path(__file__).parents[3] / "docs" / "man" / "pxl.1"


def test_the_page_is_what_the_commands_say() -> None:
    """It is made anew with: python -m logos_pxl.cli.manual_page > docs/man/pxl.1."""
    assert PAGE.read_text() == manual_page()


def test_mandoc_has_nothing_against_it() -> None:
    """Not even against its style."""
    ran = subprocess.run(["mandoc", "-T", "lint", str(PAGE)], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.stdout, ran.returncode) == ("", 0)


def test_it_reads_as_it_should() -> None:
    """Commands, options with their values, examples and statuses, as a reader sees them."""
    ran = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=200", str(PAGE)], capture_output=True, text=True, timeout=60, check=True)
    text = subprocess.run(["col", "-b"], input=ran.stdout, capture_output=True, text=True, timeout=60, check=True).stdout
    for wanted in (
        "pxl prove",
        "--file FILE, -f FILE",
        "--to v|json",
        "pxl prove 'BOX(p -> q) -> (BOX p -> BOX q)'",
        "EXIT STATUS",
        "PXL_URL",
    ):
        assert wanted in text, wanted

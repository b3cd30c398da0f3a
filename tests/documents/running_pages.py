"""Runs a page: its blocks in order, in a folder that looks like the root of the project, beside the server that it wants."""

import configparser
import contextlib
import difflib
import doctest
import io
import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from documents.blocks import ROOT, Block, Command, Page, console, fits
from documents.shell import Shell, kill_all, left_behind

PORT = "8088"
TIMEOUT_S = 120.0
# For what was told to end, and is just ending.
GRACE_S = 10.0
ENDLESS_S = 3.0
STOPPED = {0, 124, 130}

# What a service leaves where it runs, and what must not be shared with the real root.
OWN = {"logs", "var", ".env", ".git", "reports", "incidents", "backups", "exports"}


BUILT = {"build", "target", "coq", "__pycache__", "logs", "var"}


@dataclass
class Visit:
    """One run of a page."""

    page: Page
    folder: Path
    port: int
    shell: Shell
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})

    def ported(self, text: str) -> str:
        """The text with the port that the server really has."""
        return text.replace(PORT, str(self.port))

    def as_shown(self, text: str) -> str:
        """What was printed, with the port that pages speak of."""
        return text.replace(str(self.port), PORT)

    def run(self, block: Block) -> None:
        """Run a block, or look whether it is well-formed; raises AssertionError."""
        if block.exempt is None:
            RUNNERS[block.language](self, block)


@contextlib.contextmanager
def visiting(page: Page, scratch: Path, port: int, variables: dict[str, str]) -> Iterator[Visit]:
    """Open a page's folder and shell, and see to it that nothing is left of them, and that the project is as it was."""
    before = project_files()
    folder = project_folder(scratch)
    shell = Shell(folder, environment(port, folder) | variables, scratch)
    try:
        with contextlib.chdir(folder):
            yield Visit(page, folder, port, shell)
        deadline = time.monotonic() + GRACE_S
        while (stayed := left_behind(folder, shell.session)) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        kill_all(left_behind(folder, shell.session))
        shell.close()
    assert stayed == {}, f"{page.path} leaves processes behind"
    changed = project_files() ^ before
    assert changed == set(), f"{page.path} changes the project itself, through a link: {sorted({path for path, *_ in changed})}"


def project_files() -> set[tuple[str, int, int]]:
    """The project's files with their sizes and times, but for what is built or cached."""
    found = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in BUILT and not name.startswith(".")]
        for name in files:
            stat = Path(folder, name).lstat()
            found.add((os.path.relpath(Path(folder, name), ROOT), stat.st_size, stat.st_mtime_ns))
    return found


def project_folder(scratch: Path) -> Path:
    """A folder with everything that stands in the project's root, but for what a service writes there."""
    folder = scratch / "pxl"
    folder.mkdir()
    for entry in ROOT.iterdir():
        if entry.name not in OWN:
            (folder / entry.name).symlink_to(entry)
    return folder


def environment(port: int, folder: Path) -> dict[str, str]:
    """A user's environment, after ``. .venv/bin/activate``."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HMAC", "PXL", "PYTHON", "ENABLE_", "RATE_"))}
    return clean | {
        "PATH": f"{Path(sys.executable).parent}:{clean['PATH']}",
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "COLUMNS": "120",
        "PXL_SERVER_PORT": str(port),
        "PXL_POOL_SIZE": "2",
        "PXL_PERFORMANCE_INTERVAL_S": "1",
        "PYTHONWARNINGS": "error",
    }


def _console(visit: Visit, block: Block) -> None:
    for command in console(block):
        _command(visit, block, command)


def _command(visit: Visit, block: Block, command: Command) -> None:
    text = visit.ported(command.text)
    if command.endless:
        text = f"timeout --signal=INT {ENDLESS_S} bash -c {_quoted(text)}"
    ran = visit.shell.run(text, timeout_s=TIMEOUT_S)
    printed = visit.as_shown(ran.printed)
    where = f"{block.page}:{command.line}: $ {command.text}"
    expected = STOPPED if command.endless else {command.status}
    assert ran.status in expected, f"{where}\nended with status {ran.status}, not {expected}. It printed:\n{printed}"
    if command.shown is not None:
        shown = command.shown.rstrip().removesuffix("^C")
        assert fits(shown, printed), f"{where}\nprints something else than the page shows:\n{_difference(shown, printed)}"


def _script(visit: Visit, block: Block) -> None:
    visit.shell.run(visit.ported(block.text), timeout_s=TIMEOUT_S, strict=True)


def _python(visit: Visit, block: Block) -> None:
    text = visit.ported(block.text)
    if ">>> " in text:
        _doctest(visit, block, text)
    else:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(text, block.place, "exec"), visit.names)


def _doctest(visit: Visit, block: Block, text: str) -> None:
    test = doctest.DocTestParser().get_doctest(text, {}, block.page, block.page, block.line)
    test.globs = visit.names
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE, verbose=False)
    assert runner.run(test, out=told.append, clear_globs=False).failed == 0, "".join(told)


def _coq(visit: Visit, block: Block) -> None:
    file = visit.folder / "page_block.v"
    file.write_text(block.text)
    ran = subprocess.run(
        ["coqc", "-q", "-Q", str(ROOT / "coq" / "theories"), "PXL", file.name],
        cwd=visit.folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, f"{block.place}: {ran.stdout}{ran.stderr}"


def _promql(visit: Visit, block: Block) -> None:
    """Each paragraph is an expression; comments begin with ``#``."""
    for number, expression in enumerate(block.text.strip().split("\n\n")):
        rules = {"groups": [{"name": "page", "rules": [{"record": f"page:expression:{number}", "expr": expression}]}]}
        file = visit.folder / "page_rules.yml"
        file.write_text(yaml.safe_dump(rules))
        ran = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert ran.returncode == 0, f"{block.place}: {ran.stdout}{ran.stderr}"


def _ini(block: Block) -> None:
    configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True).read_string(block.text)


def _parsed_by(reading: Callable[[Block], object]) -> Callable[[Visit, Block], None]:
    def run(visit: Visit, block: Block) -> None:
        try:
            reading(block)
        except (ValueError, yaml.YAMLError, configparser.Error) as error:
            raise AssertionError(f"{block.place} is no {block.language}: {error}") from error

    return run


def _not_run(visit: Visit, block: Block) -> None:
    """Text for people."""


RUNNERS: dict[str, Callable[[Visit, Block], None]] = {
    "console": _console,
    "bash": _script,
    "setup": _script,
    "python": _python,
    "coq": _coq,
    "promql": _promql,
    "json": _parsed_by(lambda block: json.loads(block.text)),
    "toml": _parsed_by(lambda block: tomllib.loads(block.text)),
    "yaml": _parsed_by(lambda block: list(yaml.safe_load_all(block.text))),
    "ini": _parsed_by(_ini),
    "text": _not_run,
    "ebnf": _not_run,
}
"""What is done with a block of each language. Others do not occur, so that nobody can believe that they are tested."""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _difference(shown: str, printed: str) -> str:
    return "\n".join(difflib.unified_diff(shown.splitlines(), printed.splitlines(), "the page", "printed", lineterm=""))

"""The site builds without a warning, needs nobody else's server, and its HTTP reference is complete."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest
from documents.blocks import ROOT

from logos_pxl.service.openapi import openapi_document
from logos_pxl.settings import Settings

LOADED = re.compile(r"<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)=\"([^\"]+)\"")
STYLE_URL = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it: every warning, such as a page that no contents lead to, is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-b", "html", "docs", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_make_docs_builds_what_is_tested() -> None:
    """The same command, into build/docs."""
    assert "sphinx -E -W --keep-going -n -q -b html docs build/docs" in (ROOT / "Makefile").read_text()


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """No script, picture, style or font comes from another host: the site works offline."""
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    loaded = {url for page in pages for url in LOADED.findall(page.read_text())}
    for style in site.rglob("*.css"):
        loaded |= {one or other for one, other in STYLE_URL.findall(style.read_text())}
    assert [url for url in loaded if re.match(r"(https?:)?//", url)] == []


def reference(site: Path) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", (site / "http-reference.html").read_text()))


def test_every_endpoint_is_in_the_reference(site: Path) -> None:
    """With each status that it answers, and each parameter."""
    text = reference(site)
    for path, operations in openapi_document(Settings())["paths"].items():
        for method, operation in operations.items():
            _, heading, section = text.rpartition(f"{method.upper()} {path}¶")
            assert heading, (method, path)
            section = section.partition("¶")[0]
            for told in (operation["summary"], *operation["responses"], *(one["name"] for one in operation.get("parameters", []))):
                assert told in section, (method, path, told)


def test_every_type_and_field_is_in_the_reference(site: Path) -> None:
    """Under its type's heading, with what the document says about it."""
    text = reference(site)
    for name, schema in openapi_document(Settings())["components"]["schemas"].items():
        _, heading, section = text.rpartition(f"\n{name}¶")
        assert heading, name
        section = section.partition("¶")[0]
        for field, one in schema["properties"].items():
            assert re.search(rf"^{field}\b", section, re.MULTILINE), (name, field)
            assert one.get("description", "").partition("`")[0] in section, (name, field)

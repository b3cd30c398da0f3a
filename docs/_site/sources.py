"""What Sphinx reads, made fit for it: pages that stand elsewhere in the project, and the HTTP reference, which nobody writes by hand.

A page of `docs/` holds one of these comments where the content belongs:

    <!-- page: ARCHITECTURE.md -->      the text of that file, without its title
    <!-- http reference -->             made from the application's own OpenAPI document
    <!-- further pages -->              a table of contents of the folder's pages that this page does not name
"""

import os
import re
from pathlib import Path

import http_reference
from sphinx.application import Sphinx

from logos_pxl.service.openapi import openapi_document
from logos_pxl.settings import Settings

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent

# Files outside of docs/ that are pages of the site, by the page that shows them.
SHOWN = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing-guide.md",
    "SECURITY.md": "security-policy.md",
    "bench/results/summary.md": "benchmark-results.md",
    "coq/README.md": "reading-the-kernel.md",
    "README.md": "index.md",
}

LINK = re.compile(r"(\]\()([^)\s#]+)(#[^)\s]*)?(\))")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("source-read", _read)
    return {"parallel_read_safe": True}


def _read(_: Sphinx, name: str, source: list[str]) -> None:
    page = DOCS / f"{name}.md"
    text = with_links(source[0], page.parent, page.parent)
    text = re.sub(r"<!-- page: (\S+) -->", lambda found: _page(found[1], page.parent), text)
    if "<!-- http reference -->" in text:
        text = text.replace("<!-- http reference -->", http_reference.page(openapi_document(Settings())))
    source[0] = text.replace("<!-- further pages -->", _contents_of(page, text))


def _contents_of(page: Path, text: str) -> str:
    others = sorted(file.stem for file in page.parent.glob("*.md") if file != page)
    entries = [name for name in others if not re.search(rf"^{re.escape(name)}$", text, re.MULTILINE)]
    return "\n".join([":::{toctree}", ":maxdepth: 1", "", *entries, ":::"]) if entries else ""


def _page(file: str, shown_in: Path) -> str:
    _, _, text = (ROOT / file).read_text().partition("\n")
    return with_links(text, (ROOT / file).parent, shown_in)


def with_links(text: str, written_in: Path, shown_in: Path) -> str:
    """The text with its links to files as they are right in the folder where it is shown."""

    def link(found: re.Match[str]) -> str:
        target = Path(os.path.normpath(written_in / found[2]))
        if found[2].startswith("/") or "://" in found[2] or not target.exists():
            return found[0]
        return f"{found[1]}{_in_site(target, shown_in)}{found[3] or ''}{found[4]}"

    return LINK.sub(link, text)


def _in_site(target: Path, shown_in: Path) -> str:
    from_root = str(target.relative_to(ROOT)) if target.is_relative_to(ROOT) else ""
    if from_root in SHOWN:
        target = DOCS / SHOWN[from_root]
    elif target.is_dir():
        target = target / "index.md"
    return os.path.relpath(target, shown_in)

"""What pages point at is there: files, headings, settings, metrics, endpoints, commands."""

import itertools
import os
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
from documents.blocks import ROOT, pages
from markdown_it import MarkdownIt
from markdown_it.token import Token
from typer.core import TyperGroup

from logos_pxl.cli.app import app
from logos_pxl.service.openapi import openapi_document
from logos_pxl.settings import Settings
from logos_pxl.settings.declaring import fields_by_variable

VARIABLES = fields_by_variable(Settings)

# Names that look like settings but are not settings of the service.
NO_SETTINGS = {"PXL_LWB_ARCHIVE"}
# The changes also name settings, commands and files that are gone.
PRESENT = [page for page in pages() if page != "CHANGELOG.md"]
# A family of metrics by its beginning or with a histogram's endings.
HISTOGRAM_ENDINGS = ("_bucket", "_sum", "_count")


def inline(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from inline(token.children or [])


@cache
def tokens_of(path: Path) -> list[Token]:
    return list(inline(MarkdownIt("commonmark").parse(path.read_text())))


def links(path: Path) -> Iterator[str]:
    for token in tokens_of(path):
        target = token.attrGet("href") if token.type == "link_open" else token.attrGet("src") if token.type == "image" else None
        if isinstance(target, str):
            yield target


@cache
def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and the site make them."""
    tokens = tokens_of(path)
    titles = [heading(after) for token, after in itertools.pairwise(tokens) if token.type == "heading_open"]
    slugs = [re.sub(r"[^\w\- ]", "", title.lower().strip()).replace(" ", "-") for title in titles]
    seen: Counter[str] = Counter()
    found = set()
    for slug in slugs:
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def heading(token: Token) -> str:
    return "".join(child.content for child in token.children or [] if child.type in ("text", "code_inline"))


@pytest.mark.parametrize("page", pages())
def test_links_lead_somewhere(page: str) -> None:
    """Each link to a file leads to one that is there, and each anchor to a heading."""
    path = ROOT / page
    broken = []
    for link in links(path):
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = Path(os.path.normpath(path.parent / file)) if file else path
        made = page == "docs/http-reference.md" or file.endswith("http-reference.md")
        if not target.exists() or (anchor and target.suffix == ".md" and not made and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", pages())
def test_links_to_the_web_are_https(page: str) -> None:
    """And none of them leads to a machine of ours."""
    outside = [link for link in links(ROOT / page) if re.match(r"[a-z]+:", link)]
    assert [link for link in outside if not link.startswith(("https://", "mailto:"))] == []


@pytest.mark.parametrize("page", PRESENT)
def test_settings_that_pages_name_exist(page: str) -> None:
    """No page names a variable that does not exist."""
    text = (ROOT / page).read_text()
    named = set(re.findall(r"(?<![\w*])(?:PXL|HMAC|RATE_LIMIT)_[A-Z][A-Z0-9_]*[A-Z0-9]\b", text))
    assert named - VARIABLES.keys() - NO_SETTINGS == set()


@cache
def known_metrics() -> set[str]:
    return set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", pages())
def test_metrics_that_pages_name_exist(page: str) -> None:
    """Each is in docs/metrics.md, which another test holds to what the service tells."""
    for name in set(re.findall(r"\blogos_pxl_\w+", (ROOT / page).read_text())):
        base = next((name.removesuffix(end) for end in HISTOGRAM_ENDINGS if name.endswith(end)), name)
        module = name == "logos_pxl_engine"
        assert module or {name, base} & known_metrics(), f"{page}: {name}"


@pytest.mark.parametrize("page", pages())
def test_endpoints_that_pages_name_exist(page: str) -> None:
    """`POST /prove` and its like: path and method are in the OpenAPI document."""
    paths = openapi_document(Settings())["paths"]
    for method, path in re.findall(r"`(GET|POST|PUT|DELETE|PATCH) (/[^`\s?]*)", (ROOT / page).read_text()):
        shaped = re.sub(r"/(jobs|certificates)/[^/]+$", r"/\1/{id}", path.rstrip("/") or "/")
        assert shaped == "/" or method.lower() in paths.get(shaped, {}), f"{page}: {method} {path}"


def commands() -> Iterator[str]:
    """Every command of the command line, such as `prove` and `ops backup`."""

    def below(group: TyperGroup, path: str) -> Iterator[str]:
        for name, command in group.commands.items():
            yield f"{path}{name}"
            if isinstance(command, TyperGroup):
                yield from below(command, f"{path}{name} ")

    found = typer.main.get_command(app)
    assert isinstance(found, TyperGroup)
    yield from below(found, "")


def test_commands_that_pages_name_exist() -> None:
    """`pxl prove`, `pxl ops backup` and their like are commands of the command line."""
    known = set(commands())
    groups = {command.rpartition(" ")[0] for command in known} - {""}
    for page in PRESENT:
        for words in re.findall(r"(?:`|\$ )pxl ([a-z][a-z-]*(?: [a-z][a-z-]+)*)", (ROOT / page).read_text()):
            command = ""
            for word in words.split():
                command = f"{command} {word}".strip()
                if command not in groups:
                    break
            assert command in known, f"{page}: pxl {words}"


@pytest.mark.parametrize("page", PRESENT)
def test_files_that_pages_name_exist(page: str) -> None:
    """A path of this project in backticks is there."""
    paths = re.findall(
        r"`((?:src|tests|docs|scripts|engine|bench|monitoring|deploy|kubernetes|nginx|configs|requirements)/[\w./-]+)`",
        (ROOT / page).read_text(),
    )
    assert [path for path in paths if not (ROOT / path).exists()] == []


# Pages whose text is that of a file of the root.
SHOWS_A_FILE = {"docs/architecture.md", "docs/reading-the-kernel.md", "docs/benchmark-results.md", "docs/changelog.md"}
SHOWS_A_FILE |= {"docs/contributing-guide.md", "docs/security-policy.md"}


@pytest.mark.parametrize("page", [page for page in pages() if page.startswith("docs/")])
def test_a_page_begins_with_its_title_and_its_subject(page: str) -> None:
    """The first paragraph after the title says what the page is about; a decision says what was chosen."""
    if page in SHOWS_A_FILE:
        return
    tokens = MarkdownIt("commonmark").parse((ROOT / page).read_text())
    blocks = [(token.type, tokens[at + 1].content) for at, token in enumerate(tokens) if token.level == 0 and token.type.endswith("_open")]
    assert blocks[0][0] == "heading_open", "a page begins with its title"
    assert blocks[1][0] == "paragraph_open", "the title is followed by a paragraph"
    if page.startswith("docs/decisions/") and not page.endswith("index.md"):
        assert blocks[1][1].startswith("**")


@pytest.mark.parametrize("page", pages())
def test_no_page_begins_with_the_old_formula(page: str) -> None:
    """A page says what it is about, and not for whom it is and what they will know afterwards."""
    assert re.search(r"^For whoever|^Afterwards you", (ROOT / page).read_text(), re.MULTILINE) is None

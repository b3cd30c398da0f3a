"""The code blocks of a page, in order, and how the tests run them. The conventions are in docs/contributing.md."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]

NOT_RUN = re.compile(r"<!-- not run: (.+?) -->")
"""The comment right before a block that the tests cannot run. Readers do not see it."""

SETUP = re.compile(r"<!-- setup:\n(.*?)\n?-->", re.DOTALL)
SERVER = re.compile(r"<!-- server: (\w+) -->")


@dataclass(frozen=True)
class Block:
    """A block of code: language, text, line in the page (from 1), and the reason why it is not run (None: it is run)."""

    page: str
    line: int
    language: str
    text: str
    exempt: str | None = None

    @property
    def place(self) -> str:
        """Page and line, for failure messages."""
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Page:
    """A page: path from the root, server that it needs (``shared``, ``own``, ``signed`` or ``none``), blocks in order."""

    path: str
    server: str
    blocks: tuple[Block, ...]


def pages() -> list[str]:
    """The paths of all pages, from the root."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "coq" / "README.md"]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def read(path: str) -> Page:
    """Read a page."""
    return parse(path, (ROOT / path).read_text())


def parse(path: str, text: str) -> Page:
    """The page of this text."""
    server = SERVER.search(text)
    return Page(path, server[1] if server else "shared", tuple(_blocks(path, text)))


def _blocks(path: str, text: str) -> Iterator[Block]:
    tokens = MarkdownIt("commonmark").parse(text)
    for index, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "fence":
            yield Block(path, line + 1, token.info.strip().partition(" ")[0], token.content, _exempt(tokens[:index]))
        elif token.type == "code_block":
            yield Block(path, line, "indented", token.content)
        elif token.type == "html_block" and (setup := SETUP.search(token.content)):
            yield Block(path, line + 1, "setup", setup[1])


def _exempt(before: list[Token]) -> str | None:
    if not before or before[-1].type != "html_block":
        return None
    mark = NOT_RUN.fullmatch(before[-1].content.strip().replace("\n", " "))
    return mark[1] if mark else None


@dataclass(frozen=True)
class Command:
    """A command of a console block and the output that the page shows; None if the page shows none."""

    text: str
    shown: str | None
    line: int

    @property
    def status(self) -> int:
        """The exit status that a comment on the page names, else 0."""
        named = re.search(r"#.*exit status (\d+)", self.text.splitlines()[-1])
        return int(named[1]) if named else 0

    @property
    def endless(self) -> bool:
        """Whether the page shows that Ctrl-C ends it."""
        return self.shown is not None and self.shown.rstrip().endswith("^C")


def console(block: Block) -> list[Command]:
    """The commands of a console block. ``$ `` begins a command, ``> `` continues it, other lines are its output."""
    commands: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(block.text.splitlines()):
        if line.startswith("$ "):
            commands.append((block.line + number, [line[2:]], []))
        elif not commands:
            raise ValueError(f"{block.page}:{block.line + number}: a console block must begin with a command, `$ ...`")
        elif (line == ">" or line.startswith("> ")) and not commands[-1][2]:
            commands[-1][1].append(line[2:])
        else:
            commands[-1][2].append(line)
    return [Command("\n".join(text), "\n".join(shown) if any(shown) else None, line) for line, text, shown in commands]


def fits(shown: str, printed: str) -> bool:
    """Whether the output matches what the page shows.

    ``...`` matches anything within a line; alone on a line it matches any number of lines. Trailing blanks, and empty
    lines at either end, are ignored.
    """
    pattern = ""
    for line in shown.strip("\n").splitlines():
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(piece) for piece in line.rstrip().split("...")) + r"\n"
    lines = "\n".join(line.rstrip() for line in printed.splitlines()).strip("\n").splitlines()
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)) is not None

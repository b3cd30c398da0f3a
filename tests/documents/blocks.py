"""The code blocks of a page, in order, with what the page says about running them. docs/contributing.md tells the conventions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]

MARK = re.compile(r"\*Not run by the tests: (.+?)\.?\*")
"""The paragraph that stands right before a block which cannot run here."""

SETUP = re.compile(r"<!-- setup:\n(.*?)\n?-->", re.DOTALL)
SERVER = re.compile(r"<!-- server: (\w+) -->")


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its text, the line of its first line in the page (from 1), and why it is not run, if so."""

    page: str
    line: int
    language: str
    text: str
    exempt: str | None = None

    @property
    def place(self) -> str:
        """Where to look when it fails."""
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Page:
    """A page: its path from the root, its blocks in order, and the server that it wants: ``shared``, ``own``, ``signed`` or ``none``."""

    path: str
    server: str
    blocks: tuple[Block, ...]


def pages() -> list[str]:
    """Every page that people read, by its path from the root."""
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
    if len(before) < 2 or before[-1].type != "paragraph_close":
        return None
    mark = MARK.fullmatch(before[-2].content.replace("\n", " "))
    return mark[1] if mark else None


@dataclass(frozen=True)
class Command:
    """A command of a console block, and what the page shows that it prints; None when the page shows nothing."""

    text: str
    shown: str | None
    line: int

    @property
    def status(self) -> int:
        """The exit status that the page tells by a comment, else 0."""
        told = re.search(r"#.*exit status (\d+)", self.text.splitlines()[-1])
        return int(told[1]) if told else 0

    @property
    def endless(self) -> bool:
        """Whether the page shows that it is ended by Ctrl-C."""
        return self.shown is not None and self.shown.rstrip().endswith("^C")


def console(block: Block) -> list[Command]:
    """The commands of a console block: ``$ `` begins one, ``> `` goes on with it, the other lines are what it prints."""
    commands: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(block.text.splitlines()):
        if line.startswith("$ "):
            commands.append((block.line + number, [line[2:]], []))
        elif not commands:
            raise ValueError(f"{block.page}:{block.line + number}: a console block begins with a command, `$ ...`")
        elif (line == ">" or line.startswith("> ")) and not commands[-1][2]:
            commands[-1][1].append(line[2:])
        else:
            commands[-1][2].append(line)
    return [Command("\n".join(text), "\n".join(shown) if any(shown) else None, line) for line, text, shown in commands]


def fits(shown: str, printed: str) -> bool:
    """Whether what was printed is what the page shows.

    ``...`` stands for anything within a line, and alone on a line for any number of lines. Blanks at the ends of lines
    and empty lines at either end do not count.
    """
    pattern = ""
    for line in shown.strip("\n").splitlines():
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(piece) for piece in line.rstrip().split("...")) + r"\n"
    lines = "\n".join(line.rstrip() for line in printed.splitlines()).strip("\n").splitlines()
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)) is not None

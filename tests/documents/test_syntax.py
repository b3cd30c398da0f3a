"""The table of notations is the lexer's: every spelling that it shows is read as it says, and every spelling that is read is shown."""

import re

import pytest
from documents.blocks import ROOT

from logos_pxl.goals import Goal

PAGE = (ROOT / "docs" / "syntax.md").read_text()
LEXER = (ROOT / "engine" / "crates" / "formula" / "src" / "lexer.rs").read_text()


def rows() -> dict[str, list[str]]:
    """For each connective what the page shows in its row."""
    table = PAGE.partition("## One goal, many notations")[2].partition("```")[0]
    found = {}
    for line in table.splitlines():
        name, *cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] or [""]
        if name and name != "---":
            found[name] = [spelling.replace("\\|", "|") for spelling in re.findall(r"`([^`]+)`", " ".join(cells))]
    return found


UNARY = {"necessity": "BOX(p)", "possibility": "DIA(p)", "negation": "~p"}
BINARY = {"conjunction": "p /\\ q", "disjunction": "p \\/ q", "implication": "p -> q", "equivalence": "p <-> q"}
CONSTANT = {"true": "TRUE", "false": "FALSE"}


def completed(kind: str, spelling: str) -> str:
    """The spelling as a whole goal."""
    if kind in CONSTANT or (spelling.rstrip(")").endswith(("p", "q")) and not spelling.isalpha() and not spelling.startswith("\\")):
        return spelling
    return f"{spelling} p" if kind in UNARY else f"p {spelling} q"


@pytest.mark.parametrize("kind", [*UNARY, *BINARY, *CONSTANT])
def test_each_spelling_is_read_as_its_row_says(kind: str) -> None:
    """Whatever the notation, the goal is the same."""
    spellings = rows()[kind]
    assert len(spellings) >= 3
    for spelling in spellings:
        assert Goal.parse(completed(kind, spelling)).text == (UNARY | BINARY | CONSTANT)[kind], spelling


def part_of_the_lexer(begins: str, ends: str) -> str:
    _, begin, after = LEXER.partition(begins)
    assert begin, begins
    return after.partition(ends)[0]


def test_each_spelling_that_is_read_is_shown() -> None:
    """Words, LaTeX commands, symbols and operators of the lexer."""
    shown = {spelling for spellings in rows().values() for spelling in spellings}
    shown |= {piece for spelling in shown for piece in re.split(r"[pq ()]+", spelling) if piece}
    read = set(re.findall(r'"(\w+)"', part_of_the_lexer("fn word", "\n}")))
    read |= {f"\\{name}" for name in re.findall(r'"(\w+)"', part_of_the_lexer("fn command", "\n}"))}
    read |= set(re.findall(r"'([^()])'", part_of_the_lexer("fn symbol", "\n}")))
    read |= {text.replace("\\\\", "\\") for text in re.findall(r'\("([^"]+)"', part_of_the_lexer("const OPERATORS", "\n];"))}
    assert len(read) > 60
    assert read - shown == set()

"""Whether an answer is about the goal that was asked."""

import random

import pytest
from tiny_models import random_tree, text

from logos_pxl.client.asked import about_another
from logos_pxl.goals import Goal, Notation

READ: tuple[Notation, ...] = ("manual", "ascii", "unicode")


def test_no_honest_answer_is_doubted() -> None:
    """Whatever the notation, the goal as the engine repeats it is about the goal that was asked."""
    source = random.Random(19)
    for _ in range(1500):
        goal = Goal.parse(text(random_tree(source, source.randrange(0, 14))))
        for notation in (*READ, "latex"):
            assert not about_another(goal.printed(notation), goal.text), goal.printed(notation)


def test_every_other_answer_is_found_out() -> None:
    """In the notations that are read here, another formula is told from the one that was asked."""
    source, told = random.Random(23), 0
    for _ in range(1500):
        one, other = (Goal.parse(text(random_tree(source, source.randrange(1, 8)))) for _ in range(2))
        for notation in READ:
            assert about_another(one.printed(notation), other.text) is (one.formula != other.formula), one.printed(notation)
            told += one.formula != other.formula
    assert told > 3000


@pytest.mark.parametrize(
    "asked",
    [
        "necessarily p implies p",
        "not p or q",
        r"\Box p \to p",
        "[ ]p -> p",
        "é -> é",
        "p and q",
        "p' -> p",
        "x & y | z",
        "",
        "(",
        "p" * 30_000,
    ],
)
def test_what_cannot_be_read_here_is_no_evidence(asked: str) -> None:
    """Words, LaTeX, other scripts, nonsense: an honest answer to them passes."""
    try:
        answered = Goal.parse(asked).text
    except Exception:  # noqa: BLE001 - then there is no honest answer, and any will do
        answered = "p"
    assert not about_another(asked, answered)


@pytest.mark.parametrize(
    ("asked", "answered", "another"),
    [
        ("verum -> p", "TRUE -> p", False),
        ("top", "TOP", False),
        ("⊤ -> p", "TOP -> p", False),
        ("verum -> p", "TRUE -> q", True),
        ("p -> q", "p -> p", True),
        ("rain -> p", "rain -> q", True),
        ("rain -> p", "p -> rain", True),
    ],
)
def test_words_that_a_newer_parser_may_know_are_no_evidence(asked: str, answered: str, another: bool) -> None:
    """A word may become a constant, and be printed in capitals; an atom that nobody asked for is still found out."""
    assert about_another(asked, answered) is another


def test_depth_costs_no_stack() -> None:
    """Deep goals are compared, and told apart."""
    assert not about_another("~" * 9000 + "p", "~" * 9000 + "p")
    assert about_another("~" * 9000 + "p", "~" * 8999 + "p")

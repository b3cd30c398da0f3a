"""Goals: reading, printing, renaming."""

import pytest
from logos_pxl_engine import Limits

from logos_pxl.errors import GoalTooLarge, MalformedGoal
from logos_pxl.goals import Goal


@pytest.mark.parametrize(
    "text",
    [
        "BOX(A -> A)",
        "[](A -> A)",
        "□(A → A)",
        r"\Box (A \to A)",
        "box (A implies A)",
        "necessarily (A => A)",
    ],
)
def test_every_notation_is_read_as_the_same_goal(text: str) -> None:
    """The notation of the manual, ASCII, Unicode, LaTeX and words all give one goal, printed as the manual writes it."""
    assert Goal.parse(text).text == "BOX(A -> A)"


@pytest.mark.parametrize("notation", ["manual", "ascii", "unicode", "latex"])
@pytest.mark.parametrize("text", ["A", "~~A", "BOX(DIA(A) -> ~B /\\ (C \\/ true <-> false))", "BOX(BOX(p' /\\ q_1)) -> DIA(r)"])
def test_what_is_printed_reads_back_as_the_same_goal(text: str, notation: str) -> None:
    """A goal printed in any notation for people is the same goal when it is read again."""
    goal = Goal.parse(text)
    assert Goal.parse(goal.printed(notation)) == goal  # type: ignore[arg-type]


def test_a_malformed_goal_is_refused_with_its_place() -> None:
    """The error tells offset, line and column, what was found, what could have stood there, and shows a caret under it."""
    with pytest.raises(MalformedGoal) as refused:
        Goal.parse("BOX(A ->\n  -> B)")
    error = refused.value
    assert (error.offset, error.line, error.column) == (11, 2, 3)
    assert "->" in error.found
    assert error.expected
    source, caret = error.caret.splitlines()[-2:]
    assert source[caret.index("^") :].startswith("-> B")
    assert "line 2" in str(error)


def test_the_offset_counts_bytes_and_the_column_characters() -> None:
    """Characters of several bytes before the place count as such in the offset, and as one in the column."""
    with pytest.raises(MalformedGoal) as refused:
        Goal.parse("□□ )")
    assert (refused.value.offset, refused.value.column) == (7, 4)


@pytest.mark.parametrize(
    ("text", "limits", "limit"),
    [
        ("A -> A -> A", Limits(max_bytes=10), "max_bytes"),
        ("~~~~A", Limits(max_depth=3), "max_depth"),
        ("A /\\ B /\\ C", Limits(max_atoms=2), "max_atoms"),
        ("A /\\ A /\\ A", Limits(max_nodes=4), "max_nodes"),
    ],
)
def test_a_goal_past_a_limit_is_refused_by_the_limits_name(text: str, limits: Limits, limit: str) -> None:
    """Size, depth, atoms and nodes are limited, and the error says which limit was passed and its value."""
    with pytest.raises(GoalTooLarge) as refused:
        Goal.parse(text, limits=limits)
    assert refused.value.limit == limit
    assert refused.value.maximum == getattr(limits, limit)
    assert str(refused.value.maximum) in str(refused.value)


def test_a_lone_surrogate_is_refused_with_its_place() -> None:
    """Text that no UTF-8 can spell, which JSON escapes can, is the caller's error with a place, not ours."""
    with pytest.raises(MalformedGoal) as refused:
        Goal.parse("A ->\n \ud800")
    assert (refused.value.line, refused.value.column, refused.value.found) == (2, 2, "U+D800")


def test_an_intohylo_files_goal_is_the_negation_of_its_formula() -> None:
    """Benchmark files hold what a satisfiability test refutes; the goal is what that proves."""
    goal = Goal.parse("begin\n~([r1] p1 -> p1)\nend\n", syntax="intohylo")
    assert goal == Goal.parse("~~(BOX(p1) -> p1)")


def test_goals_that_differ_in_names_only_have_one_canonical_form() -> None:
    """Renaming atoms does not change the canonical form; another pattern of atoms does."""
    first, second = Goal.parse("BOX(rain -> wet)").canonical, Goal.parse("BOX(x -> y)").canonical
    assert first.formula == second.formula
    assert first.names == ("rain", "wet")
    assert Goal.parse("BOX(x -> x)").canonical.formula != first.formula


def test_the_canonical_form_leads_back_to_the_goal() -> None:
    """Also when the goal's own names look like canonical ones in another order."""
    goal = Goal.parse("p1 -> BOX(p0 /\\ p1) \\/ p2")
    assert goal.canonical.formula.rename(goal.canonical.restoring) == goal.formula

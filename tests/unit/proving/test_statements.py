"""Coq's statement, read back."""

import pytest

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind
from logos_pxl.proving.statements import states

PROOF, COUNTERMODEL = CheckKind


@pytest.mark.parametrize(
    ("statement", "kind", "goal"),
    [
        ('Prov (□ ("A" → "A"))', PROOF, "BOX(A -> A)"),
        ('~ Prov ("A" → □ "A")', COUNTERMODEL, "A -> BOX(A)"),
        ('Prov "A"', PROOF, "A"),
        ('~\nProv\n  (□ "a0"\n   ∨ ◇ ⊥)', COUNTERMODEL, "BOX(a0) \\/ DIA(false)"),
        ('Prov ("p" ∧ "q\'" → ¬ ⊤ ↔ "r")', PROOF, "p /\\ q' -> ~true <-> r"),
    ],
)
def test_coqs_own_words_for_the_goal_are_recognized(statement: str, kind: CheckKind, goal: str) -> None:
    """Symbols, quoted atoms and line breaks as Coq prints them."""
    assert states(statement, kind, Goal.parse(goal))


@pytest.mark.parametrize(
    ("statement", "kind", "goal"),
    [
        ('Prov (□ ("A" → "B"))', PROOF, "BOX(A -> A)"),
        ('Prov (□ "A" → "A")', PROOF, "BOX(A -> A)"),
        ('~ Prov (□ ("A" → "A"))', PROOF, "BOX(A -> A)"),
        ('Prov ("A" → □ "A")', COUNTERMODEL, "A -> BOX(A)"),
        ("True", PROOF, "true"),
        ("", PROOF, "true"),
        ('Prov ("A" → ..)', PROOF, "A -> A"),
        ('Prov ("B" → "B" → "A")', PROOF, "(B -> B) -> A"),
        ("ProvA", PROOF, "A"),
    ],
)
def test_any_other_statement_is_not_the_goals(statement: str, kind: CheckKind, goal: str) -> None:
    """Another formula, another kind, and words that are not understood."""
    assert not states(statement, kind, Goal.parse(goal))

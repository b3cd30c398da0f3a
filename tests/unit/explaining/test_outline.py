"""Outlines of proofs: each step against brute force over all small models, and its reason against truth tables."""

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

import logos_pxl_engine as engine
import pytest
from tiny_models import Evaluator, random_valid_leaning_tree, text

from logos_pxl.explaining import Derivation, Step, TooLarge, derivation, shown
from logos_pxl.goals import Goal
from logos_pxl.wire.formulas import Formula

CONNECTIVES: dict[str, Callable[[list[bool]], bool]] = {
    "~": lambda parts: not parts[0],
    "/\\": all,
    "\\/": any,
    "->": lambda parts: not parts[0] or parts[1],
    "<->": lambda parts: parts[0] is parts[1],
}
TREES = {"/\\": "and", "\\/": "or", "->": "imp", "<->": "iff", "~": "not", "BOX": "box", "DIA": "dia"}


def described(goal: str) -> dict[str, Any] | None:
    """A proof's description; None for a goal that has none."""
    found = engine.search(Goal.parse(goal).formula, deadline_ms=10_000)
    return engine.describe_proof(found.certificate) if isinstance(found, engine.Proof) else None


def outlines(count: int) -> Iterator[Derivation]:
    source, done = random.Random(11), 0
    while done < count:
        description = described(text(random_valid_leaning_tree(source, source.randrange(2, 12))))
        if description is not None:
            done += 1
            yield derivation(description)


OUTLINES = list(outlines(300))


def tree(formula: Formula) -> Any:
    if not formula.parts:
        return {"TRUE": ("top",), "FALSE": ("bot",)}.get(formula.head, ("atom", formula.head))
    return (TREES[formula.head], *(tree(part) for part in formula.parts))


def test_every_step_is_valid() -> None:
    """In every world of every universal model over three atoms."""
    evaluator = Evaluator()
    for outline in OUTLINES:
        for step in outline.steps:
            assert evaluator.valid(tree(step.formula)), step.sentence


def test_the_last_step_is_the_goal() -> None:
    """And every other one is what a later one rests on."""
    for outline in OUTLINES:
        assert shown(outline.steps[-1].formula) == shown(outline.goal)
        used = {number for step in outline.steps for number in step.rests_on}
        assert used == set(range(1, len(outline.steps)))
        assert all(number < step.number for step in outline.steps for number in step.rests_on)


def leaves(formula: Formula) -> set[str]:
    """What propositional logic does not look into: atoms, and formulas under BOX or DIA."""
    if formula.head in ("BOX", "DIA") or formula.atomic:
        return {shown(formula)}
    return {leaf for part in formula.parts for leaf in leaves(part)}


def truth(formula: Formula, row: dict[str, bool]) -> bool:
    if formula.head in ("BOX", "DIA") or formula.atomic:
        return row[shown(formula)]
    if not formula.parts:
        return formula.head == "TRUE"
    return CONNECTIVES[formula.head]([truth(part, row) for part in formula.parts])


def follows(step: Step, premises: list[Formula]) -> bool:
    """Whether each row of the truth table that makes the premises true makes the step true."""
    names = sorted(set().union(leaves(step.formula), *(leaves(premise) for premise in premises)))
    assert len(names) <= 14
    rows = (dict(zip(names, values, strict=True)) for values in itertools.product((False, True), repeat=len(names)))
    return all(truth(step.formula, row) for row in rows if all(truth(premise, row) for premise in premises))


def test_every_reason_is_one() -> None:
    """Propositional steps follow by truth tables; axiom T and the modal rule have their forms."""
    rules = set()
    for outline in OUTLINES:
        for step in outline.steps:
            premises = [outline.steps[number - 1].formula for number in step.rests_on]
            rules.add(step.rule)
            if step.rule == "propositional":
                assert follows(step, premises), step.sentence
            elif step.rule == "T":
                left, right = step.formula.parts
                assert step.formula.head == "->"
                assert (left.head == "BOX" and left.parts[0] == right) or (right.head == "DIA" and right.parts[0] == left)
            else:
                assert len(premises) == 1
                check_necessitation(step, premises[0])
    assert rules == {"T", "propositional", "necessitation"}


def check_necessitation(step: Step, premise: Formula) -> None:
    """What is provable is necessary, and the conclusion follows from that."""
    evaluator = Evaluator()
    boxed = Formula("->", (Formula("BOX", (premise,)), step.formula))
    assert evaluator.valid(tree(boxed)), step.sentence
    assert "necessitation" in step.sentence


def test_the_words_of_an_example() -> None:
    """As a reader sees them."""
    description = described("BOX(p -> q) -> (BOX p -> BOX q)")
    assert description is not None
    outline = derivation(description)
    assert [(step.number, shown(step.formula), step.rule.value, step.rests_on) for step in outline.steps] == [
        (1, "□(p → q) → p → q", "T", ()),
        (2, "□p → p", "T", ()),
        (3, "□p ∧ □(p → q) → q", "propositional", (1, 2)),
        (4, "□p ∧ □(p → q) → □q", "necessitation", (3,)),
        (5, "□(p → q) → □p → □q", "propositional", (4,)),
    ]
    assert outline.certificate_steps == len(description["steps"])
    assert "□ may stand before q" in outline.steps[3].sentence


def test_a_proof_that_nobody_would_read_is_not_outlined() -> None:
    """The message says how long it is."""
    description = described(" /\\ ".join(f"(BOX(p{number}) -> p{number})" for number in range(300)))
    assert description is not None
    with pytest.raises(TooLarge, match="parts"):
        derivation(description)


@pytest.mark.parametrize("description", [{}, {"nodes": [], "steps": []}, {"nodes": [{"op": "xor"}], "steps": []}, {"nodes": 1, "steps": 2}])
def test_what_is_no_description_is_refused(description: dict[str, Any]) -> None:
    """With ValueError, and not by whatever goes wrong first."""
    with pytest.raises(ValueError, match="no description of a proof"):
        derivation(description)

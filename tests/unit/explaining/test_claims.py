"""Explanations of invalid goals: each claim against an evaluator that shares nothing with them."""

import random

import pytest
from tiny_models import ATOMS, random_tree, text

from logos_pxl.explaining import Refutation, TooLarge, refutation
from logos_pxl.explaining.claims import Claim
from logos_pxl.goals import Goal

FORCED = {
    # The truth of the parts that a claim names, and what they make of the whole; where one part is named, whatever the other one is.
    "~": lambda parts: not parts[0],
    "/\\": all,
    "\\/": any,
    "->": lambda parts: not parts[0] or parts[1],
    "<->": lambda parts: parts[0] is parts[1],
}


def engine_says(formula_text: str, worlds: list[list[str]], place: int) -> bool:
    return Goal.parse(formula_text).formula.evaluate(worlds)[place]


def manual(claim: Claim) -> str:
    from logos_pxl.explaining import shown  # noqa: PLC0415

    return shown(claim.formula)


def random_refutations(count: int) -> list[tuple[Refutation, list[list[str]]]]:
    """Random goals that fail at a random model's first world."""
    source, found = random.Random(7), []
    while len(found) < count:
        goal = Goal.parse(text(random_tree(source, source.randrange(1, 14))))
        worlds = [[atom for atom in ATOMS if source.random() < 0.5] for _ in range(source.randrange(1, 7))]
        if not goal.formula.evaluate(worlds)[0]:
            names = [f"w{place}" for place in range(len(worlds))]
            valuation = {atom: [name for name, true in zip(names, worlds, strict=True) if atom in true] for atom in goal.atoms}
            found.append((refutation(goal.text, names, "w0", valuation), worlds))
    return found


REFUTATIONS = random_refutations(400)


def test_every_claim_is_true() -> None:
    """What is said to hold at a world holds there, and what is said to fail fails, by the engine's evaluation."""
    for explained, worlds in REFUTATIONS:
        for claim in explained.claims:
            assert engine_says(manual(claim), worlds, int(claim.world[1:])) is claim.true, claim.sentence
            assert f" {'holds' if claim.true else 'fails'} at {claim.world}: " in claim.sentence


def test_every_claim_follows_from_what_it_rests_on() -> None:
    """The first claim is the goal's failure; the claims that one rests on make it so, whatever else the model holds."""
    for explained, worlds in REFUTATIONS:
        first = explained.claims[0]
        assert (first.formula, first.world, first.true) == (explained.goal, "w0", False)
        for claim in explained.claims:
            premises = [explained.claims[number - 1] for number in claim.rests_on]
            assert all(premise.number > claim.number for premise in premises)
            if claim.by_table:
                continue
            check_reason(claim, premises, len(worlds))


def check_reason(claim: Claim, premises: list[Claim], worlds: int) -> None:
    formula, told = claim.formula, {(id(premise.formula), premise.world): premise.true for premise in premises}
    if not formula.parts:
        assert premises == []
    elif formula.head in ("BOX", "DIA"):
        truths = [told[key] for key in told if key[0] == id(formula.parts[0])]
        assert len(truths) == len(premises)
        decided_by_one = claim.true is (formula.head == "DIA")
        assert truths == ([claim.true] if decided_by_one else [claim.true] * worlds)
    else:
        assert all(premise.world == claim.world for premise in premises)
        unknown = [told.get((id(part), claim.world)) for part in formula.parts]
        for filler in (False, True):
            assert FORCED[formula.head]([filler if truth is None else truth for truth in unknown]) is claim.true


def test_nothing_is_claimed_twice_and_nothing_in_vain() -> None:
    """Each claim but the first is what another rests on."""
    for explained, _ in REFUTATIONS:
        keys = [(id(claim.formula), claim.world) for claim in explained.claims]
        assert len(set(keys)) == len(keys)
        used = {number for claim in explained.claims for number in claim.rests_on}
        assert used == set(range(2, len(explained.claims) + 1))


def test_the_table_is_the_model() -> None:
    """Every subformula with the worlds where it is true, atoms first."""
    for explained, worlds in REFUTATIONS[:100]:
        kinds = [formula.atomic for formula, _ in explained.table]
        assert kinds == sorted(kinds, reverse=True)
        for formula, true in explained.table:
            from logos_pxl.explaining import shown  # noqa: PLC0415

            evaluated = Goal.parse(shown(formula)).formula.evaluate(worlds)
            assert list(true) == [f"w{place}" for place, holds in enumerate(evaluated) if holds]


def test_the_words_of_an_example() -> None:
    """As a reader sees them."""
    explained = refutation("p -> BOX(p)", ["w0", "w1"], "w0", {"p": ["w0"]})
    assert [claim.sentence for claim in explained.claims] == [
        "p → □p fails at w0: p holds and □p fails there.",
        "□p fails at w0: p fails at w1.",
        "p holds at w0: the model says so.",
        "p fails at w1: the model says so.",
    ]
    assert [claim.rests_on for claim in explained.claims] == [(2, 3), (4,), (), ()]


def test_what_is_no_countermodel_is_not_explained() -> None:
    """A model in which the goal is true would give an explanation of something false."""
    with pytest.raises(ValueError, match="no countermodel"):
        refutation("p", ["w0"], "w0", {"p": ["w0"]})


def test_what_nobody_would_read_is_not_explained() -> None:
    """A goal with thousands of subformulas; the message says how many."""
    goal = " /\\ ".join(f"p{number}" for number in range(3000))
    with pytest.raises(TooLarge, match="5999 parts"):
        refutation(goal, ["w0"], "w0", {f"p{number}": [] for number in range(3000)})

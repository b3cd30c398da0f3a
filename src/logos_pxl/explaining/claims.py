"""Why a goal fails in a countermodel: from the goal at the failing world down to what the worlds themselves say.

Invariant: every ``Claim`` states the truth of a formula at a world as the model has it, and rests on claims that make it so, or on the
model itself. Claims are numbered from 1; a claim rests on later ones only, for those are about smaller formulas.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from logos_pxl.explaining.printing import require_readable, shown
from logos_pxl.wire.formulas import Evaluation, Formula, parse

# In a model with more worlds, what holds in all of them is read off the table.
_SPELLED_WORLDS = 4
_MOST_CLAIMS = 200


@dataclass(frozen=True, slots=True)
class Claim:
    """``formula`` is true, or not, at ``world``; ``rests_on`` are the numbers of the claims that make it so, none for the model's own word.

    ``by_table``: it is read off the table of worlds, for spelling it out would take too many claims.
    """

    number: int
    formula: Formula
    world: str
    true: bool
    rests_on: tuple[int, ...]
    by_table: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Refutation:
    """Why a goal is not valid. ``table`` has a row for each subformula, atoms first: its formula, and the worlds where it is true."""

    goal: Formula
    worlds: tuple[str, ...]
    failing_world: str
    claims: tuple[Claim, ...]
    table: tuple[tuple[Formula, tuple[str, ...]], ...]

    def as_json(self) -> dict[str, Any]:
        """As JSON has it; formulas are text."""
        return {
            "kind": "countermodel",
            "goal": shown(self.goal),
            "worlds": list(self.worlds),
            "failing_world": self.failing_world,
            "claims": [
                {
                    "number": claim.number,
                    "formula": shown(claim.formula),
                    "world": claim.world,
                    "true": claim.true,
                    "rests_on": list(claim.rests_on),
                    "sentence": claim.sentence,
                }
                for claim in self.claims
            ],
            "table": {shown(formula): list(worlds) for formula, worlds in self.table},
        }


@dataclass(frozen=True, slots=True)
class _Reason:
    """What makes a formula true or false at a world: parts at worlds, and how that is said."""

    parts: tuple[tuple[Formula, str], ...]
    words: str
    by_table: bool = False


def refutation(goal: str, worlds: Sequence[str], failing_world: str, valuation: Mapping[str, Sequence[str]]) -> Refutation:
    """Explain the countermodel. Raises ValueError for what is no formula, no model, or no countermodel; TooLarge."""
    formula = parse(goal)
    require_readable("goal", len(formula.subformulas()))
    model = Evaluation(formula, worlds, valuation)
    if model.holds(formula, failing_world):
        raise ValueError(f"{shown(formula)} is true at {failing_world}: the model is no countermodel")
    atoms_first = sorted(formula.subformulas(), key=lambda part: not part.atomic)
    return Refutation(
        goal=formula,
        worlds=tuple(worlds),
        failing_world=failing_world,
        claims=tuple(_claims(model, formula, failing_world)),
        table=tuple((part, model.where(part)) for part in atoms_first if part.atomic or part.parts),
    )


def _claims(model: Evaluation, goal: Formula, world: str) -> list[Claim]:
    """Every claim that the goal's failure rests on, each once, wholes before parts."""
    reasons: dict[tuple[int, str], _Reason] = {}
    formulas: dict[tuple[int, str], tuple[Formula, str]] = {}
    wanted = [(goal, world)]
    while wanted:
        formula, place = wanted.pop()
        key = (id(formula), place)
        if key not in reasons:
            room = len(reasons) + len(wanted) < _MOST_CLAIMS
            reasons[key] = _reason(model, formula, place) if room else _Reason((), "see the table", by_table=True)
            formulas[key] = (formula, place)
            wanted += reversed(reasons[key].parts)
    order = _wholes_first(goal, reasons)
    numbers = {key: number for number, key in enumerate(order, start=1)}
    claims = []
    for key in order:
        (formula, place), reason = formulas[key], reasons[key]
        true = model.holds(formula, place)
        rests_on = tuple(sorted(numbers[id(part), where] for part, where in reason.parts))
        sentence = f"{shown(formula)} {'holds' if true else 'fails'} at {place}: {reason.words}."
        claims.append(Claim(numbers[key], formula, place, true, rests_on, reason.by_table, sentence))
    return claims


def _wholes_first(goal: Formula, reasons: Mapping[tuple[int, str], _Reason]) -> list[tuple[int, str]]:
    """The claims as they were met, but none before a claim that rests on it: a formula is placed after all that contain it."""
    depth = {id(part): place for place, part in enumerate(goal.subformulas())}
    return sorted(reasons, key=lambda key: -depth[key[0]])


def _reason(model: Evaluation, formula: Formula, world: str) -> _Reason:
    if not formula.parts:
        return _Reason((), "the model says so" if formula.atomic else "always")
    if formula.head in ("BOX", "DIA"):
        return _modal(model, formula, world)
    if formula.head in ("~", "<->"):
        return _together(model, formula.parts, world)
    # Of the other three, one truth value needs both parts, and the other one of them: the one that decides.
    left, right = formula.parts
    whole = model.holds(formula, world)
    if whole is {"/\\": True, "\\/": False, "->": False}[formula.head]:
        return _together(model, (left, right), world)
    right_decides = model.holds(right, world) is whole
    left_decides = model.holds(left, world) is (whole if formula.head != "->" else False)
    return _together(model, (left,) if left_decides and not (right_decides and len(right.parts) < len(left.parts)) else (right,), world)


def _together(model: Evaluation, parts: tuple[Formula, ...], world: str) -> _Reason:
    words = [f"{shown(part)} {'holds' if model.holds(part, world) else 'fails'}" for part in parts]
    return _Reason(tuple((part, world) for part in parts), " and ".join(words) + " there")


def _modal(model: Evaluation, formula: Formula, world: str) -> _Reason:
    """One world decides that something is possible, or not necessary; the opposite takes all worlds."""
    (part,) = formula.parts
    wanted = formula.head == "DIA"
    if model.holds(formula, world) is wanted:
        witness = next(place for place in model.worlds if model.holds(part, place) is wanted)
        return _Reason(((part, witness),), f"{shown(part)} {'holds' if wanted else 'fails'} at {witness}")
    verb = "fails" if wanted else "holds"
    if len(model.worlds) > _SPELLED_WORLDS:
        return _Reason((), f"{shown(part)} {verb} at every world (see the table)", by_table=True)
    return _Reason(tuple((part, place) for place in model.worlds), f"{shown(part)} {verb} at every world")

"""The main steps of a proof, from the description of its certificate (docs/certificate-format.md).

A certificate's steps are small: definitions of connectives, and unit propagation. What a reader follows are the places where the modal
logic happens (axiom T, and the rule that puts BOX or DIA before a formula), with propositional reasoning between them.

Invariant: each ``Step`` is a clause that the certificate derives and the goal rests on. ``rests_on`` names the main steps from which the
certificate derives it; what lies between are definitions of connectives, which are tautologies, and unit propagation.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from types import MappingProxyType
from typing import Any

from logos_pxl.explaining.printing import require_readable, shown
from logos_pxl.wire.formulas import MODAL, Formula

_HEADS: Mapping[str, str] = MappingProxyType(
    {"bottom": "FALSE", "top": "TRUE", "not": "~", "and": "/\\", "or": "\\/", "imp": "->", "iff": "<->", "box": "BOX", "dia": "DIA"}
)


class Rule(StrEnum):
    """Why a step holds."""

    T = "T"
    PROPOSITIONAL = "propositional"
    NECESSITATION = "necessitation"


@dataclass(frozen=True, slots=True)
class Step:
    """``formula`` is provable, by ``rule`` from the steps numbered ``rests_on``; ``certificate_step`` is its number in the certificate."""

    number: int
    formula: Formula
    rule: Rule
    rests_on: tuple[int, ...]
    certificate_step: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Derivation:
    """Why a goal is valid. ``certificate_steps`` counts all steps of the certificate, of which ``steps`` are the main ones."""

    goal: Formula
    steps: tuple[Step, ...]
    certificate_steps: int

    def as_json(self) -> dict[str, Any]:
        """As JSON has it; formulas are text."""
        return {
            "kind": "proof",
            "goal": shown(self.goal),
            "steps": [
                {
                    "number": step.number,
                    "formula": shown(step.formula),
                    "rule": step.rule.value,
                    "rests_on": list(step.rests_on),
                    "certificate_step": step.certificate_step,
                    "sentence": step.sentence,
                }
                for step in self.steps
            ],
            "certificate_steps": self.certificate_steps,
        }


def derivation(description: Mapping[str, Any]) -> Derivation:
    """Outline the proof whose description this is. Raises ValueError when it is the description of none; TooLarge."""
    try:
        return _Proof(description["nodes"], description["steps"]).outline()
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"this is no description of a proof: {error!r}") from error


class _Proof:
    """A described certificate. Steps and nodes are numbered from 1, as the certificate does."""

    def __init__(self, nodes: Sequence[Mapping[str, Any]], steps: Sequence[Mapping[str, Any]]) -> None:
        self._steps = steps
        self._nodes: list[Formula] = []
        for node in nodes:
            parts = tuple(self._nodes[number - 1] for number in node.get("args", ()))
            self._nodes.append(Formula(node["name"] if node["op"] == "atom" else _HEADS[node["op"]], parts))

    def outline(self) -> Derivation:
        main = self._without_repeats(sorted(self._main()))
        require_readable("goal", len(self._nodes))
        require_readable("proof", len(main))
        numbers = {step: number for number, step in enumerate(main, start=1)}
        steps = [self._step(step, numbers) for step in main]
        return Derivation(self._nodes[-1], tuple(steps), len(self._steps))

    def _without_repeats(self, main: list[int]) -> list[int]:
        """The main steps without those that say again, in words, what the one step that they rest on says."""
        kept = set(main)
        for step in main:
            premises = self._main_premises(step, kept - {step})
            if self._steps[step - 1]["rule"] != "rup" or len(premises) != 1:
                continue
            (premise,) = premises
            same = shown(self._formula(self._steps[step - 1]["clause"])) == shown(self._formula(self._steps[premise - 1]["clause"]))
            if same:
                kept.discard(step)
        return sorted(kept)

    def _main(self) -> set[int]:
        """Of the steps that the last one rests on: axiom T, the modal rule and what it is applied to, and the last one itself."""
        main, seen, wanted = {len(self._steps)}, set[int](), [len(self._steps)]
        while wanted:
            number = wanted.pop()
            if number in seen:
                continue
            seen.add(number)
            step = self._steps[number - 1]
            if step["rule"] == "nec":
                main |= {number, step["premise"]}
            if self._is_axiom_t(step):
                main.add(number)
            wanted += _premises(step)
        return main

    def _step(self, number: int, numbers: Mapping[int, int]) -> Step:
        step = self._steps[number - 1]
        clause = step["clause"]
        rests_on = tuple(sorted(numbers[premise] for premise in self._main_premises(number, numbers)))
        if self._is_axiom_t(step):
            rule, words = (
                Rule.T,
                "axiom T, what is necessary is true" if self._node(step).head == "BOX" else "axiom T, what is true is possible",
            )
        elif step["rule"] == "nec":
            rule, words = Rule.NECESSITATION, self._necessitation(step, rests_on[0])
        else:
            rule, words = Rule.PROPOSITIONAL, _propositional(rests_on)
        formula = self._formula(clause)
        return Step(numbers[number], formula, rule, rests_on, number, f"{shown(formula)}: {words}.")

    def _main_premises(self, number: int, main: Collection[int]) -> set[int]:
        """The main steps from which this one is derived, those between passed over."""
        found, seen, wanted = set[int](), set[int](), list(_premises(self._steps[number - 1]))
        while wanted:
            premise = wanted.pop()
            if premise in main:
                found.add(premise)
            elif premise not in seen:
                seen.add(premise)
                wanted += _premises(self._steps[premise - 1])
        return found

    def _necessitation(self, step: Mapping[str, Any], premise: int) -> str:
        node = self._node(step)
        symbol, part = shown(Formula(node.head, (Formula(""),))), shown(node.parts[0])
        if len(step["clause"]) == 1:
            outcome = (
                f"{part} is provable ({premise}), and so it is necessary"
                if symbol == "□"
                else f"{part} is refutable ({premise}), and so it is impossible"
            )
            return f"{outcome} (necessitation)"
        return (
            f"in {premise} all but {part} speaks of the necessary and the possible alone, which are the same at every world, "
            f"so {symbol} may stand before {part} (necessitation, K, 4 and 5)"
        )

    def _is_axiom_t(self, step: Mapping[str, Any]) -> bool:
        return step["rule"] == "def" and self._node(step).head in MODAL

    def _node(self, step: Mapping[str, Any]) -> Formula:
        number: int = step["node"]
        return self._nodes[number - 1]

    def _formula(self, clause: Sequence[int]) -> Formula:
        """The clause as one reads it: what fails in it are the premises, what holds is the conclusion."""
        given = [self._nodes[-literal - 1] for literal in clause if literal < 0]
        concluded = [self._nodes[literal - 1] for literal in clause if literal > 0]
        conclusion = reduce(lambda left, right: Formula("\\/", (left, right)), concluded) if concluded else None
        if not given:
            return conclusion or Formula("FALSE")
        premises = reduce(lambda left, right: Formula("/\\", (left, right)), given)
        return Formula("~", (premises,)) if conclusion is None else Formula("->", (premises, conclusion))


def _premises(step: Mapping[str, Any]) -> Iterator[int]:
    if step["rule"] == "nec":
        yield step["premise"]
    yield from step.get("hints", ())


def _propositional(rests_on: Sequence[int]) -> str:
    if not rests_on:
        return "a tautology"
    *others, last = (str(number) for number in rests_on)
    return f"from {', '.join(others) + ' and ' if others else ''}{last} by propositional logic"

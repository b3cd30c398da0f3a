"""A goal: parsed from text, printed in every notation, renamed to its canonical form.

Invariant: a ``Goal`` exists only when the engine's parser accepted its text within the limits. This module calls the engine and nothing
else; what the goal *means* is said by Coq, which prints the statement of every verdict itself.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

from logos_pxl_engine import Formula, Limits, ParseError

from logos_pxl.errors import GoalTooLarge, MalformedGoal

Syntax = Literal["pxl", "intohylo"]
Notation = Literal["manual", "ascii", "unicode", "latex", "coq"]

LOGIC = "S5"

Subformula = dict[str, Any]
"""``{"op": "atom", "name": "A"}``, ``{"op": "imp", "args": [1, 2]}``, ...: the form of ``describe_proof``."""

_ATOM = 0
_OPERATIONS = {1: "bottom", 2: "top", 3: "not", 4: "and", 5: "or", 6: "imp", 7: "iff", 8: "box", 9: "dia"}
_ARITY = {"bottom": 0, "top": 0, "not": 1, "box": 1, "dia": 1}


_PRINTERS: Mapping[Notation, Callable[[Formula], str]] = MappingProxyType(
    {
        "manual": Formula.manual,
        "ascii": Formula.ascii,
        "unicode": Formula.unicode,
        "latex": Formula.latex,
        "coq": Formula.coq,
    }
)


@dataclass(frozen=True)
class Canonical:
    """A goal's canonical form: its i-th atom by first occurrence renamed ``p{i}``, from 0.

    Two goals that differ only in the names of their atoms have equal ``formula``. ``names[i]`` is the goal's own name of ``p{i}``.
    """

    formula: Formula
    names: tuple[str, ...]

    @cached_property
    def digest(self) -> bytes:
        """The SHA-256 of the form on the wire: the same for goals that differ only in the names of their atoms."""
        return hashlib.sha256(self.formula.wire()).digest()

    @cached_property
    def restoring(self) -> dict[str, str]:
        """The renaming that leads back to the goal: canonical name to own name."""
        return {f"p{index}": name for index, name in enumerate(self.names)}


@dataclass(frozen=True)
class Goal:
    """A well-formed goal with its own atom names."""

    formula: Formula

    @classmethod
    def parse(cls, text: str, *, limits: Limits | None = None, syntax: Syntax = "pxl") -> "Goal":
        """Read a goal.

        In the syntax ``intohylo`` the text is a benchmark file, and the goal is the *negation* of its formula: such files hold what a
        satisfiability test refutes. Raises MalformedGoal or GoalTooLarge.
        """
        try:
            formula = Formula.parse(text, limits=limits, syntax=syntax)
        except ParseError as error:
            raise _explain(error) from error
        except UnicodeEncodeError as error:
            raise _explain_surrogate(error) from error
        return cls(formula.negation() if syntax == "intohylo" else formula)

    @cached_property
    def text(self) -> str:
        """The goal in the operations manual's notation, as every answer repeats it."""
        return self.formula.manual()

    @cached_property
    def wire(self) -> bytes:
        """The goal as a kernel session reads it."""
        return self.formula.wire()

    @cached_property
    def digest(self) -> bytes:
        """The SHA-256 of the goal on the wire: the same goal has the same one, in whatever notation it came."""
        return hashlib.sha256(self.wire).digest()

    @cached_property
    def canonical(self) -> Canonical:
        """The goal up to the names of its atoms."""
        formula, names = self.formula.canonical()
        return Canonical(formula, tuple(names))

    @property
    def atoms(self) -> list[str]:
        """The names of the goal's atoms, in order of first occurrence."""
        return self.formula.atoms()

    @property
    def subformulas(self) -> list[Subformula]:
        """The goal's distinct subformulas, each after those that it is made of; the last one is the goal."""
        return subformula_table(self.wire)

    def printed(self, notation: Notation) -> str:
        """The goal in one of the notations."""
        return _PRINTERS[notation](self.formula)


def _explain(error: ParseError) -> MalformedGoal | GoalTooLarge:
    if error.limit is not None and error.maximum is not None:
        return GoalTooLarge(str(error), limit=error.limit, maximum=error.maximum)
    return MalformedGoal(
        str(error),
        detail=error.message,
        offset=error.offset,
        line=error.line,
        column=error.column,
        found=error.found,
        expected=error.expected,
        caret=error.caret,
    )


def _explain_surrogate(error: UnicodeEncodeError) -> MalformedGoal:
    before = error.object[: error.start]
    line_start = before.rfind("\n") + 1
    found = f"U+{ord(error.object[error.start]):04X}"
    detail = f"the goal holds the lone surrogate {found}, which is no character"
    line, column = before.count("\n") + 1, len(before) - line_start + 1
    return MalformedGoal(
        f"line {line}, column {column}: {detail}",
        detail=detail,
        offset=len(before.encode("utf-8")),
        line=line,
        column=column,
        found=found,
        expected=["a Unicode character"],
        caret="",
    )


def subformula_table(wire: bytes) -> list[Subformula]:
    """The distinct subformulas of a goal in its wire form (docs/certificate-format.md), in linear time and memory.

    Entry ``i`` (counted from 1) refers only to entries before it, no two entries are equal, and the last one is the goal itself.
    """
    # Names are plain bytes between the numbers: both are taken from the same place.
    data = iter(wire)
    encoded = leb128_numbers(data)
    names = [bytes(next(data) for _ in range(next(encoded))).decode() for _ in range(next(encoded))]
    places: dict[tuple[Any, ...], int] = {}
    pending: list[int] = []
    for token in encoded:
        if token == _ATOM:
            key: tuple[Any, ...] = ("atom", names[next(encoded)])
        else:
            operation = _OPERATIONS[token]
            first = len(pending) - _ARITY.get(operation, 2)
            key = (operation, *pending[first:])
            del pending[first:]
        pending.append(places.setdefault(key, len(places) + 1))
    return [_entry(*key) for key in places]


def _entry(operation: str, *rest: Any) -> Subformula:
    if operation == "atom":
        return {"op": operation, "name": rest[0]}
    return {"op": operation, "args": list(rest)} if rest else {"op": operation}


def leb128_numbers(data: Iterable[int]) -> Iterator[int]:
    """The natural numbers that the bytes encode in LEB128 (docs/certificate-format.md); an incomplete last number is left out."""
    number = shift = 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield number
            number = shift = 0

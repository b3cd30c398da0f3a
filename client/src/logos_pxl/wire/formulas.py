r"""A second parser and evaluator of formulas, independent of the engine, to check countermodels.

Parses the operations manual's notation, which answers use: ``BOX``, ``DIA``, ``~``, ``/\``, ``\/``, ``->``, ``<->``, ``TRUE``,
``FALSE``. Unary operators bind tightest, then ``/\``, ``\/``, ``->`` (to the right), ``<->``.

Invariant: within one ``parse`` equal subformulas are one object. Nothing here recurses, so deep formulas need no stack.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

# A name is everything that is not an operator: Rust and Python disagree about the letters of other scripts.
_TOKEN = re.compile(r"\s*(<->|->|/\\|\\/|~|\(|\)|[^\s()~/\\<>-]+)")
_LEVELS: Mapping[str, int] = MappingProxyType({"<->": 1, "->": 2, "\\/": 3, "/\\": 4, "~": 5, "BOX": 5, "DIA": 5})
_UNARY = ("~", "BOX", "DIA")
_TO_THE_RIGHT = ("->", *_UNARY)

MODAL = ("BOX", "DIA")

# Constants and operators are printed in capitals. A newer service may have more of them than this version knows.
_MAY_BE_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]+")

# Operate on sets of worlds as bit masks; ``everywhere`` is the set of all worlds.
_CONNECTIVES: Mapping[str, Callable[..., int]] = MappingProxyType(
    {
        "TRUE": lambda everywhere: everywhere,
        "FALSE": lambda _everywhere: 0,
        "~": lambda everywhere, part: everywhere & ~part,
        "/\\": lambda _everywhere, left, right: left & right,
        "\\/": lambda _everywhere, left, right: left | right,
        "->": lambda everywhere, left, right: everywhere & ~left | right,
        "<->": lambda everywhere, left, right: everywhere & ~(left ^ right),
    }
)


@dataclass(frozen=True, slots=True)
class Formula:
    """An operator or an atom's name, and its operands."""

    head: str
    parts: tuple["Formula", ...] = ()

    @property
    def atomic(self) -> bool:
        """Whether it is an atom. Constants are not."""
        return not self.parts and self.head not in ("TRUE", "FALSE")

    def subformulas(self) -> list["Formula"]:
        """The distinct subformulas, each after its parts; the last is the formula itself."""
        order: dict[int, Formula] = {}
        stack = [self]
        while stack:
            formula = stack[-1]
            left = [part for part in formula.parts if id(part) not in order]
            if left:
                stack.extend(reversed(left))
            else:
                order.setdefault(id(stack.pop()), formula)
        return list(order.values())


def may_be_constant(name: str) -> bool:
    """Whether a name that this version reads as an atom could be a constant of a newer version: capitals, and more than one."""
    return _MAY_BE_CONSTANT.fullmatch(name) is not None


class Evaluation:
    """Where each subformula of a formula is true in a finite model.

    ``valuation`` gives each atom its worlds, ``relation`` the pairs (from, to); without it every world sees every world.
    """

    def __init__(
        self,
        formula: Formula,
        worlds: Sequence[str],
        valuation: Mapping[str, Iterable[str]],
        relation: Iterable[tuple[str, str]] | None = None,
    ) -> None:
        """Raises ValueError for worlds of the valuation or the relation that the model does not have, and atoms that are not valued."""
        self.worlds = tuple(worlds)
        self._places = {world: place for place, world in enumerate(self.worlds)}
        self._everywhere = (1 << len(self.worlds)) - 1
        self._sees = None if relation is None else self._seen(relation)
        self._truths: dict[int, int] = {}
        self._formulas = formula.subformulas()  # their identities must last
        for part in self._formulas:
            self._truths[id(part)] = self._truth(part, valuation)

    def holds(self, formula: Formula, world: str) -> bool:
        """Whether the subformula is true at the world."""
        return bool(self._truths[id(formula)] >> self._places[world] & 1)

    def where(self, formula: Formula) -> tuple[str, ...]:
        """The worlds where the subformula is true."""
        return tuple(world for world in self.worlds if self.holds(formula, world))

    def _truth(self, formula: Formula, valuation: Mapping[str, Iterable[str]]) -> int:
        if formula.atomic:
            if formula.head not in valuation:
                raise ValueError(f"the valuation has no worlds for the atom {formula.head!r}")
            return self._bits(valuation[formula.head])
        parts = [self._truths[id(part)] for part in formula.parts]
        if formula.head == "BOX":
            return self._necessary(parts[0])
        if formula.head == "DIA":
            return self._everywhere & ~self._necessary(self._everywhere & ~parts[0])
        return _CONNECTIVES[formula.head](self._everywhere, *parts)

    def _necessary(self, truth: int) -> int:
        if self._sees is None:
            return self._everywhere if truth == self._everywhere else 0
        return sum(1 << place for place, seen in enumerate(self._sees) if seen & ~truth == 0)

    def _seen(self, relation: Iterable[tuple[str, str]]) -> list[int]:
        sees = [0] * len(self.worlds)
        for one, other in relation:
            sees[self._bits([one]).bit_length() - 1] |= self._bits([other])
        return sees

    def _bits(self, worlds: Iterable[str]) -> int:
        bits = 0
        for world in worlds:
            if world not in self._places:
                raise ValueError(f"the model has no world {world!r}")
            bits |= 1 << self._places[world]
        return bits


def holds(formula: Formula, world: str, valuation: Mapping[str, Sequence[str]], relation: Sequence[tuple[str, str]]) -> bool:
    """Whether the formula is true at ``world``. ``valuation``: the worlds of each atom; ``relation``: the pairs (from, to)."""
    worlds = dict.fromkeys([world, *(name for pair in relation for name in pair), *(name for true in valuation.values() for name in true)])
    return Evaluation(formula, list(worlds), valuation, relation).holds(formula, world)


def parse(text: str) -> Formula:
    """The formula. Raises ValueError."""
    reader = _Reader(text)
    for token in _tokens(text):
        reader.take(token)
    return reader.end()


def _tokens(text: str) -> Iterable[str]:
    place, end = 0, len(text.rstrip())
    while place < end:
        found = _TOKEN.match(text, place)
        if found is None:
            raise ValueError(f"no formula: {text[place : place + 20]!r} holds a character of no notation")
        yield found[1]
        place = found.end()


class _Reader:
    """Operator precedence by two stacks (Dijkstra's shunting yard)."""

    def __init__(self, text: str) -> None:
        self._shown = text[:80]
        self._operators: list[str] = []
        self._formulas: list[Formula] = []
        self._made: dict[tuple[str, tuple[int, ...]], Formula] = {}
        self._wants_operand = True

    def take(self, token: str) -> None:
        """Read on."""
        if token in _UNARY or token == "(":  # noqa: S105 - a token of a formula
            self._require(token, operand=True)
            self._operators.append(token)
        elif token == ")":  # noqa: S105
            self._require(token, operand=False)
            self._close()
        elif token in _LEVELS:
            self._require(token, operand=False)
            self._reduce(_LEVELS[token], token not in _TO_THE_RIGHT)
            self._operators.append(token)
            self._wants_operand = True
        else:
            self._require(token, operand=True)
            self._make(token.upper() if token in ("true", "false") else token, 0)
            self._wants_operand = False

    def end(self) -> Formula:
        """What was read."""
        if self._wants_operand:
            raise ValueError(f"the formula {self._shown!r} ends too early")
        self._reduce(0, equal=True)
        if self._operators:
            raise ValueError(f"a parenthesis of {self._shown!r} is not closed")
        return self._formulas[0]

    def _require(self, token: str, *, operand: bool) -> None:
        if self._wants_operand is not operand:
            wanted = "a formula" if self._wants_operand else "an operator"
            raise ValueError(f"no formula: {token!r} stands where {wanted} should, in {self._shown!r}")

    def _close(self) -> None:
        self._reduce(0, equal=True)
        if not self._operators:
            raise ValueError(f"a parenthesis of {self._shown!r} is closed that was not opened")
        self._operators.pop()

    def _reduce(self, level: int, equal: bool) -> None:
        """Apply the operators that bind tighter than ``level``, or as tightly where ``equal``."""
        while self._operators and self._operators[-1] != "(":
            top = _LEVELS[self._operators[-1]]
            if top < level or (top == level and not equal):
                return
            operator = self._operators.pop()
            self._make(operator, 1 if operator in _UNARY else 2)

    def _make(self, head: str, arity: int) -> None:
        parts = tuple(self._formulas[len(self._formulas) - arity :])
        del self._formulas[len(self._formulas) - arity :]
        key = (head, tuple(id(part) for part in parts))
        self._formulas.append(self._made.setdefault(key, Formula(head, parts)))

r"""Formulas read and evaluated a second time, with nothing of the service's own: what a countermodel says is worked out here.

Reads the operations manual's notation, as answers repeat goals: ``BOX``, ``DIA``, ``~``, ``/\``, ``\/``, ``->``, ``<->``, ``TRUE``,
``FALSE``. Unary operators bind tightest, then ``/\``, ``\/``, ``->`` (to the right), ``<->``.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

_TOKEN = re.compile(r"\s*(<->|->|/\\|\\/|~|\(|\)|[\w']+)")
_BINARY = (("<->", "left"), ("->", "right"), ("\\/", "left"), ("/\\", "left"))
_UNARY = ("~", "BOX", "DIA")
_TRUTH: Mapping[str, Callable[..., bool]] = MappingProxyType(
    {
        "TRUE": lambda: True,
        "FALSE": lambda: False,
        "~": lambda part: not part,
        "/\\": lambda left, right: left and right,
        "\\/": lambda left, right: left or right,
        "->": lambda left, right: not left or right,
        "<->": lambda left, right: left is right,
    }
)


@dataclass(frozen=True, slots=True)
class Formula:
    """An operator or an atom's name, and its operands."""

    head: str
    parts: tuple["Formula", ...] = ()


def parse(text: str) -> Formula:
    """The formula. Raises ValueError."""
    tokens, rest = [], text.rstrip()
    while rest:
        found = _TOKEN.match(rest)
        if found is None:
            raise ValueError(f"no formula: {text!r} at {rest[:20]!r}")
        tokens.append(found[1])
        rest = rest[found.end() :]
    tokens.reverse()
    formula = _level(tokens, 0)
    if tokens:
        raise ValueError(f"no formula: {text!r} goes on with {tokens[-1]!r}")
    return formula


def holds(formula: Formula, world: str, valuation: Mapping[str, Sequence[str]], relation: Sequence[tuple[str, str]]) -> bool:
    """Whether the formula is true at ``world``. ``valuation``: the worlds of each atom; ``relation``: the pairs (from, to)."""
    head, parts = formula.head, formula.parts
    if head in ("BOX", "DIA"):
        seen = (holds(parts[0], there, valuation, relation) for here, there in relation if here == world)
        return all(seen) if head == "BOX" else any(seen)
    if head in _TRUTH:
        return _TRUTH[head](*(holds(part, world, valuation, relation) for part in parts))
    return world in valuation[head]


def _level(tokens: list[str], level: int) -> Formula:
    if level == len(_BINARY):
        return _unary(tokens)
    operator, side = _BINARY[level]
    left = _level(tokens, level + 1)
    while tokens and tokens[-1] == operator:
        tokens.pop()
        right = _level(tokens, level if side == "right" else level + 1)
        left = Formula(operator, (left, right))
    return left


def _unary(words: list[str]) -> Formula:
    if not words:
        raise ValueError("the formula ends too early")
    word = words.pop()
    if word in _UNARY:
        return Formula(word, (_unary(words),))
    if word == "(":
        inner = _level(words, 0)
        if not words or words.pop() != ")":
            raise ValueError("a parenthesis is not closed")
        return inner
    if not re.match(r"[\w']", word):
        raise ValueError(f"{word!r} stands where a formula should")
    return Formula(word.upper() if word in ("true", "false") else word)

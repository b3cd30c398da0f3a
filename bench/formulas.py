"""Formulas as text, in the ASCII notation that the engine's parser reads. Every function returns a formula that may stand as an operand."""

from collections.abc import Iterable, Sequence


def conj(parts: Iterable[str]) -> str:
    """The conjunction, as a balanced tree (a goal's depth is bounded); ``true`` of nothing."""
    return _balanced(list(parts), "/\\", "true")


def disj(parts: Iterable[str]) -> str:
    """The disjunction, as a balanced tree; ``false`` of nothing."""
    return _balanced(list(parts), "\\/", "false")


def neg(part: str) -> str:
    """The negation."""
    return f"~{part}"


def imp(left: str, right: str) -> str:
    """The implication."""
    return f"({left} -> {right})"


def iff(left: str, right: str) -> str:
    """The equivalence."""
    return f"({left} <-> {right})"


def box(part: str) -> str:
    """Necessarily."""
    return f"[]{part}"


def dia(part: str) -> str:
    """Possibly."""
    return f"<>{part}"


def _balanced(parts: Sequence[str], symbol: str, empty: str) -> str:
    if len(parts) <= 1:
        return parts[0] if parts else empty
    middle = len(parts) // 2
    return f"({_balanced(parts[:middle], symbol, empty)} {symbol} {_balanced(parts[middle:], symbol, empty)})"

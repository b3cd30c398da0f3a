"""Formulas in symbols, with no more parentheses than it takes to read them back."""

from collections.abc import Mapping
from types import MappingProxyType

from logos_pxl.wire.formulas import Formula

_SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "TRUE": "⊤",
        "FALSE": "⊥",
        "~": "¬",
        "BOX": "□",
        "DIA": "◇",
        "/\\": "∧",
        "\\/": "∨",
        "->": "→",
        "<->": "↔",
    }
)
# How tightly each binds; the side on which an equal one needs no parentheses.
_LEVELS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "<->": (1, "left"),
        "->": (2, "right"),
        "\\/": (3, "left"),
        "/\\": (4, "left"),
        "~": (5, "right"),
        "BOX": (5, "right"),
        "DIA": (5, "right"),
    }
)
_TIGHTEST = (6, "left")


MAX_PARTS = 400
"""The most subformulas of a goal, or steps of a proof, that are explained: printing takes quadratic time."""


class TooLarge(ValueError):
    """The goal or its proof has more parts than are explained."""


def require_readable(what: str, parts: int) -> None:
    """Raises TooLarge."""
    if parts > MAX_PARTS:
        raise TooLarge(f"the {what} has {parts} parts: more than {MAX_PARTS} are not explained")


def shown(formula: Formula) -> str:
    """The formula in symbols: ``□p → ¬q``."""
    texts: dict[int, str] = {}
    for part in formula.subformulas():
        texts[id(part)] = _text(part, [texts[id(piece)] for piece in part.parts])
    return texts[id(formula)]


def _text(formula: Formula, parts: list[str]) -> str:
    symbol = _SYMBOLS.get(formula.head, formula.head) if formula.parts or not formula.atomic else formula.head
    if not parts:
        return symbol
    sides = ("right",) if len(parts) == 1 else ("left", "right")
    held = [_held(formula, piece, text, side) for piece, text, side in zip(formula.parts, parts, sides, strict=True)]
    return symbol + held[0] if len(held) == 1 else f"{held[0]} {symbol} {held[1]}"


def _held(whole: Formula, part: Formula, text: str, side: str) -> str:
    """The part's text, in parentheses where the whole binds more tightly."""
    (level, open_side), (own, _) = _LEVELS[whole.head], _LEVELS.get(part.head, _TIGHTEST) if part.parts else _TIGHTEST
    return text if own > level or (own == level and side == open_side) else f"({text})"

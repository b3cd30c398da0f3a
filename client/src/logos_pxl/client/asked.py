"""Compares the goal of a request with the goal of its answer, without the service's parser.

Invariant: ``about_another`` is true only when both texts were parsed completely and the formulas certainly differ. Text that this version
cannot parse (LaTeX, words, new symbols) counts as equal.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from logos_pxl.wire.formulas import Formula, may_be_constant, parse

# Symbols of the operations manual.
_SYMBOLS: Mapping[str, str] = MappingProxyType(
    {
        "[]": " BOX ",
        "<>": " DIA ",
        "□": " BOX ",
        "◇": " DIA ",
        "¬": "~",
        "∧": "/\\",
        "∨": "\\/",
        "→": "->",
        "↔": "<->",
        "⊤": " TRUE ",
        "⊥": " FALSE ",
        "&": "/\\",
        "|": "\\/",
    }
)
_SYMBOL = re.compile("|".join(re.escape(symbol) for symbol in _SYMBOLS))
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_']*")
# A name that is an atom in every version: one letter, perhaps with digits, underscores and primes.
_CERTAIN_NAME = re.compile(r"[A-Za-z][0-9_']*")
# Words that are operators or constants in this version.
_WORDS = frozenset(("and", "or", "not", "implies", "iff", "true", "false", "box", "dia", "necessarily", "possibly"))
# Longer goals are not compared, to bound the time.
_MAX_CHARACTERS = 20_000


def about_another(asked: str, answered: str) -> bool:
    """Whether ``answered`` is certainly another formula than ``asked``."""
    if len(asked) > _MAX_CHARACTERS or len(answered) > _MAX_CHARACTERS:
        return False
    ours, theirs = _read(_SYMBOL.sub(lambda found: _SYMBOLS[found[0]], asked)), _read(answered)
    if ours is None or theirs is None:
        return False
    lost, new = _atoms(ours) - _atoms(theirs), _atoms(theirs) - _atoms(ours)
    # In a newer service a word may be a constant, and a constant may look like an atom to this version.
    if any(not _CERTAIN_NAME.fullmatch(name) for name in lost) or any(may_be_constant(name) for name in new):
        return any(not may_be_constant(name) for name in new)
    return _table(ours) != _table(theirs)


def _read(text: str) -> Formula | None:
    """The formula; None when the text cannot be parsed, or a name in it may be an operator or a constant."""
    try:
        formula = parse(text)
    except ValueError:
        return None
    return formula if all(_NAME.fullmatch(name) and name.lower() not in _WORDS for name in _atoms(formula)) else None


def _atoms(formula: Formula) -> set[str]:
    return {part.head for part in formula.subformulas() if part.atomic}


def _table(formula: Formula) -> list[tuple[str, tuple[int, ...]]]:
    """The table of subformulas. Equal formulas have equal tables, which are compared without recursion."""
    places: dict[int, int] = {}
    table: list[tuple[str, tuple[int, ...]]] = []
    for part in formula.subformulas():
        places[id(part)] = len(table)
        table.append((part.head, tuple(places[id(piece)] for piece in part.parts)))
    return table

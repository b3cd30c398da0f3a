"""Whether an answer is about the goal that was asked, read a second time and without the service's parser.

Invariant: ``about_another`` says yes only when both texts were read here, wholly, and are different formulas. What this reading does not
know (LaTeX, words, anything else) is no evidence of anything.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from logos_pxl.wire.formulas import Formula, parse

# Symbols as the operations manual writes them.
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
# Words that a service may read as something else than a name.
_WORDS = frozenset(("and", "or", "not", "implies", "iff", "true", "false", "box", "dia", "necessarily", "possibly"))
# Longer goals are not read a second time: nobody should wait for it.
_MOST_CHARACTERS = 20_000


def about_another(asked: str, answered: str) -> bool:
    """Whether ``answered`` is certainly another formula than ``asked``."""
    if len(asked) > _MOST_CHARACTERS or len(answered) > _MOST_CHARACTERS:
        return False
    ours, theirs = _read(_SYMBOL.sub(lambda found: _SYMBOLS[found[0]], asked)), _read(answered)
    return ours is not None and theirs is not None and _shape(ours) != _shape(theirs)


def _read(text: str) -> Formula | None:
    """The formula, when every name in it is one for every reader."""
    try:
        formula = parse(text)
    except ValueError:
        return None
    names = [part.head for part in formula.subformulas() if part.atomic]
    return formula if all(_NAME.fullmatch(name) and name.lower() not in _WORDS for name in names) else None


def _shape(formula: Formula) -> list[tuple[str, tuple[int, ...]]]:
    """The formula as a table of its subformulas, which equal formulas have alike; compared without recursion."""
    places: dict[int, int] = {}
    table: list[tuple[str, tuple[int, ...]]] = []
    for part in formula.subformulas():
        places[id(part)] = len(table)
        table.append((part.head, tuple(places[id(piece)] for piece in part.parts)))
    return table

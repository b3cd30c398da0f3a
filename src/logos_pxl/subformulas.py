"""The distinct subformulas of a goal as a table: what certificates call nodes, and what the page evaluates.

Invariant: entry ``i`` (counted from 1) names only entries before it, no two entries are equal, and the last one is the goal itself.
"""

from typing import Any

from logos_pxl.leb128 import numbers

Subformula = dict[str, Any]
"""``{"op": "atom", "name": "A"}``, ``{"op": "imp", "args": [1, 2]}``, ...: the form of ``describe_proof``."""

_ATOM = 0
_OPERATIONS = {1: "bottom", 2: "top", 3: "not", 4: "and", 5: "or", 6: "imp", 7: "iff", 8: "box", 9: "dia"}
_ARITY = {"bottom": 0, "top": 0, "not": 1, "box": 1, "dia": 1}


def table_of(wire: bytes) -> list[Subformula]:
    """The table of a goal in its form on the wire (docs/certificate-format.md); takes time and memory in proportion to its length."""
    # Names are plain bytes between the numbers: both are taken from the same place.
    data = iter(wire)
    spelled = numbers(data)
    names = [bytes(next(data) for _ in range(next(spelled))).decode() for _ in range(next(spelled))]
    places: dict[tuple[Any, ...], int] = {}
    pending: list[int] = []
    for token in spelled:
        if token == _ATOM:
            key: tuple[Any, ...] = ("atom", names[next(spelled)])
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

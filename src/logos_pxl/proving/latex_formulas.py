"""The formulas of a node table in LaTeX, each printed once.

Invariant: the text of all formulas together is in proportion to the table, for a formula that is long gets a name, and the formulas that it
is part of show the name. Every text is for mathematics mode, with balanced braces, and holds nothing of an atom's name that LaTeX would
take for a command.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from logos_pxl_engine import Formula

_MAX_CHARACTERS = 72
_GREEK = frozenset(
    re.findall(
        r"\w+",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega "
        "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega",
    )
)
_ATOMIC, _UNARY = 6, 5
_BINARY = {"and": (4, r"\land"), "or": (3, r"\lor"), "imp": (2, r"\to"), "iff": (1, r"\leftrightarrow")}
_PREFIX = {"not": r"\neg ", "box": r"\Box ", "dia": r"\Diamond "}


@dataclass(frozen=True, slots=True)
class Printed:
    """A formula's text, and how tightly its outermost symbol binds."""

    latex: str
    precedence: int


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """``shown[n]`` is how node ``n`` (from 1) appears in other formulas and in lines; ``named`` tells what the names stand for."""

    shown: dict[int, Printed]
    named: dict[int, str]

    def literal(self, signed: int) -> str:
        """A literal: a node's number, negative where the node fails."""
        node = self.shown[abs(signed)]
        return node.latex if signed > 0 else rf"\neg {_at_least(node, _UNARY)}"


def printed_table(nodes: Sequence[dict[str, Any]], *, max_characters: int | None = _MAX_CHARACTERS) -> PrintedTable:
    """Print all nodes of ``describe_proof``; a formula of more than ``max_characters`` gets a name. With None none does."""
    shown: dict[int, Printed] = {}
    named: dict[int, str] = {}
    for number, node in enumerate(nodes, 1):
        printed = _printed(node, shown)
        if max_characters is not None and node["op"] != "atom" and len(printed.latex) > max_characters:
            named[number] = printed.latex
            printed = Printed(rf"\varphi_{{{number}}}", _ATOMIC)
        shown[number] = printed
    return PrintedTable(shown, named)


def atom(name: str) -> str:
    """An atom's name. The engine escapes it; letters that Computer Modern's mathematics lacks are set as text."""
    if name.isascii():
        return Formula.parse(name).latex()
    return rf"\text{{\itshape {''.join(map(_letter, name))}}}"


def _letter(letter: str) -> str:
    """A letter in text: Greek ones and small digits as mathematics, which has them in every distribution."""
    if letter == "_":
        return r"\_"
    kind, _, greek = unicodedata.name(letter, "").rpartition(" LETTER ")
    if kind in ("GREEK SMALL", "GREEK CAPITAL"):
        command = greek.lower().replace("lamda", "lambda")
        if kind == "GREEK CAPITAL":
            command = command.capitalize()
        if command in _GREEK:
            return rf"\ensuremath{{\{command}}}"
    if "SUBSCRIPT" in unicodedata.name(letter, ""):
        return rf"\ensuremath{{_{{{unicodedata.normalize('NFKC', letter)}}}}}"
    return letter


def _printed(node: dict[str, Any], shown: dict[int, Printed]) -> Printed:
    operation = node["op"]
    parts = [shown[argument] for argument in node.get("args", ())]
    if operation == "atom":
        return Printed(atom(node["name"]), _ATOMIC)
    if operation in _PREFIX:
        return Printed(_PREFIX[operation] + _at_least(parts[0], _UNARY), _UNARY)
    if operation in _BINARY:
        own, symbol = _BINARY[operation]
        left, right = (own + 1, own) if operation == "imp" else (own, own + 1)
        return Printed(f"{_at_least(parts[0], left)} {symbol} {_at_least(parts[1], right)}", own)
    return Printed(r"\top" if operation == "top" else r"\bot", _ATOMIC)


def _at_least(part: Printed, precedence: int) -> str:
    return part.latex if part.precedence >= precedence else f"({part.latex})"

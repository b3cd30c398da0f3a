"""S5 by brute force: every universal model over at most three atoms at once, as one integer.

Independent of the engine: its own syntax trees, its own printer, its own semantics. A formula is valid in S5 exactly when it is true in
every world of every universal model whose worlds are distinct valuations (two worlds with one valuation satisfy the same formulas). Over
n atoms there are 2^n valuations, so the models are the nonempty sets of valuations. The truth of a formula is one bit for each pair of a
valuation i and a model m, at position ``i * models + m``.
"""

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

ATOMS = ("p", "q", "r")

Tree = tuple[str, *tuple["Tree | str", ...]]
"""``("atom", name)``, ``("bot",)``, ``("top",)``, one of UNARY with a tree, or one of BINARY with two."""

BINARY = ("and", "or", "imp", "iff")
UNARY = ("not", "box", "dia")


@dataclass(frozen=True)
class AllModels:
    """All universal models over the first ``atoms`` of ATOMS."""

    atoms: int

    @property
    def lanes(self) -> int:
        """How many valuations there are, and so how many worlds a model has at most."""
        return 1 << self.atoms

    @property
    def models(self) -> int:
        """How many sets of valuations there are, the empty one included (it has no world, so it constrains nothing)."""
        return 1 << self.lanes

    def lane(self, i: int, bits: int) -> int:
        """One bit for each model, put in the place of valuation ``i``."""
        return bits << (i * self.models)

    def present(self) -> int:
        """The pairs where the valuation is a world of the model."""
        return sum(self.lane(i, sum(1 << m for m in range(self.models) if m >> i & 1)) for i in range(self.lanes))

    def atom(self, index: int) -> int:
        """The pairs where the atom is true."""
        everywhere = (1 << self.models) - 1
        return sum(self.lane(i, everywhere) for i in range(self.lanes) if i >> index & 1)


class Evaluator:
    """Truth in all models at once."""

    def __init__(self, atoms: int = len(ATOMS)) -> None:
        models = AllModels(atoms)
        self._width = models.models
        self._lanes = models.lanes
        self._all = (1 << (self._width * self._lanes)) - 1
        self._lane = (1 << self._width) - 1
        self._present = models.present()
        self._atoms = {ATOMS[i]: models.atom(i) for i in range(atoms)}

    def truth(self, tree: Tree) -> int:
        """The pairs where the formula is true."""
        tag, *parts = tree
        if tag == "atom":
            return self._atoms[parts[0]]
        if tag in ("bot", "top"):
            return 0 if tag == "bot" else self._all
        values = [self.truth(part) for part in parts]
        return self._connectives[tag](self, *values)

    def valid(self, tree: Tree) -> bool:
        """Whether the formula is true in every world of every model."""
        return self._present & ~self.truth(tree) == 0

    def _everywhere(self, truth: int) -> int:
        failing = self._present & ~truth
        somewhere_false = 0
        for i in range(self._lanes):
            somewhere_false |= failing >> (i * self._width) & self._lane
        return self._spread(self._lane & ~somewhere_false)

    def _spread(self, models: int) -> int:
        return sum(models << (i * self._width) for i in range(self._lanes))

    _connectives: ClassVar[dict[str, Callable[..., int]]] = {
        "not": lambda self, a: self._all & ~a,
        "and": lambda self, a, b: a & b,
        "or": lambda self, a, b: a | b,
        "imp": lambda self, a, b: self._all & ~a | b,
        "iff": lambda self, a, b: self._all & ~(a ^ b),
        "box": lambda self, a: self._everywhere(a),
        "dia": lambda self, a: self._all & ~self._everywhere(self._all & ~a),
    }


SYMBOLS = {"not": "~", "box": "[]", "dia": "<>", "and": "/\\", "or": "\\/", "imp": "->", "iff": "<->", "bot": "false", "top": "true"}


def text(tree: Tree) -> str:
    """The formula in ASCII, with every pair of parentheses written."""
    tag, *parts = tree
    if tag == "atom":
        return parts[0]
    if tag in BINARY:
        return f"({text(parts[0])} {SYMBOLS[tag]} {text(parts[1])})"
    return SYMBOLS[tag] + "".join(text(part) for part in parts)


def random_tree(source: random.Random, connectives: int, atoms: int = len(ATOMS)) -> Tree:
    """A formula with exactly this many connectives."""
    if connectives == 0:
        return source.choice([("atom", name) for name in ATOMS[:atoms]] * 4 + [("bot",), ("top",)])
    tag = source.choice(BINARY + UNARY + ("box", "dia"))
    if tag in UNARY:
        return (tag, random_tree(source, connectives - 1, atoms))
    left = source.randrange(connectives)
    return (tag, random_tree(source, left, atoms), random_tree(source, connectives - 1 - left, atoms))


def random_valid_leaning_tree(source: random.Random, connectives: int) -> Tree:
    """Random formulas are seldom valid; an implication from a formula to a weakening of it often is."""
    a = random_tree(source, connectives // 3)
    b = random_tree(source, connectives // 3)
    shapes: list[Tree] = [
        ("imp", ("box", a), ("or", a, b)),
        ("imp", ("and", ("box", ("imp", a, b)), ("dia", a)), ("dia", b)),
        ("iff", ("dia", ("box", a)), ("box", a)),
        ("imp", ("box", ("and", a, b)), ("and", ("box", b), ("box", a))),
        ("or", ("dia", ("not", a)), ("box", ("or", ("box", a), b))),
        ("imp", a, ("box", ("dia", ("or", a, b)))),
    ]
    return source.choice(shapes)


def exhaustive(connectives: int, atoms: int) -> Iterator[Tree]:
    """Every formula with exactly this many connectives over the first atoms and the constants."""
    if connectives == 0:
        yield from (("atom", name) for name in ATOMS[:atoms])
        yield ("bot",)
        yield ("top",)
        return
    for tag in UNARY:
        yield from ((tag, a) for a in exhaustive(connectives - 1, atoms))
    for left in range(connectives):
        pairs = itertools.product(exhaustive(left, atoms), list(exhaustive(connectives - 1 - left, atoms)))
        yield from ((tag, a, b) for a, b in pairs for tag in BINARY)

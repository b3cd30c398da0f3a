"""Goals whose verdicts are known from textbooks: Chellas (1980), Hughes and Cresswell (1996); and goals that are too hard."""

import random
from functools import reduce

VALID: tuple[tuple[str, str], ...] = (
    ("the manual's own", "BOX(A -> A)"),
    ("K", "BOX(p -> q) -> (BOX(p) -> BOX(q))"),
    ("T", "BOX(p) -> p"),
    ("D", "BOX(p) -> DIA(p)"),
    ("B", "p -> BOX(DIA(p))"),
    ("4", "BOX(p) -> BOX(BOX(p))"),
    ("5", "DIA(p) -> BOX(DIA(p))"),
    ("duality", "DIA(p) <-> ~BOX(~p)"),
    ("reduction of mixed modalities", "DIA(BOX(p)) <-> BOX(p)"),
    ("necessity distributes over conjunction", "BOX(p /\\ q) <-> (BOX(p) /\\ BOX(q))"),
    ("possibility distributes over disjunction", "DIA(p \\/ q) <-> (DIA(p) \\/ DIA(q))"),
    ("Peirce's law", "((p -> q) -> p) -> p"),
    ("truth", "true"),
)

INVALID: tuple[tuple[str, str], ...] = (
    ("an atom", "A"),
    ("the converse of T", "p -> BOX(p)"),
    ("the converse of D", "DIA(p) -> BOX(p)"),
    ("necessity over disjunction", "BOX(p \\/ q) -> (BOX(p) \\/ BOX(q))"),
    ("possibility over conjunction", "(DIA(p) /\\ DIA(q)) -> DIA(p /\\ q)"),
    ("Goedel and Loeb", "BOX(BOX(p) -> p) -> BOX(p)"),
    ("McKinsey", "BOX(DIA(p)) -> DIA(BOX(p))"),
    ("three worlds apart", "(DIA(p /\\ ~q) /\\ DIA(q /\\ ~p) /\\ DIA(~p /\\ ~q)) -> BOX(p -> q)"),
    ("falsity", "false"),
)

NOTATIONS: tuple[str, ...] = (
    "BOX(p -> q) -> (BOX p -> BOX q)",
    "[](p -> q) -> ([]p -> []q)",
    "\u25a1(p \u2192 q) \u2192 (\u25a1p \u2192 \u25a1q)",
    "\\Box(p \\to q) \\to (\\Box p \\to \\Box q)",
    "box (p implies q) implies (box p implies box q)",
)
"""One goal in five notations."""

NOT_WELL_FORMED: tuple[str, ...] = ("", "BOX(A -> )", "A B", "(A", "A)", "A -> A. Qed.")


def hard(seed: int, vertices: int = 60) -> str:
    """That no numbering of a graph's edges by 0 and 1 gives one vertex an odd sum and all others an even one.

    True, and on random regular graphs exponentially hard for resolution (Tseitin 1968, Urquhart 1987).
    """
    chance = random.Random(seed)  # noqa: S311 - a test's goal, no secret
    edges: list[tuple[int, int]] = []
    while not edges or any(one == other for one, other in edges):
        ends = [vertex for vertex in range(vertices) for _ in range(4)]
        chance.shuffle(ends)
        edges = list(zip(ends[::2], ends[1::2], strict=True))
    sums = []
    for vertex in range(vertices):
        first, *rest = (f"x{number}" for number, edge in enumerate(edges) if vertex in edge)
        sums.append(reduce(lambda left, right: f"({left} <-> {right})", rest, first))
    return "~(" + " /\\ ".join(["~" + sums[0], *sums[1:]]) + ")"

"""Small goals, no two the same up to the names of their atoms: textbook schemas over changing formulas, and random formulas.

The schemas are those of Hughes and Cresswell (1996) and of Blackburn, de Rijke and Venema (2001).
"""

import random
from collections.abc import Iterator

from bench.randoms import small_goal
from logos_pxl.goals import Goal

SCHEMAS = (
    "[](A -> B) -> ([]A -> []B)",
    "[]A -> A",
    "[]A -> <>A",
    "A -> []<>A",
    "[]A -> [][]A",
    "<>A -> []<>A",
    "[]A <-> ~<>~A",
    "<>A <-> ~[]~A",
    "[](A /\\ B) <-> ([]A /\\ []B)",
    "<>(A \\/ B) <-> (<>A \\/ <>B)",
    "([]A \\/ []B) -> [](A \\/ B)",
    "[](A \\/ B) -> ([]A \\/ []B)",
    "<>(A /\\ B) -> (<>A /\\ <>B)",
    "(<>A /\\ <>B) -> <>(A /\\ B)",
    "[]<>A -> <>[]A",
    "<>[]A -> []<>A",
    "[]([]A -> A) -> []A",
    "[]([](A -> []A) -> A) -> A",
    "[]([](A -> []A) -> A) -> (<>[]A -> A)",
    "[]([]A -> B) \\/ []([]B -> A)",
    "<>A -> (<>B -> (<>(A /\\ B) \\/ <>(A /\\ <>B) \\/ <>(B /\\ <>A)))",
    "[](A <-> B) -> ([]A <-> []B)",
    "[](A \\/ []B) <-> ([]A \\/ []B)",
    "<>(A /\\ <>B) <-> (<>A /\\ <>B)",
    "[](A -> B) -> (<>A -> <>B)",
)

SMALLEST, LARGEST = 5, 50
"""Connectives of the random goals."""


def small_goals(count: int, seed: int = 0) -> list[str]:
    """``count`` different goals, a fifth of them schemas whose letters stand for small formulas, mixed at random."""
    source = random.Random(seed)
    found: dict[bytes, str] = {}
    for goal in _endless(source):
        found.setdefault(Goal.parse(goal).canonical.digest, goal)
        if len(found) == count:
            break
    goals = list(found.values())
    source.shuffle(goals)
    return goals


def _endless(source: random.Random) -> Iterator[str]:
    while True:
        for schema in SCHEMAS:
            letters = {letter: small_goal(source, source.randrange(1, 6)) for letter in "AB"}
            yield "".join(f"({letters[character]})" if character in letters else character for character in schema)
            for _ in range(4):
                yield small_goal(source, source.randint(SMALLEST, LARGEST))

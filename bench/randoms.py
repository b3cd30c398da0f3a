"""Random goals, each made from a seed: modal 3-CNF, two translations of quantified Boolean formulas, and small formulas.

Sources: modal 3-CNF after Giunchiglia and Sebastiani (CADE 1996) and Patel-Schneider and Sebastiani (JAIR 2003); the tree translation of
quantified Boolean formulas into K after Ladner (SIAM J. Comput. 1977) and Halpern and Moses (AI 1992).
"""

import random
from collections.abc import Sequence
from itertools import product

from bench.formulas import box, conj, dia, disj, iff, imp, neg

Clause = Sequence[tuple[int, bool]]


def modal_3cnf(atoms: int, clauses: int, seed: int, *, modal_share: float = 0.5) -> str:
    """The negation of random clauses of three literals, so valid when the clauses are unsatisfiable.

    A literal is an atom, or with probability ``modal_share`` the ``BOX`` of a clause of three atoms; either may be negated. Modal depth 1
    is enough in S5.
    """
    source = random.Random(seed)
    return neg(conj(_modal_clause(source, atoms, modal_share) for _ in range(clauses)))


def _modal_clause(source: random.Random, atoms: int, modal_share: float) -> str:
    literals = []
    for variable in source.sample(range(atoms), 3):
        if source.random() < modal_share:
            inner = [_signed(source, f"p{other}") for other in source.sample(range(atoms), 3)]
            literals.append(_signed(source, box(disj(inner))))
        else:
            literals.append(_signed(source, f"p{variable}"))
    return disj(literals)


def _signed(source: random.Random, formula: str) -> str:
    return neg(formula) if source.random() < 0.5 else formula


def random_clauses(source: random.Random, variables: int, clauses: int) -> list[Clause]:
    """Clauses of three different variables; ``(v, True)`` is variable v, ``(v, False)`` its negation."""
    return [[(v, source.random() < 0.5) for v in source.sample(range(variables), 3)] for _ in range(clauses)]


def qbf_worlds(block: int, clauses: int, seed: int) -> str:
    """Exact for ``exists Z forall X exists Y``, each block of ``block`` variables: valid exactly when ``qbf_truth`` is false.

    A world stands for each choice of X, Z is the same in all worlds, and necessarily the matrix holds; the goal is that this cannot be.
    """
    matrix = random_clauses(random.Random(seed), 3 * block, clauses)
    rigid = [disj([box(f"v{z}"), box(neg(f"v{z}"))]) for z in range(block)]
    choices = product([True, False], repeat=block)
    worlds = [dia(conj(_literal(block + i, value) for i, value in enumerate(choice))) for choice in choices]
    return neg(conj([*rigid, *worlds, box(_matrix(matrix))]))


def qbf_truth(block: int, clauses: int, seed: int) -> bool:
    """The truth of the formula that ``qbf_worlds`` translates, by trying every assignment."""
    matrix = random_clauses(random.Random(seed), 3 * block, clauses)
    every = list(product([False, True], repeat=block))

    def holds(values: tuple[bool, ...]) -> bool:
        return all(any(values[variable] == sign for variable, sign in clause) for clause in matrix)

    return any(all(any(holds(z + x + y) for y in every) for x in every) for z in every)


def qbf_tree(variables: int, clauses: int, seed: int) -> str:
    """Ladner's translation of ``forall v0 exists v1 forall v2 ...`` into K, negated, and read in S5.

    Its verdict in S5 says nothing of the quantified formula: the levels of the tree collapse. It is here for its shape, nested modalities
    around level atoms.
    """
    matrix = random_clauses(random.Random(seed), variables, clauses)
    parts = ["l0"]
    for level in range(variables):
        step = [imp(f"l{level}", dia(conj([f"l{level + 1}", neg(f"l{level}")])))]
        if level % 2 == 0:
            step = [imp(f"l{level}", dia(conj([f"l{level + 1}", _literal(level, value)]))) for value in (True, False)]
        kept = [imp(conj([f"l{level + 1}", _literal(v, value)]), box(_literal(v, value))) for v in range(level) for value in (True, False)]
        parts.append("[]" * level + conj([*step, *kept]))
    parts.append("[]" * variables + imp(f"l{variables}", _matrix(matrix)))
    return neg(conj(parts))


def _literal(variable: int, value: bool) -> str:
    return f"v{variable}" if value else neg(f"v{variable}")


def _matrix(clauses: Sequence[Clause]) -> str:
    return conj(disj(_literal(variable, sign) for variable, sign in clause) for clause in clauses)


def small_goal(source: random.Random, connectives: int, atoms: int = 4) -> str:
    """A random formula of exactly this many connectives over few atoms."""
    if connectives == 0:
        return source.choice("abcdefgh"[:atoms])
    if source.random() < 0.4:
        operand = small_goal(source, connectives - 1, atoms)
        return source.choice([neg, box, dia])(operand)
    left = source.randrange(connectives)
    parts = small_goal(source, left, atoms), small_goal(source, connectives - 1 - left, atoms)
    return source.choice([imp, iff, lambda a, b: conj([a, b]), lambda a, b: disj([a, b])])(*parts)

"""Families of goals that grow with a size ``n`` and whose verdict in S5 is known for every size.

Sources: the pigeonhole principle after Cook and Reckhow (1979); Barcan's and Buridan's formulas grounded over finite constant domains; the
rest is ours. Every function returns the goal's text.
"""

from collections.abc import Callable
from itertools import combinations, product

from bench.formulas import box, conj, dia, disj, iff, imp, neg

Generator = Callable[[int], str]


def _pigeons(pigeons: int, holes: int, sits: Callable[[int, int], str]) -> tuple[str, str]:
    """Every pigeon has a hole; two pigeons share one."""
    housed = conj(disj(sits(i, j) for j in range(holes)) for i in range(pigeons))
    clash = disj(conj([sits(i, j), sits(k, j)]) for j in range(holes) for i, k in combinations(range(pigeons), 2))
    return housed, clash


def _atom(i: int, j: int) -> str:
    return f"p{i}_{j}"


def pigeonhole_under_box(n: int) -> str:
    """``BOX`` of the pigeonhole principle, n + 1 pigeons and n holes. Valid; every resolution proof is exponential in n (Haken 1985)."""
    return box(imp(*_pigeons(n + 1, n, _atom)))


def pigeonhole_strict(n: int) -> str:
    """Necessarily everyone has a hole, hence necessarily two share one. Valid."""
    housed, clash = _pigeons(n + 1, n, _atom)
    return imp(box(housed), box(clash))


def pigeonhole_of_boxes(n: int) -> str:
    """The principle over ``BOX p`` instead of atoms. Valid."""
    return imp(*_pigeons(n + 1, n, lambda i, j: box(_atom(i, j))))


def pigeonhole_that_fits(n: int) -> str:
    """As many holes as pigeons: invalid."""
    return box(imp(*_pigeons(n, n, _atom)))


def alternating_chain(n: int) -> str:
    """``BOX DIA BOX DIA ... p <-> m p``, with m the innermost of n modalities: in S5 the innermost alone counts. Valid."""
    modalities = ["[]" if (n - i) % 2 else "<>" for i in range(n)]
    return iff("".join(modalities) + "p", modalities[-1] + "p")


def box_chain(n: int) -> str:
    """As many boxes as n in front of T's own antecedent: ``BOX ... BOX p -> p``. Valid."""
    return imp("[]" * n + "p", "p")


def unequal_chain(n: int) -> str:
    """``DIA^n p -> BOX^n p``. Invalid."""
    return imp("<>" * n + "p", "[]" * n + "p")


def nested_strict_implications(n: int) -> str:
    """``BOX(p0 -> BOX(p1 -> ... BOX(pn -> p0)))``. Valid only with ``BOX p0`` known beforehand, which the goal assumes."""
    goal = "p0"
    for i in reversed(range(1, n + 1)):
        goal = box(imp(f"p{i}", goal))
    return imp(box("p0"), goal)


def modal_ladder(n: int) -> str:
    """``BOX(a0 -> DIA a1), BOX(a1 -> BOX a2) ...`` lead from ``DIA a0`` to ``DIA an``, each rung by rigidity. Valid."""
    rungs = [box(imp(f"a{i}", ("[]" if i % 2 else "<>") + f"a{i + 1}")) for i in range(n)]
    return imp(conj([*rungs, dia("a0")]), dia(f"a{n}"))


def implication_chain(n: int) -> str:
    """``(a0 -> a1), ..., (an-1 -> an)`` lead from ``a0`` to ``an``. Valid."""
    return imp(conj(imp(f"a{i}", f"a{i + 1}") for i in range(n)), imp("a0", f"a{n}"))


def strict_implication_chain(n: int) -> str:
    """The same with every link under ``BOX``, and so the conclusion. Valid."""
    return imp(conj(box(imp(f"a{i}", f"a{i + 1}")) for i in range(n)), box(imp("a0", f"a{n}")))


def broken_chain(n: int) -> str:
    """The strict chain without its middle link. Invalid."""
    links = [box(imp(f"a{i}", f"a{i + 1}")) for i in range(n) if i != n // 2]
    return imp(conj(links), box(imp("a0", f"a{n}")))


def many_worlds(n: int) -> str:
    """Possibilities, n of them, that exclude one another need n worlds: the goal that they do not is invalid."""
    apart = [box(neg(conj([f"a{i}", f"a{j}"]))) for i, j in combinations(range(n), 2)]
    return neg(conj([*(dia(f"a{i}") for i in range(n)), *apart]))


def equivalence_ring(n: int) -> str:
    """``a0 <-> (a1 <-> (... <-> a0))`` in two different orders (Urquhart's easiest case). Valid; clausal provers count parities."""
    names = [f"a{i}" for i in range(n)]
    return box(iff(_nested_iff(names), _nested_iff(names[::-1])))


def _nested_iff(names: list[str]) -> str:
    goal = names[-1]
    for name in reversed(names[:-1]):
        goal = iff(name, goal)
    return goal


def barcan(n: int) -> str:
    """Barcan's formula and its converse over n things: ``(forall x y, BOX R x y) <-> BOX (forall x y, R x y)``. Valid."""
    pairs = [f"r{x}_{y}" for x, y in product(range(n), repeat=2)]
    return iff(conj(box(pair) for pair in pairs), box(conj(pairs)))


def buridan(n: int) -> str:
    """``(exists x, forall y, BOX R x y) -> BOX (forall y, exists x, R x y)`` over n things. Valid."""
    rows = [[f"r{x}_{y}" for y in range(n)] for x in range(n)]
    some = disj(conj(box(cell) for cell in row) for row in rows)
    return imp(some, box(conj(disj(rows[x][y] for x in range(n)) for y in range(n))))


def buridan_converse(n: int) -> str:
    """``(forall y, DIA P y) -> DIA (forall y, P y)`` where P holds of one thing at a time. Invalid for n > 1; takes n worlds."""
    alone = [neg(conj([f"p{x}", f"p{y}"])) for x, y in combinations(range(n), 2)]
    return imp(conj([box(conj(alone)), *(dia(f"p{x}") for x in range(n))]), dia(conj(f"p{x}" for x in range(n))))


def endless_order(n: int) -> str:
    """Every strict order on n things has a greatest: irreflexive and transitive necessarily, possibly not serial. Valid."""
    things = range(n)
    irreflexive = [neg(f"r{x}_{x}") for x in things]
    transitive = [imp(conj([f"r{x}_{y}", f"r{y}_{z}"]), f"r{x}_{z}") for x, y, z in product(things, repeat=3)]
    serial = conj(disj(f"r{x}_{y}" for y in things) for x in things)
    return imp(box(conj(irreflexive + transitive)), dia(neg(serial)))

"""Long certificates: real proofs of large goals, and made ones, for measuring how checks grow.

A made certificate proves ``A -> A`` and derives its goal over and over: every step is sound, and all but three are idle.
"""

import logos_pxl_engine as engine

from bench import growing
from bench.deciding import Problem
from bench.raw_session import Check, NotAccepted
from logos_pxl.kernel import CheckKind

_LARGE = engine.Limits(max_bytes=1 << 26, max_depth=200_000, max_atoms=200_000, max_nodes=4_000_000)
_SEARCH_MS = 60_000


def real(problem: Problem) -> tuple[Check, int]:
    """The proof that the search finds for a valid goal, and its steps. Raises NotAccepted when it finds none in a minute."""
    formula = engine.Formula.parse(problem.text, limits=_LARGE)
    found = engine.search(formula, deadline_ms=_SEARCH_MS)
    if not isinstance(found, engine.Proof):
        raise NotAccepted(f"{problem.family}, size {problem.size}: the search gave {found!r}, no proof")
    return Check(CheckKind.PROOF, formula.wire(), found.certificate), found.steps


def implication_chain(steps: int) -> Problem:
    """A goal whose proof has a few more than ``steps`` steps, the last of them with as many hints: three for each link."""
    links = steps // 3
    return Problem("implication chain", links, growing.implication_chain(links))


def modality_chain(steps: int) -> Problem:
    """A goal that is one chain of modalities; three steps for each."""
    length = steps // 3
    return Problem("alternating chain", length, growing.alternating_chain(length))


def pigeonhole(holes: int) -> Problem:
    """A goal whose proof is a solver's long run: tens of thousands of learned clauses with long hints from eight holes on."""
    return Problem("pigeonhole of boxes", holes, growing.pigeonhole_of_boxes(holes))


def made_of_def(steps: int) -> Check:
    """Definitional steps only, but for the last."""
    return _made(_numbers(0, 2, 0, 0, 2, 1) + _numbers(0, 2, 0) * (steps - 3) + _numbers(1, 1, 4, 2, 1, 2))


def made_of_rup(steps: int) -> Check:
    """Steps of unit propagation through two hints, but for the first two."""
    return _made(_numbers(0, 2, 0, 0, 2, 1) + _numbers(1, 1, 4, 2, 1, 2) * (steps - 2))


def _made(steps: bytes) -> Check:
    goal = engine.Formula.parse("A -> A").wire()
    nodes = _numbers(2, 0, 1, ord("A"), 6, 1, 1)
    return Check(CheckKind.PROOF, goal, nodes + steps)


def _numbers(*values: int) -> bytes:
    """Numbers below 128 in LEB128."""
    return bytes(values)

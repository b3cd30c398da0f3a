"""A certificate checked again: by Coq's kernel in a session, or by the Rust checker.

Invariant: nothing that the certificate says of itself is believed but its goal and its evidence. The Rust checker is the engine's own;
its word is no verdict.
"""

from dataclasses import dataclass

import logos_pxl_engine as engine

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind
from logos_pxl.proving.certificate import Certificate
from logos_pxl.proving.judging import Kernel, objection_to
from logos_pxl.proving.search import Finding


@dataclass(frozen=True, slots=True)
class Recheck:
    """The outcome: ``reason`` tells why it was refused; ``statement`` is the theorem as Coq prints it, when Coq was asked."""

    accepted: bool
    statement: str | None
    reason: str


def goal_of(certificate: Certificate) -> Goal:
    """The certificate's goal, whatever its size. Raises MalformedGoal."""
    size = len(certificate.goal.encode()) + 1
    return Goal.parse(certificate.goal, limits=engine.Limits(max_bytes=size, max_depth=size, max_atoms=size, max_nodes=size))


async def by_kernel(certificate: Certificate, kernel: Kernel, *, deadline: float) -> Recheck:
    """Ask Coq's kernel, until ``deadline`` (``time.monotonic()`` seconds). Raises MalformedGoal and what ``Kernel.check`` raises."""
    goal = goal_of(certificate)
    judgement = await kernel.check(certificate.kind, goal.wire, certificate.evidence, deadline=deadline, statement=True)
    objection = objection_to(judgement, Finding(certificate.kind, certificate.evidence), goal)
    return Recheck(not objection, judgement.statement, judgement.reason if not judgement.accepted else objection)


def by_rust(certificate: Certificate) -> Recheck:
    """Ask the Rust checker. Raises MalformedGoal."""
    goal = goal_of(certificate)
    check = engine.check_proof if certificate.kind is CheckKind.PROOF else engine.check_model
    result = check(goal.formula, certificate.evidence)
    return Recheck(result.ok, None, result.reason)

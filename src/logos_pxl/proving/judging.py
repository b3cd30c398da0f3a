"""Asks Coq's kernel whether a certificate proves a goal, and compares its answer with the goal.

Invariant: fails closed. A ``Judgement`` has a certificate only when the kernel accepted it for the very goal asked, with the goal's own
atom names, and, where Coq printed the statement of the theorem, the statement is that of the goal and of the certificate's kind.

Between the user's text and the theorem stand a parser, an encoder and the session's decoder. The kernel says that a theorem is true, not
that it is the theorem that was asked for. Comparing the printed statement closes this gap for every goal small enough to be printed.
"""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import logos_pxl_engine as engine
from logos_pxl_engine import Formula, ParseError

from logos_pxl.errors import KernelTimeout
from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind, KernelIdentity, KernelVerdict
from logos_pxl.proving.attempt import Deadline
from logos_pxl.proving.certificate import Certificate, Versions
from logos_pxl.proving.search import Finding
from logos_pxl.version import __version__

_SHOWN_CHARACTERS = 2_000
_BYTES_PER_NODE = 8
_STATEMENT = re.compile(r"(?P<refuted>~\s+)?Prov\s+(?P<formula>.*)", re.DOTALL)


class Kernel(Protocol):
    """What judging needs of the session pool."""

    async def check(self, kind: CheckKind, goal_wire: bytes, certificate: bytes, *, deadline: float, statement: bool) -> KernelVerdict:
        """Have Coq's kernel check the certificate for the goal."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the kernel's answer amounts to: a ``certificate``, or an ``objection`` that says why there is none.

    ``kernel`` is the kernel's answer itself.
    """

    kernel: KernelVerdict
    certificate: Certificate | None
    objection: str


class Judge:
    """Judges certificates. It stores nothing and reports nothing; that is the caller's part."""

    def __init__(self, kernel: Kernel, identity: KernelIdentity, *, statement_max_nodes: int) -> None:
        """``statement_max_nodes``: the size, in connectives and atoms, of the largest goal whose statement Coq is asked to print."""
        self.identity = identity
        self.versions = Versions(coq=identity.coq_version, theory=identity.theory_version, engine=engine.__version__, service=__version__)
        self._kernel = kernel
        self._statement_max_nodes = statement_max_nodes

    async def judge(self, goal: Goal, finding: Finding, deadline: Deadline, *, require_statement: bool = False) -> Judgement:
        """Judge a certificate for ``goal``.

        With ``require_statement`` Coq prints the statement whatever the goal's size. Raises SessionError and RequestTooLarge when the
        kernel gave no answer.
        """
        answer = await self._ask(goal, finding, deadline, statement=require_statement or self._prints(goal))
        objection = objection_to(answer, finding, goal)
        if not objection and require_statement and answer.statement is None:
            objection = "Coq's kernel printed no statement"
        if objection:
            return Judgement(answer, None, objection)
        certificate = Certificate(
            kind=finding.kind,
            goal=goal.text,
            evidence=finding.evidence,
            kernel_hash=self.identity.kernel_hash,
            versions=self.versions,
            statement=answer.statement,
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        return Judgement(answer, certificate, "")

    async def _ask(self, goal: Goal, finding: Finding, deadline: Deadline, *, statement: bool) -> KernelVerdict:
        while True:
            at = deadline.at
            try:
                return await self._kernel.check(finding.kind, goal.wire, finding.evidence, deadline=at, statement=statement)
            except KernelTimeout:
                # A request with more time may have joined meanwhile, and moved the deadline.
                if not at <= time.monotonic() < deadline.at:
                    raise

    def _prints(self, goal: Goal) -> bool:
        """Whether Coq is asked to print the statement: its time grows with the formula, and with long names."""
        most = self._statement_max_nodes
        return goal.formula.nodes <= most and len(goal.wire) <= most * _BYTES_PER_NODE


def objection_to(answer: KernelVerdict, finding: Finding, goal: Goal) -> str:
    """Why the kernel's answer is no acceptance of this finding for this goal; empty when it is one."""
    if not answer.accepted:
        return f"Coq's kernel refused the certificate: {answer.reason}"
    if answer.statement is not None and not states(answer.statement, finding.kind, goal):
        return f"Coq's kernel accepted another theorem: {answer.statement[:_SHOWN_CHARACTERS]}"
    return ""


def states(statement: str, kind: CheckKind, goal: Goal) -> bool:
    """Whether the statement that Coq printed is what a certificate of this kind shows of ``goal``."""
    parts = _STATEMENT.fullmatch(statement)
    if parts is None or (parts["refuted"] is None) != (kind is CheckKind.PROOF):
        return False
    try:
        # Coq writes atoms as string literals; a name holds no quotation mark.
        return Formula.parse(parts["formula"].replace('"', "")) == goal.formula
    except ParseError:
        return False

"""A certificate in, a verdict out: what the kernel says of it, and nothing else.

Invariant: fails closed. A verdict of valid or invalid comes from the kernel's acceptance of the very goal asked, with its own atom names;
where the kernel was asked to print the theorem, its words are read back and compared. Whatever else happens ends in an unknown verdict
with its reason. A certificate that this process made and the kernel refuses is a defect of ours: it is logged as critical, kept for a
post-mortem and counted. One that came from outside is just refused.
"""

import logging
import time
from datetime import UTC, datetime
from typing import Protocol

import logos_pxl_engine as engine

from logos_pxl.errors import (
    KernelTimeout,
    KernelUnavailable,
    Overloaded,
    PxlError,
    QueueFull,
    RequestTooLarge,
    SessionError,
    SessionExhausted,
)
from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind, KernelIdentity, KernelVerdict
from logos_pxl.observing import NullObserver, Observer
from logos_pxl.proving import countermodels
from logos_pxl.proving.attempt import Attempt
from logos_pxl.proving.certificate import Certificate, Versions
from logos_pxl.proving.certificate_store import CertificateStore
from logos_pxl.proving.post_mortem import PostMortems
from logos_pxl.proving.search import Finding
from logos_pxl.proving.statements import states
from logos_pxl.proving.verdict import ProofMethod, UnknownReason, Verdict
from logos_pxl.version import __version__

_log = logging.getLogger(__name__)

_LOGGED_CHARACTERS = 2_000
_RETRY_AFTER_S = 1.0
_BYTES_PER_NODE = 8


class Kernel(Protocol):
    """What judging needs of the session pool."""

    async def check(self, kind: CheckKind, goal_wire: bytes, certificate: bytes, *, deadline: float, statement: bool) -> KernelVerdict:
        """Have Coq's kernel judge the certificate for the goal."""


class Judge:
    """Makes verdicts of findings. ``alarms`` counts the certificates of our own that the kernel refused."""

    def __init__(
        self,
        kernel: Kernel,
        identity: KernelIdentity,
        *,
        certificates: CertificateStore | None,
        post_mortems: PostMortems,
        statement_max_nodes: int,
        observer: Observer | None = None,
    ) -> None:
        self.identity = identity
        self.versions = Versions(coq=identity.coq_version, theory=identity.theory_version, engine=engine.__version__, service=__version__)
        self.alarms = 0
        self.last_alarm: str | None = None
        self._kernel = kernel
        self._certificates = certificates
        self._post_mortems = post_mortems
        self._statement_max_nodes = statement_max_nodes
        self._observer = observer or NullObserver()

    async def judge(self, attempt: Attempt, finding: Finding, method: ProofMethod) -> Verdict:
        """The verdict that a finding of this process amounts to."""
        try:
            judgement = await self._ask(attempt, finding)
        except (SessionError, RequestTooLarge) as error:
            return self.failed(attempt, error)
        objection = _objection(judgement, finding, attempt.goal)
        if objection:
            return await self._alarm(attempt, finding, objection)
        return await self._accepted(attempt, finding, judgement, method)

    async def judge_stranger(self, attempt: Attempt, finding: Finding, method: ProofMethod) -> Verdict | str:
        """The verdict that a finding from outside amounts to, or why it amounts to none."""
        try:
            judgement = await self._ask(attempt, finding)
        except (SessionError, RequestTooLarge) as error:
            return str(error)
        return _objection(judgement, finding, attempt.goal) or await self._accepted(attempt, finding, judgement, method)

    def failed(self, attempt: Attempt, error: PxlError) -> Verdict:
        """The unknown verdict that an error of the kernel's, or of the way to it, amounts to."""
        reason, retry_after_s = _reason_of(error)
        return self.unknown(attempt, reason, str(error), retry_after_s=retry_after_s)

    def unknown(self, attempt: Attempt, reason: UnknownReason, detail: str, *, retry_after_s: float | None = None) -> Verdict:
        """No answer."""
        return Verdict.unknown(
            attempt.goal,
            reason,
            detail,
            kernel_hash=self.identity.kernel_hash,
            versions=self.versions,
            timings=attempt.timings(),
            retry_after_s=retry_after_s,
        )

    async def _ask(self, attempt: Attempt, finding: Finding) -> KernelVerdict:
        goal = attempt.goal
        while True:
            deadline = attempt.deadline.at
            try:
                judgement = await self._kernel.check(
                    finding.kind, goal.wire, finding.evidence, deadline=deadline, statement=self._prints(goal)
                )
            except KernelTimeout:
                if deadline <= time.monotonic() < attempt.deadline.at:
                    continue  # somebody with more time joined meanwhile
                raise
            attempt.queue_ms += judgement.queue_ms
            attempt.kernel_ms += judgement.kernel_ms
            return judgement

    def _prints(self, goal: Goal) -> bool:
        """Whether Coq is asked to print the statement: its time grows with the formula, and with long names."""
        most = self._statement_max_nodes
        return goal.formula.nodes <= most and len(goal.wire) <= most * _BYTES_PER_NODE

    async def _accepted(self, attempt: Attempt, finding: Finding, judgement: KernelVerdict, method: ProofMethod) -> Verdict:
        self._observer.kernel_accepted()
        certificate = Certificate(
            kind=finding.kind,
            goal=attempt.goal.text,
            evidence=finding.evidence,
            kernel_hash=self.identity.kernel_hash,
            versions=self.versions,
            statement=judgement.statement,
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        started = time.monotonic()
        stored = self._certificates is not None and await self._certificates.keep(certificate)
        attempt.store_ms = (time.monotonic() - started) * 1000
        invalid = finding.kind is CheckKind.COUNTERMODEL
        return Verdict.checked(
            attempt.goal,
            certificate,
            judgement,
            stored=stored,
            countermodel=countermodels.readable(attempt.goal, finding.evidence) if invalid else None,
            timings=attempt.timings(),
            proof_method=method,
        )

    async def _alarm(self, attempt: Attempt, finding: Finding, reason: str) -> Verdict:
        self.alarms += 1
        self._observer.soundness_alarm()
        self.last_alarm = datetime.now(UTC).isoformat(timespec="milliseconds")
        kept = await self._post_mortems.keep(attempt.goal, finding, reason, kernel_hash=self.identity.kernel_hash, versions=self.versions)
        _log.critical(
            "soundness alarm over a %s that the search found: %s; goal: %s; post-mortem: %s",
            finding.kind.name.lower(),
            reason,
            attempt.goal.text[:_LOGGED_CHARACTERS],
            kept or "not kept",
        )
        return self.unknown(attempt, UnknownReason.KERNEL_REJECTED, reason)


def _objection(judgement: KernelVerdict, finding: Finding, goal: Goal) -> str:
    """Why the kernel's answer is no acceptance of this finding for this goal; empty when it is."""
    if not judgement.accepted:
        return f"Coq's kernel refused the certificate: {judgement.reason}"
    if judgement.statement is not None and not states(judgement.statement, finding.kind, goal):
        return f"Coq's kernel accepted another theorem: {judgement.statement[:_LOGGED_CHARACTERS]}"
    return ""


def _reason_of(error: PxlError) -> tuple[UnknownReason, float | None]:
    """Why there was no judgement, and when to try again."""
    match error:
        case KernelTimeout():
            return UnknownReason.TIMEOUT, None
        case SessionExhausted() | RequestTooLarge():
            return UnknownReason.RESOURCE_LIMIT, None
        case QueueFull(retry_after_s=wait_s) | Overloaded(retry_after_s=wait_s):
            return UnknownReason.OVERLOADED, wait_s
        case KernelUnavailable(retry_after_s=wait_s):
            return UnknownReason.KERNEL_UNAVAILABLE, wait_s
    return UnknownReason.KERNEL_UNAVAILABLE, _RETRY_AFTER_S

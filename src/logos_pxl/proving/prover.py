"""Goal in, verdict out: search, then the kernel.

Invariant: fails closed. A verdict of valid or invalid comes from the kernel's acceptance of the very goal asked, with its own atom names;
where the kernel was asked to print the theorem, its words are read back and compared. Whatever else happens ends in an unknown verdict
with its reason. A certificate that the kernel refuses is a defect of ours: it is logged as critical, kept for a post-mortem and counted
in ``stats``.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import logos_pxl_engine as engine

from logos_pxl import __version__
from logos_pxl.errors import KernelTimeout, KernelUnavailable, Overloaded, QueueFull, RequestTooLarge, SessionError, SessionExhausted
from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind, KernelIdentity, KernelVerdict
from logos_pxl.proving import countermodels
from logos_pxl.proving.admission import Admission
from logos_pxl.proving.certificate import Certificate, Versions
from logos_pxl.proving.certificate_store import CertificateStore
from logos_pxl.proving.post_mortem import PostMortems
from logos_pxl.proving.search import Finding, NotFound, SearchThreads
from logos_pxl.proving.statements import states
from logos_pxl.proving.verdict import Timings, UnknownReason, Verdict, VerdictKind

_log = logging.getLogger(__name__)

_LOGGED_CHARACTERS = 2_000
_RETRY_AFTER_S = 1.0
_BYTES_PER_NODE = 8


class Kernel(Protocol):
    """What the prover needs of the session pool."""

    async def check(self, kind: CheckKind, goal_wire: bytes, certificate: bytes, *, deadline: float, statement: bool) -> KernelVerdict:
        """Have Coq's kernel judge the certificate for the goal."""


@dataclass(frozen=True, slots=True)
class ProverStats:
    """Counts since the start. ``soundness_alarms`` above 0 means that search and kernel disagreed: look into the post-mortems."""

    verdicts: Mapping[str, int]
    unknown: Mapping[str, int]
    soundness_alarms: int
    last_alarm: str | None


class Prover:
    """Decides goals. Belongs to one event loop."""

    def __init__(
        self,
        kernel: Kernel,
        identity: KernelIdentity,
        searches: SearchThreads,
        admission: Admission,
        *,
        certificates: CertificateStore | None,
        post_mortems: PostMortems,
        statement_max_nodes: int,
    ) -> None:
        self.identity = identity
        self.versions = Versions(coq=identity.coq_version, theory=identity.theory_version, engine=engine.__version__, service=__version__)
        self._kernel = kernel
        self._searches = searches
        self._admission = admission
        self._certificates = certificates
        self._post_mortems = post_mortems
        self._statement_max_nodes = statement_max_nodes
        self._verdicts: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()
        self._last_alarm: str | None = None

    async def decide(self, goal: Goal, *, timeout_s: float, parse_ms: float = 0.0) -> Verdict:
        """The verdict on ``goal``, within ``timeout_s`` from now. ``parse_ms`` is what reading it took, for the timings.

        Raises nothing of its own; cancelling it cancels the search.
        """
        attempt = _Attempt(goal, time.monotonic(), timeout_s, parse_ms)
        try:
            verdict = await self._decide(attempt)
        except asyncio.CancelledError:
            self._verdicts[VerdictKind.UNKNOWN] += 1
            self._unknown[UnknownReason.CANCELLED] += 1
            raise
        self._verdicts[verdict.kind] += 1
        if verdict.reason is not None:
            self._unknown[verdict.reason] += 1
        return verdict

    def stats(self) -> ProverStats:
        """What happened so far."""
        return ProverStats(
            verdicts=dict(self._verdicts),
            unknown=dict(self._unknown),
            soundness_alarms=self._unknown[UnknownReason.KERNEL_REJECTED],
            last_alarm=self._last_alarm,
        )

    async def _decide(self, attempt: "_Attempt") -> Verdict:
        try:
            with self._admission.place():
                return await self._decide_inside(attempt)
        except Overloaded as error:
            return self._unknown_verdict(attempt, UnknownReason.OVERLOADED, str(error), retry_after_s=error.retry_after_s)

    async def _decide_inside(self, attempt: "_Attempt") -> Verdict:
        report = await self._searches.run(attempt.goal, deadline=attempt.deadline)
        attempt.queue_ms, attempt.search_ms = report.queue_ms, report.search_ms
        if isinstance(report.outcome, NotFound):
            return self._unknown_verdict(attempt, report.outcome.reason, report.outcome.detail)
        return await self._judge(attempt, report.outcome)

    async def _judge(self, attempt: "_Attempt", finding: Finding) -> Verdict:
        goal = attempt.goal
        try:
            judgement = await self._kernel.check(
                finding.kind,
                goal.wire,
                finding.evidence,
                deadline=attempt.deadline,
                statement=self._prints(goal),
            )
        except (SessionError, RequestTooLarge) as error:
            reason, retry_after_s = _reason_of(error)
            return self._unknown_verdict(attempt, reason, str(error), retry_after_s=retry_after_s)
        attempt.queue_ms += judgement.queue_ms
        attempt.kernel_ms = judgement.kernel_ms
        if not judgement.accepted:
            return await self._alarm(attempt, finding, f"Coq's kernel refused the certificate: {judgement.reason}")
        if judgement.statement is not None and not states(judgement.statement, finding.kind, goal):
            return await self._alarm(attempt, finding, f"Coq's kernel accepted another theorem: {judgement.statement[:_LOGGED_CHARACTERS]}")
        return await self._accepted(attempt, finding, judgement)

    def _prints(self, goal: Goal) -> bool:
        """Whether Coq is asked to print the statement: its time grows with the formula, and with long names."""
        most = self._statement_max_nodes
        return goal.formula.nodes <= most and len(goal.wire) <= most * _BYTES_PER_NODE

    async def _accepted(self, attempt: "_Attempt", finding: Finding, judgement: KernelVerdict) -> Verdict:
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
        )

    async def _alarm(self, attempt: "_Attempt", finding: Finding, reason: str) -> Verdict:
        self._last_alarm = datetime.now(UTC).isoformat(timespec="milliseconds")
        kept = await self._post_mortems.keep(attempt.goal, finding, reason, kernel_hash=self.identity.kernel_hash, versions=self.versions)
        _log.critical(
            "soundness alarm over a %s that the search found: %s; goal: %s; post-mortem: %s",
            finding.kind.name.lower(),
            reason,
            attempt.goal.text[:_LOGGED_CHARACTERS],
            kept or "not kept",
        )
        return self._unknown_verdict(attempt, UnknownReason.KERNEL_REJECTED, reason)

    def _unknown_verdict(self, attempt: "_Attempt", reason: UnknownReason, detail: str, *, retry_after_s: float | None = None) -> Verdict:
        return Verdict.unknown(
            attempt.goal,
            reason,
            detail,
            kernel_hash=self.identity.kernel_hash,
            versions=self.versions,
            timings=attempt.timings(),
            retry_after_s=retry_after_s,
        )


def _reason_of(error: SessionError | RequestTooLarge) -> tuple[UnknownReason, float | None]:
    """Why there was no judgement, and when to try again."""
    match error:
        case KernelTimeout():
            return UnknownReason.TIMEOUT, None
        case SessionExhausted() | RequestTooLarge():
            return UnknownReason.RESOURCE_LIMIT, None
        case QueueFull(retry_after_s=wait_s):
            return UnknownReason.OVERLOADED, wait_s
        case KernelUnavailable(retry_after_s=wait_s):
            return UnknownReason.KERNEL_UNAVAILABLE, wait_s
    return UnknownReason.KERNEL_UNAVAILABLE, _RETRY_AFTER_S


class _Attempt:
    """One goal on its way, with what its parts took so far."""

    def __init__(self, goal: Goal, started: float, timeout_s: float, parse_ms: float) -> None:
        self.goal = goal
        self.deadline = started + timeout_s
        self.queue_ms = self.search_ms = self.kernel_ms = self.store_ms = 0.0
        self._started = started
        self._parse_ms = parse_ms

    def timings(self) -> Timings:
        """The timings, closed now."""
        return Timings(
            parse_ms=self._parse_ms,
            queue_ms=self.queue_ms,
            search_ms=self.search_ms,
            kernel_ms=self.kernel_ms,
            store_ms=self.store_ms,
            total_ms=self._parse_ms + (time.monotonic() - self._started) * 1000,
        )

"""Decides goals: proof cache, else search, then the kernel.

Invariant: fails closed. Every verdict of valid or invalid rests on the kernel's acceptance of the very goal asked: now, or, for a goal that
was asked before, when it was asked. A certificate of an equivalent goal or of another replica is judged anew, with this goal's atoms. Only
such verdicts are cached. Requests for one goal that meet are decided together; each has its own deadline.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

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
from logos_pxl.kernel import CheckKind, KernelVerdict
from logos_pxl.observing import NullObserver, Observer, Stage
from logos_pxl.proving.admission import Admission
from logos_pxl.proving.attempt import Attempt, Deadline
from logos_pxl.proving.certificate import Certificate
from logos_pxl.proving.certificate_store import CertificateStore
from logos_pxl.proving.judging import Judge, Judgement
from logos_pxl.proving.proof_cache import CacheStats, Known, ProofCache
from logos_pxl.proving.search import Finding, NotFound, SearchThreads
from logos_pxl.proving.shared_proofs import Found, SharedProofs, moved
from logos_pxl.proving.single_flight import SingleFlight
from logos_pxl.proving.soundness import SoundnessAlarms
from logos_pxl.proving.verdict import Verdict, VerdictKind, readable_countermodel
from logos_pxl.wire.verdicts import ProofMethod, UnknownReason

# Above this the names and hashes of a goal are worked out on a thread.
_INLINE_NODES = 1_024
# An untrusted certificate may cost at most this share of the time that a search would have.
_UNTRUSTED_SHARE = 0.25
_RETRY_AFTER_S = 1.0

_STAGES: tuple[Stage, ...] = ("cache", "queue", "search", "kernel", "store")


@dataclass(frozen=True, slots=True)
class ProverStats:
    """Counts since the start. ``soundness_alarms`` above 0 means that search and kernel disagreed: look into the post-mortems."""

    verdicts: Mapping[str, int]
    unknown: Mapping[str, int]
    soundness_alarms: int
    last_alarm: str | None


class Prover:
    """Decides goals. Belongs to one event loop. Reports one verdict to the observer for each goal asked."""

    def __init__(
        self,
        judge: Judge,
        searches: SearchThreads,
        admission: Admission,
        *,
        cache: ProofCache,
        shared: SharedProofs,
        alarms: SoundnessAlarms,
        certificates: CertificateStore | None,
        longest_s: float,
        observer: Observer | None = None,
    ) -> None:
        """``longest_s`` bounds how long a goal is worked on for requests that keep joining; without ``certificates`` none are stored."""
        self.identity = judge.identity
        self.versions = judge.versions
        self._judge = judge
        self._searches = searches
        self._admission = admission
        self._cache = cache
        self._shared = shared
        self._alarms = alarms
        self._certificates = certificates
        self._flights: SingleFlight[bytes, Verdict] = SingleFlight(longest_s=longest_s)
        self._observer = observer or NullObserver()
        self._verdicts: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()

    async def decide(self, goal: Goal, *, timeout_s: float, parse_ms: float = 0.0) -> Verdict:
        """The verdict on ``goal``, within ``timeout_s`` from now. ``parse_ms`` is the time that parsing took, for the timings.

        Raises nothing of its own. Cancelling it cancels the search, unless others wait for the same goal.
        """
        attempt = Attempt(goal, Deadline(time.monotonic() + timeout_s), parse_ms=parse_ms)
        try:
            verdict = await self._decide(attempt)
        except asyncio.CancelledError:
            self._verdicts[VerdictKind.UNKNOWN] += 1
            self._unknown[UnknownReason.CANCELLED] += 1
            self._observer.abandoned()
            raise
        return self._counted(attempt, verdict)

    def known(self, goal: Goal, *, parse_ms: float) -> Verdict | None:
        """The cached verdict on this very goal, at once; ``None`` when there is none, or its certificate must be stored again."""
        attempt = Attempt(goal, Deadline(0.0), parse_ms=parse_ms)
        verdict = self._cache.get(goal, self.identity.kernel_hash)
        if verdict is None or verdict.certificate is None:
            return None
        if self._certificates is not None and not self._certificates.holds(verdict.certificate.id):
            return None
        self._hit(attempt)
        return self._counted(attempt, verdict.remembered(attempt.timings(), stored=self._certificates is not None))

    async def close(self) -> None:
        """Cancel what is under way, and wait for its end."""
        await self._flights.close()

    def stats(self) -> ProverStats:
        """What happened so far."""
        return ProverStats(dict(self._verdicts), dict(self._unknown), self._alarms.count, self._alarms.last)

    def cache_stats(self) -> CacheStats:
        """What the proof cache of this process holds."""
        return self._cache.stats()

    async def _decide(self, attempt: Attempt) -> Verdict:
        goal = attempt.goal
        if goal.formula.nodes > _INLINE_NODES:
            await asyncio.to_thread(lambda: (goal.digest, goal.canonical.digest))
        known = self._cache.look_up(goal, self.identity.kernel_hash)
        if known is not None and known.exact:
            self._hit(attempt)
            stored = await self._store(known.verdict.certificate)
            return known.verdict.remembered(attempt.timings(), stored=stored)
        while True:
            if goal.digest in self._flights:
                self._observer.cache("joined")
            landing = await self._flights.join(goal.digest, lambda deadline: self._fly(goal, deadline, known), deadline=attempt.deadline.at)
            verdict = landing.result
            if landing.led and verdict is not None:
                return verdict.timed(attempt.around(verdict.timings))
            if verdict is None:
                attempt.cache_ms = attempt.elapsed_ms()
                return self._no_verdict(attempt, UnknownReason.TIMEOUT, "the deadline passed")
            if verdict.reason is not UnknownReason.TIMEOUT or attempt.deadline.left_s <= 0:
                attempt.cache_ms = attempt.elapsed_ms()
                return verdict.timed(attempt.timings())
            # The flight was already ending when this request joined it.

    def _hit(self, attempt: Attempt) -> None:
        attempt.cache_ms = attempt.elapsed_ms()
        self._observer.cache("hit")
        self._observer.stage("cache", attempt.cache_ms / 1000)

    def _counted(self, attempt: Attempt, verdict: Verdict) -> Verdict:
        self._verdicts[verdict.kind] += 1
        if verdict.reason is not None:
            self._unknown[verdict.reason] += 1
        self._observer.stage("parse", attempt.parse_ms / 1000)
        seconds = (attempt.parse_ms + attempt.elapsed_ms()) / 1000
        self._observer.verdict(verdict.kind, verdict.reason, verified=verdict.verified, seconds=seconds)
        return verdict

    async def _fly(self, goal: Goal, deadline: Deadline, equivalent: Known | None) -> Verdict:
        """Decide a goal for all requests that wait for it."""
        attempt = Attempt(goal, deadline)
        try:
            with self._admission.place() as place:
                verdict = await self._work(attempt, equivalent)
                place.work_s = (verdict.timings.search_ms + verdict.timings.kernel_ms) / 1000
        except Overloaded as error:
            return self._failed(attempt, error)
        for stage in _STAGES:
            self._observer.stage(stage, getattr(verdict.timings, f"{stage}_ms") / 1000)
        return verdict

    async def _work(self, attempt: Attempt, equivalent: Known | None) -> Verdict:
        if equivalent is not None:
            finding = await moved(equivalent.verdict, attempt.goal)
            attempt.cache_ms = attempt.elapsed_ms()
            self._observer.cache("prefetch_hit")
            return await self._judged(attempt, finding, ProofMethod.PREFETCH)
        if self._cache.enabled:
            found = await self._shared.get(attempt.goal)
            attempt.cache_ms = attempt.elapsed_ms()
            verdict = None if found is None else await self._judged_untrusted(attempt, found)
            if verdict is not None and found is not None:
                self._observer.cache("hit" if found.same_goal else "prefetch_hit")
                return verdict
            self._observer.cache("miss")
        return await self._searched(attempt)

    async def _searched(self, attempt: Attempt) -> Verdict:
        report = await self._searches.run(attempt.goal, deadline=attempt.deadline)
        attempt.queue_ms += report.queue_ms
        attempt.search_ms = report.search_ms
        if isinstance(report.outcome, NotFound):
            return self._no_verdict(attempt, report.outcome.reason, report.outcome.detail)
        verdict = await self._judged(attempt, report.outcome, ProofMethod.SEARCH)
        if verdict.verified and self._cache.enabled:
            await self._shared.put(verdict, ttl_s=self._cache.ttl_s)
        return verdict

    async def _judged(self, attempt: Attempt, finding: Finding, method: ProofMethod) -> Verdict:
        """The verdict on a certificate of our own, whose refusal is a soundness alarm."""
        try:
            judgement = await self._judge.judge(attempt.goal, finding, attempt.deadline)
        except (SessionError, RequestTooLarge) as error:
            return self._failed(attempt, error)
        _add_times(attempt, judgement.kernel)
        if judgement.certificate is None:
            await self._alarms.report(attempt.goal, finding, judgement.objection, identity=self.identity, versions=self.versions)
            return self._no_verdict(attempt, UnknownReason.KERNEL_REJECTED, judgement.objection)
        return await self._accepted(attempt, judgement, judgement.certificate, method)

    async def _judged_untrusted(self, attempt: Attempt, found: Found) -> Verdict | None:
        """The verdict on an untrusted certificate; ``None`` when it is refused, which removes its entry and is no alarm."""
        deadline = Deadline(time.monotonic() + attempt.deadline.left_s * _UNTRUSTED_SHARE)
        try:
            judgement = await self._judge.judge(attempt.goal, found.finding, deadline)
        except (SessionError, RequestTooLarge) as error:
            await self._shared.refuse(attempt.goal, str(error))
            return None
        _add_times(attempt, judgement.kernel)
        if judgement.certificate is None:
            await self._shared.refuse(attempt.goal, judgement.objection)
            return None
        method = ProofMethod.SHARED if found.same_goal else ProofMethod.PREFETCH
        return await self._accepted(attempt, judgement, judgement.certificate, method)

    async def _accepted(self, attempt: Attempt, judgement: Judgement, certificate: Certificate, method: ProofMethod) -> Verdict:
        """Store the certificate, and cache the verdict that it gives."""
        self._observer.kernel_accepted()
        started = time.monotonic()
        stored = await self._store(certificate)
        attempt.store_ms = (time.monotonic() - started) * 1000
        invalid = certificate.kind is CheckKind.COUNTERMODEL
        verdict = Verdict.checked(
            attempt.goal,
            certificate,
            judgement.kernel,
            stored=stored,
            countermodel=readable_countermodel(attempt.goal, certificate.evidence) if invalid else None,
            timings=attempt.timings(),
            proof_method=method,
        )
        self._cache.put(verdict)
        return verdict

    async def _store(self, certificate: Certificate | None) -> bool:
        """Store the certificate if it is not stored; whether it is stored now. It may have been evicted, or the disk may have been full."""
        store = self._certificates
        return store is not None and certificate is not None and (store.holds(certificate.id) or await store.keep(certificate))

    def _failed(self, attempt: Attempt, error: PxlError) -> Verdict:
        """The unknown verdict for an error of the kernel or of its sessions."""
        reason, retry_after_s = _reason_of(error)
        return self._no_verdict(attempt, reason, str(error), retry_after_s=retry_after_s)

    def _no_verdict(self, attempt: Attempt, reason: UnknownReason, detail: str, *, retry_after_s: float | None = None) -> Verdict:
        return Verdict.unknown(
            attempt.goal,
            reason,
            detail,
            kernel_hash=self.identity.kernel_hash,
            versions=self.versions,
            timings=attempt.timings(),
            retry_after_s=retry_after_s,
        )


def _add_times(attempt: Attempt, answer: KernelVerdict) -> None:
    attempt.queue_ms += answer.queue_ms
    attempt.kernel_ms += answer.kernel_ms


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

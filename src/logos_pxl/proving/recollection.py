"""What is known of a goal before anything is searched: the cache of this process, and what replicas left in shared state.

Invariant: only ``exact`` gives a verdict without asking the kernel, and only one that the kernel of this process accepted for the same
goal. Whatever stems from an equivalent goal, or from outside, is judged anew.
"""

import asyncio
import logging
import time

from logos_pxl.goals import Goal
from logos_pxl.observing import CacheOutcome, NullObserver, Observer
from logos_pxl.proving import exchange
from logos_pxl.proving.attempt import Attempt
from logos_pxl.proving.cache import CacheStats, VerdictCache
from logos_pxl.proving.certificate_store import CertificateStore
from logos_pxl.proving.deadline import Deadline
from logos_pxl.proving.exchange import EntryRefused, in_atoms_of
from logos_pxl.proving.judging import Judge
from logos_pxl.proving.search import Finding
from logos_pxl.proving.verdict import ProofMethod, Timings, Verdict
from logos_pxl.shared_state import SharedState

_log = logging.getLogger(__name__)

# What was left by others may cost at most so much of the time that a search would have.
_STRANGER_SHARE = 0.25
_INLINE_BYTES = 4_096


class Recollection:
    """Belongs to one event loop."""

    def __init__(
        self,
        cache: VerdictCache,
        shared: SharedState,
        judge: Judge,
        *,
        certificates: CertificateStore | None,
        observer: Observer | None = None,
    ) -> None:
        self._cache = cache
        self._shared = shared
        self._judge = judge
        self._certificates = certificates
        self._observer = observer or NullObserver()
        self._kernel_hash = judge.identity.kernel_hash

    def exact(self, goal: Goal, *, at_once: bool = False) -> Verdict | None:
        """The verdict that was given on this very goal; ``at_once``: only one whose certificate need not be stored again."""
        verdict = self._cache.get(goal, self._kernel_hash)
        if verdict is None or (at_once and self._certificates is not None and not self._stored(verdict)):
            return None
        self._observer.cache("hit")
        return verdict

    def again(self, verdict: Verdict, timings: Timings) -> Verdict:
        """A verdict that ``exact`` gave, as the answer to another request."""
        return verdict.remembered(timings, stored=self._stored(verdict))

    async def store_again(self, verdict: Verdict) -> None:
        """Store a certificate that the disk had no room for, or that has made room for others."""
        if self._certificates is not None and verdict.certificate is not None and not self._stored(verdict):
            await self._certificates.keep(verdict.certificate)

    async def judged(self, attempt: Attempt) -> Verdict | None:
        """The verdict that comes of an equivalent goal's certificate, or of one that a replica left; ``None`` when there is neither."""
        if not self._cache.enabled:
            return None
        began_ms = attempt.elapsed_ms()
        known = self._cache.equivalent(attempt.goal, self._kernel_hash)
        if known is not None:
            finding = await _moved(known, attempt.goal)
            attempt.cache_ms = attempt.elapsed_ms() - began_ms
            self._observer.cache("prefetch_hit")
            return self._kept(await self._judge.judge(attempt, finding, ProofMethod.PREFETCH))
        found = await self._left_by_others(attempt.goal)
        attempt.cache_ms = attempt.elapsed_ms() - began_ms
        verdict = None if found is None else await self._judged_stranger(attempt, found)
        outcome: CacheOutcome = "miss" if verdict is None or found is None else "hit" if found.same_goal else "prefetch_hit"
        self._observer.cache(outcome)
        return verdict

    async def keep(self, verdict: Verdict) -> None:
        """Remember a verdict that was searched for, here and for the replicas."""
        self._kept(verdict)
        if self._cache.enabled and self._has_replicas and (entry := exchange.entry_of(verdict)) is not None:
            await self._shared.put(exchange.key_of(verdict.goal, self._kernel_hash), entry, self._cache.ttl_s)

    def stats(self) -> CacheStats:
        """What the cache of this process holds."""
        return self._cache.stats()

    def _stored(self, verdict: Verdict) -> bool:
        return self._certificates is not None and verdict.certificate is not None and self._certificates.holds(verdict.certificate.id)

    def _kept(self, verdict: Verdict) -> Verdict:
        self._cache.put(verdict)
        return verdict

    @property
    def _has_replicas(self) -> bool:
        """Whether there is anybody to share with: by choice, there may not be."""
        return self._shared.state() != "local"

    async def _left_by_others(self, goal: Goal) -> exchange.Found | None:
        if not self._has_replicas:
            return None
        key = exchange.key_of(goal, self._kernel_hash)
        data = await self._shared.get(key)
        if data is None:
            return None
        try:
            if len(data) <= _INLINE_BYTES:
                return exchange.read_entry(data, goal, self._kernel_hash)
            return await asyncio.to_thread(exchange.read_entry, data, goal, self._kernel_hash)
        except EntryRefused as error:
            await self._refuse(key, str(error))
            return None

    async def _judged_stranger(self, attempt: Attempt, found: exchange.Found) -> Verdict | None:
        method = ProofMethod.SHARED if found.same_goal else ProofMethod.PREFETCH
        allowed = Attempt(attempt.goal, Deadline(time.monotonic() + attempt.deadline.left_s * _STRANGER_SHARE))
        outcome = await self._judge.judge_stranger(allowed, found.finding, method)
        attempt.queue_ms, attempt.kernel_ms, attempt.store_ms = allowed.queue_ms, allowed.kernel_ms, allowed.store_ms
        if isinstance(outcome, Verdict):
            return self._kept(outcome.timed(attempt.timings()))
        await self._refuse(exchange.key_of(attempt.goal, self._kernel_hash), outcome)
        return None

    async def _refuse(self, key: str, reason: str) -> None:
        _log.warning("an entry of the shared cache was refused and taken away: %s", reason)
        self._observer.cache_entry_refused()
        await self._shared.delete(key)


async def _moved(known: Verdict, goal: Goal) -> Finding:
    """The certificate of an equivalent goal, in the atoms of ``goal``."""
    certificate = known.certificate
    if certificate is None:
        raise ValueError("an unknown verdict was remembered")
    finding = Finding(certificate.kind, certificate.evidence)
    if len(finding.evidence) <= _INLINE_BYTES:
        return in_atoms_of(goal.canonical.names, finding, known.goal.canonical.names)
    return await asyncio.to_thread(in_atoms_of, goal.canonical.names, finding, known.goal.canonical.names)

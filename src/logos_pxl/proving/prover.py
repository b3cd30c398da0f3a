"""Goal in, verdict out: what is known already, else search, then the kernel.

Invariant: fails closed. Every verdict of valid or invalid was made by ``Judge`` from the kernel's acceptance of the very goal asked, now
or, for a goal that was asked before, when it was asked; an equivalent goal's certificate is judged anew with this goal's atoms. Only such
verdicts are remembered. Requests for one goal that meet are decided together; each has its own deadline.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from logos_pxl.errors import Overloaded
from logos_pxl.goals import Goal
from logos_pxl.observing import NullObserver, Observer, Stage
from logos_pxl.proving.admission import Admission
from logos_pxl.proving.attempt import Attempt
from logos_pxl.proving.cache import CacheStats
from logos_pxl.proving.deadline import Deadline
from logos_pxl.proving.flights import Flights
from logos_pxl.proving.judging import Judge
from logos_pxl.proving.recollection import Recollection
from logos_pxl.proving.search import NotFound, SearchThreads
from logos_pxl.proving.verdict import ProofMethod, Timings, UnknownReason, Verdict, VerdictKind

# Above this the names and hashes of a goal are worked out on a thread.
_INLINE_NODES = 1_024

_STAGES: tuple[Stage, ...] = ("cache", "queue", "search", "kernel", "store")


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
        judge: Judge,
        searches: SearchThreads,
        admission: Admission,
        recollection: Recollection,
        *,
        longest_s: float,
        observer: Observer | None = None,
    ) -> None:
        """``longest_s`` bounds how long a goal is worked on for requests that keep joining."""
        self.identity = judge.identity
        self.versions = judge.versions
        self._judge = judge
        self._searches = searches
        self._admission = admission
        self._recollection = recollection
        self._flights: Flights[bytes, Verdict] = Flights(longest_s=longest_s)
        self._observer = observer or NullObserver()
        self._verdicts: Counter[str] = Counter()
        self._unknown: Counter[str] = Counter()

    async def decide(self, goal: Goal, *, timeout_s: float, parse_ms: float = 0.0) -> Verdict:
        """The verdict on ``goal``, within ``timeout_s`` from now. ``parse_ms`` is what reading it took, for the timings.

        Raises nothing of its own; cancelling it cancels the search, unless others wait for the same goal.
        """
        attempt = Attempt(goal, Deadline(time.monotonic() + timeout_s), parse_ms=parse_ms)
        try:
            verdict = await self._decide(attempt)
        except asyncio.CancelledError:
            self._verdicts[VerdictKind.UNKNOWN] += 1
            self._unknown[UnknownReason.CANCELLED] += 1
            raise
        return self._counted(verdict)

    def remembered(self, goal: Goal, *, parse_ms: float = 0.0) -> Verdict | None:
        """The verdict on ``goal``, if it is known in this process: what ``decide`` would answer, without waiting for anything."""
        if goal.formula.nodes > _INLINE_NODES:
            return None
        started = time.monotonic()
        verdict = self._recollection.exact(goal, at_once=True)
        if verdict is None:
            return None
        cache_ms = (time.monotonic() - started) * 1000
        self._observer.stage("cache", cache_ms / 1000)
        return self._counted(self._recollection.again(verdict, Timings(parse_ms=parse_ms, cache_ms=cache_ms, total_ms=parse_ms + cache_ms)))

    async def close(self) -> None:
        """Cancel what is under way, and wait for its end."""
        await self._flights.close()

    def stats(self) -> ProverStats:
        """What happened so far."""
        return ProverStats(
            verdicts=dict(self._verdicts),
            unknown=dict(self._unknown),
            soundness_alarms=self._judge.alarms,
            last_alarm=self._judge.last_alarm,
        )

    def cache_stats(self) -> CacheStats:
        """What the cache of this process holds."""
        return self._recollection.stats()

    def _counted(self, verdict: Verdict) -> Verdict:
        self._verdicts[verdict.kind] += 1
        if verdict.reason is not None:
            self._unknown[verdict.reason] += 1
        return verdict

    async def _decide(self, attempt: Attempt) -> Verdict:
        goal = attempt.goal
        if goal.formula.nodes > _INLINE_NODES:
            await asyncio.to_thread(lambda: (goal.digest, goal.canonical.digest))
        known = self._recollection.exact(goal)
        if known is not None:
            attempt.cache_ms = attempt.elapsed_ms()
            self._observer.stage("cache", attempt.cache_ms / 1000)
            await self._recollection.store_again(known)
            return self._recollection.again(known, attempt.timings())
        while True:
            if goal.digest in self._flights:
                self._observer.cache("joined")
            landing = await self._flights.join(goal.digest, lambda deadline: self._fly(goal, deadline), deadline=attempt.deadline.at)
            verdict = landing.result
            if landing.led and verdict is not None:
                return verdict.timed(attempt.around(verdict.timings))
            if verdict is None:
                attempt.cache_ms = attempt.elapsed_ms()
                return self._judge.unknown(attempt, UnknownReason.TIMEOUT, "the deadline passed")
            if verdict.reason is not UnknownReason.TIMEOUT or attempt.deadline.left_s <= 0:
                attempt.cache_ms = attempt.elapsed_ms()
                return verdict.timed(attempt.timings())
            # The flight was already ending when this request joined it.

    async def _fly(self, goal: Goal, deadline: Deadline) -> Verdict:
        """Decide a goal for all who wait for it."""
        attempt = Attempt(goal, deadline)
        try:
            with self._admission.place() as place:
                verdict = await self._recollection.judged(attempt) or await self._searched(attempt)
                place.work_s = (verdict.timings.search_ms + verdict.timings.kernel_ms) / 1000
        except Overloaded as error:
            return self._judge.failed(attempt, error)
        self._tell_stages(verdict.timings)
        return verdict

    async def _searched(self, attempt: Attempt) -> Verdict:
        report = await self._searches.run(attempt.goal, deadline=attempt.deadline)
        attempt.queue_ms += report.queue_ms
        attempt.search_ms = report.search_ms
        if isinstance(report.outcome, NotFound):
            return self._judge.unknown(attempt, report.outcome.reason, report.outcome.detail)
        verdict = await self._judge.judge(attempt, report.outcome, ProofMethod.SEARCH)
        if verdict.verified:
            await self._recollection.keep(verdict)
        return verdict

    def _tell_stages(self, timings: Timings) -> None:
        for stage in _STAGES:
            self._observer.stage(stage, getattr(timings, f"{stage}_ms") / 1000)

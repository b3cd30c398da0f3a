"""Two goals whose verdicts are known, decided again and again: whether the service could decide a goal now.

Invariant: ``state().failing`` is empty only when both canaries, one valid and one invalid, were searched and accepted by Coq's kernel
within the last ``max_age_s`` seconds, and did not fail twice in a row since. Canaries use the search and the judge of every goal, but no
cache, and store no certificate. A refused certificate is a soundness alarm as for every goal. A canary that waits too long in a queue is a
sign of load, not of a broken part: it fails by its age only.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from logos_pxl.errors import KernelTimeout, PxlError, QueueFull
from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind, SessionPool
from logos_pxl.observing import Observer
from logos_pxl.proving.attempt import Deadline
from logos_pxl.proving.judging import Judge
from logos_pxl.proving.search import Finding, NotFound, SearchThreads
from logos_pxl.proving.soundness import SoundnessAlarms
from logos_pxl.settings import CanarySettings
from logos_pxl.wire.verdicts import UnknownReason

_log = logging.getLogger(__name__)

CanaryStep = Literal["parse", "search", "kernel", "statement"]

_GOALS = {"valid": (CheckKind.PROOF, "BOX(A -> B) -> (BOX A -> BOX B)"), "invalid": (CheckKind.COUNTERMODEL, "A -> BOX A")}
_AGAIN_S = 1.0
_PATIENCE = 2


@dataclass(frozen=True, slots=True)
class CanaryState:
    """One canary. ``checked_ago_s`` is ``None`` until the kernel has accepted it once; ``failing`` names why it does not count, if so.

    ``step`` and ``detail`` tell of the last run, ``step`` being ``None`` when it succeeded; ``latency_ms`` is what that run took.
    """

    name: str
    goal: str
    checked_ago_s: float | None
    latency_ms: float
    step: CanaryStep | None
    detail: str
    failing: str


@dataclass(frozen=True, slots=True)
class CanariesState:
    """Both canaries. ``failing`` is empty when all is well, else ``valid: kernel: ...``."""

    canaries: tuple[CanaryState, ...]
    failing: str


class _Failed(Exception):
    def __init__(self, step: CanaryStep, detail: str, *, pressure: bool = False) -> None:
        super().__init__(detail)
        self.step = step
        self.detail = detail
        self.pressure = pressure


class _Canary:
    """What became of one goal so far."""

    def __init__(self, name: str, kind: CheckKind, text: str) -> None:
        self.name = name
        self.kind = kind
        self.text = text
        self.succeeded_at: float | None = None
        self.failures_in_a_row = 0
        self.latency_ms = 0.0
        self.last: _Failed | None = None

    def state(self, now: float, max_age_s: float) -> CanaryState:
        ago_s = None if self.succeeded_at is None else now - self.succeeded_at
        last = self.last
        told = f"{last.step}: {last.detail}" if last else "the last round is overdue"
        if ago_s is None:
            failing = told if last else "not yet checked"
        elif self.failures_in_a_row >= _PATIENCE or ago_s > max_age_s:
            failing = told
        else:
            failing = ""
        return CanaryState(self.name, self.text, ago_s, self.latency_ms, last.step if last else None, last.detail if last else "", failing)


class Canaries:
    """Decides the canaries in the background, as long as its ``async with`` block runs; entering waits for the first round."""

    def __init__(
        self,
        judge: Judge,
        searches: SearchThreads,
        pool: SessionPool,
        *,
        alarms: SoundnessAlarms,
        settings: CanarySettings,
        observer: Observer,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._searches = searches
        self._judge = judge
        self._alarms = alarms
        self._settings = settings
        self._observer = observer
        self._clock = clock
        self._canaries = [_Canary(name, kind, text) for name, (kind, text) in _GOALS.items()]
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Run the first round, which may fail: then the service is not ready."""
        await self.round()
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """End the background task."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    def state(self) -> CanariesState:
        """What is known now."""
        now = self._clock()
        canaries = tuple(canary.state(now, self._settings.max_age_s) for canary in self._canaries)
        failing = next((f"{canary.name}: {canary.failing}" for canary in canaries if canary.failing), "")
        return CanariesState(canaries, failing)

    async def round(self) -> None:
        """Decide each canary once."""
        for canary in self._canaries:
            await self._try(canary)

    async def _run(self) -> None:
        while True:
            failed = any(canary.last for canary in self._canaries)
            await asyncio.sleep(min(_AGAIN_S, self._settings.interval_s) if failed else self._settings.interval_s)
            await self.round()

    async def _try(self, canary: _Canary) -> None:
        started = time.monotonic()
        try:
            await self._decide(canary, started + self._settings.timeout_s)
        except _Failed as failed:
            if canary.last is None or canary.last.step != failed.step:
                _log.error("the %s canary failed at its %s: %s", canary.name, failed.step, failed.detail)
            canary.last = failed
            canary.failures_in_a_row += not failed.pressure
            self._observer.canary(canary.name, failed.step, seconds=time.monotonic() - started)
        else:
            if canary.last is not None:
                _log.warning("the %s canary is well again", canary.name)
            canary.last = None
            canary.failures_in_a_row = 0
            canary.succeeded_at = self._clock()
            self._observer.canary(canary.name, None, seconds=time.monotonic() - started)
        canary.latency_ms = (time.monotonic() - started) * 1000

    async def _decide(self, canary: _Canary, deadline: float) -> None:
        try:
            goal = Goal.parse(canary.text)
        except PxlError as error:
            raise _Failed("parse", str(error)) from error
        await self._check(goal, await self._search(canary, goal, deadline), deadline)

    async def _search(self, canary: _Canary, goal: Goal, deadline: float) -> Finding:
        try:
            report = await self._searches.run(goal, deadline=deadline)
        except Exception as error:  # whatever a search dies of, the canary is there to tell it
            raise _Failed("search", repr(error)) from error
        outcome = report.outcome
        if isinstance(outcome, NotFound):
            raise _Failed("search", outcome.detail, pressure=outcome.reason is UnknownReason.TIMEOUT and report.search_ms == 0)
        if outcome.kind is not canary.kind:
            raise _Failed("search", f"found a {outcome.kind.name.lower()} for a goal that is {canary.name}")
        return outcome

    async def _check(self, goal: Goal, finding: Finding, deadline: float) -> None:
        try:
            judgement = await self._judge.judge(goal, finding, Deadline(deadline), require_statement=True)
        except PxlError as error:
            queued = isinstance(error, QueueFull) or (isinstance(error, KernelTimeout) and error.waiting)
            raise _Failed("kernel", str(error), pressure=queued and self._pool.stats().active_sessions > 0) from error
        if judgement.certificate is None:
            judge = self._judge
            await self._alarms.report(goal, finding, judgement.objection, identity=judge.identity, versions=judge.versions)
            raise _Failed("statement" if judgement.kernel.accepted else "kernel", judgement.objection)
        self._observer.kernel_accepted()

"""The queue of background goals: those of jobs and batches.

Invariant: at most ``workers`` goals of a queue are worked on at once, in order of arrival. Requests that wait for their answer go first:
while the admission is full, the queue waits, as long as the deadlines of its goals allow.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol

from logos_pxl.goals import Goal
from logos_pxl.proving.admission import Admission
from logos_pxl.proving.verdict import Verdict
from logos_pxl.wire.verdicts import UnknownReason

_SHORTEST_WAIT_S = 0.01
_LONGEST_WAIT_S = 1.0


class Decides(Protocol):
    """What a queue needs of the prover."""

    async def decide(self, goal: Goal, *, timeout_s: float, parse_ms: float = 0.0) -> Verdict:
        """The verdict on ``goal``, within ``timeout_s`` from now."""


def _unnoticed() -> None:
    pass


class WorkerQueue:
    """Has ``prover`` decide goals. Belongs to one event loop. All deadlines are in ``time.monotonic()`` seconds."""

    def __init__(self, prover: Decides, admission: Admission, *, workers: int) -> None:
        self.workers = workers
        self._prover = prover
        self._admission = admission
        self._slots = asyncio.Semaphore(workers)

    async def decide(self, goal: Goal, *, deadline: float, parse_ms: float = 0.0, on_turn: Callable[[], None] = _unnoticed) -> Verdict:
        """The verdict on ``goal``, by the deadline, which covers the wait in the queue. ``on_turn`` is called when that has ended.

        Cancelling the call cancels the search.
        """
        asked = time.monotonic()
        async with self.turn(deadline):
            on_turn()
            return await self.decide_in_turn(goal, deadline=deadline, parse_ms=parse_ms, waited_ms=(time.monotonic() - asked) * 1000)

    @asynccontextmanager
    async def turn(self, deadline: float) -> AsyncIterator[None]:
        """A worker of the queue. When the deadline passes first there is none, and no time to use it."""
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                await self._slots.acquire()
        except TimeoutError:
            yield
            return
        try:
            yield
        finally:
            self._slots.release()

    async def decide_in_turn(self, goal: Goal, *, deadline: float, parse_ms: float, waited_ms: float) -> Verdict:
        """The verdict, for a caller that has a turn; ``waited_ms`` is how long it waited for it, for the timings.

        Without time left the verdict is unknown, unless it is known already.
        """
        started = time.monotonic()
        while True:
            await self._room(deadline)
            asked = time.monotonic()
            verdict = await self._prover.decide(goal, timeout_s=deadline - asked, parse_ms=parse_ms)
            if verdict.reason is not UnknownReason.OVERLOADED or time.monotonic() >= deadline:
                return _waited(verdict, waited_ms + (asked - started) * 1000)
            await asyncio.sleep(_SHORTEST_WAIT_S)

    async def _room(self, deadline: float) -> None:
        while self._admission.full and (left_s := deadline - time.monotonic()) > 0:
            wait_s = min(max(self._admission.interval_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S)
            await asyncio.sleep(min(wait_s, left_s))


def _waited(verdict: Verdict, waited_ms: float) -> Verdict:
    timings = verdict.timings
    return verdict.timed(replace(timings, queue_ms=timings.queue_ms + waited_ms, total_ms=timings.total_ms + waited_ms))

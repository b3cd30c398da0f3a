"""The untrusted search, on a bounded number of threads.

A small goal is first tried where its caller stands, for a moment: most of them take less time than a change of threads does.

Invariant: at most ``threads`` searches run at once, and a slot is free again only when its search has really ended, however it was
abandoned. Nothing that a search returns is believed: it goes to the kernel.
"""

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import logos_pxl_engine as engine

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind
from logos_pxl.proving.attempt import Deadline
from logos_pxl.wire.verdicts import UnknownReason

# The engine looks at its deadline between slices of work; one that overruns it by more than this is given up on.
_GRACE_S = 2.0
_AT_ONCE_NODES = 128
_AT_ONCE_S = 0.002


@dataclass(frozen=True, slots=True)
class Finding:
    """What a search claims: ``evidence`` (bytes of docs/certificate-format.md) with the goal's own atom names."""

    kind: CheckKind
    evidence: bytes


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why a search found nothing; ``detail`` is a sentence for people."""

    reason: UnknownReason
    detail: str


@dataclass(frozen=True, slots=True)
class SearchBudget:
    """What a search may use: time until ``deadline`` (``time.monotonic()`` seconds), unless ``cancel`` is set before, and memory."""

    deadline: float
    memory_bytes: int
    cancel: engine.CancelToken

    def remaining_ms(self) -> int:
        """Whole milliseconds until the deadline, at least 0."""
        return max(0, math.floor((self.deadline - time.monotonic()) * 1000))


Find = Callable[[Goal, SearchBudget], Finding | NotFound]


@dataclass(frozen=True, slots=True)
class SearchReport:
    """A search's outcome, its wait for a thread and its work there, in milliseconds."""

    outcome: Finding | NotFound
    queue_ms: float
    search_ms: float


def find(goal: Goal, budget: SearchBudget) -> Finding | NotFound:
    """Search the goal's canonical form, and put its own atom names back into what was found."""
    canonical = goal.canonical
    try:
        found = engine.search(canonical.formula, deadline_ms=budget.remaining_ms(), memory_bytes=budget.memory_bytes, cancel=budget.cancel)
    except MemoryError:
        return NotFound(UnknownReason.RESOURCE_LIMIT, "the search ran out of memory")
    if isinstance(found, engine.Unknown):
        return NotFound(UnknownReason(found.reason), found.detail)
    kind = CheckKind.PROOF if isinstance(found, engine.Proof) else CheckKind.COUNTERMODEL
    return Finding(kind, found.rename_atoms(canonical.restoring).certificate)


class SearchThreads:
    """Runs searches beside the event loop; the engine releases the GIL while it works. ``waiting`` goals wait for a thread."""

    def __init__(self, find: Find, *, threads: int, memory_bytes: int) -> None:
        self._find = find
        self._memory_bytes = memory_bytes
        self._slots = asyncio.Semaphore(threads)
        self.waiting = 0
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="search")
        self._running: dict[asyncio.Future[tuple[Finding | NotFound, float]], engine.CancelToken] = {}

    async def run(self, goal: Goal, *, deadline: float | Deadline) -> SearchReport:
        """Search until ``deadline`` (``time.monotonic()`` seconds), which may be put off meanwhile.

        Cancelling this call cancels the search.
        """
        deadline = deadline if isinstance(deadline, Deadline) else Deadline(deadline)
        asked = time.monotonic()
        if goal.formula.nodes <= _AT_ONCE_NODES and (at_once := self._at_once(goal, deadline.at)) is not None:
            return at_once
        self.waiting += 1
        try:
            has_slot = await self._slot_by(deadline)
        finally:
            self.waiting -= 1
        if not has_slot:
            waited_ms = (time.monotonic() - asked) * 1000
            return SearchReport(NotFound(UnknownReason.TIMEOUT, "the deadline passed before a search thread was free"), waited_ms, 0.0)
        started = time.monotonic()
        budget = SearchBudget(deadline.limit, self._memory_bytes, engine.CancelToken())
        future = asyncio.get_running_loop().run_in_executor(self._executor, self._timed, goal, budget)
        self._running[future] = budget.cancel
        future.add_done_callback(self._ended)
        try:
            in_time = await deadline.wait(future)
            if not in_time:
                budget.cancel.cancel()
                await asyncio.wait((future,), timeout=_GRACE_S)
        except asyncio.CancelledError:
            budget.cancel.cancel()
            raise
        queue_ms = (started - asked) * 1000
        if not future.done():
            overrun = NotFound(UnknownReason.TIMEOUT, "the search did not stop at its deadline and was given up")
            return SearchReport(overrun, queue_ms, (time.monotonic() - started) * 1000)
        outcome, search_ms = future.result()
        if not in_time and isinstance(outcome, NotFound) and outcome.reason is UnknownReason.CANCELLED:
            outcome = NotFound(UnknownReason.TIMEOUT, "the deadline passed")
        return SearchReport(outcome, queue_ms, search_ms)

    @property
    def running(self) -> int:
        """How many searches are at work on threads, those included whose callers have gone and that have not stopped yet."""
        return len(self._running)

    async def close(self, timeout_s: float = 5.0) -> None:
        """Cancel every search and wait for their ends, at most ``timeout_s``."""
        for token in self._running.values():
            token.cancel()
        self._executor.shutdown(wait=False, cancel_futures=True)
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=timeout_s)

    def _at_once(self, goal: Goal, deadline: float) -> SearchReport | None:
        """The outcome, when it takes a moment only."""
        moment = time.monotonic() + _AT_ONCE_S
        outcome, search_ms = self._timed(goal, SearchBudget(min(deadline, moment), self._memory_bytes, engine.CancelToken()))
        if isinstance(outcome, NotFound) and outcome.reason is UnknownReason.TIMEOUT and moment < deadline:
            return None
        return SearchReport(outcome, 0.0, search_ms)

    async def _slot_by(self, deadline: Deadline) -> bool:
        while True:
            try:
                async with asyncio.timeout(deadline.left_s):
                    await self._slots.acquire()
            except TimeoutError:
                if deadline.left_s <= 0:
                    return False
            else:
                return True

    def _timed(self, goal: Goal, budget: SearchBudget) -> tuple[Finding | NotFound, float]:
        started = time.monotonic()
        outcome = self._find(goal, budget)
        # Printing a large goal takes its time too, and both are needed after every search: do it here, not on the event loop.
        _ = goal.wire, goal.text
        return outcome, (time.monotonic() - started) * 1000

    def _ended(self, future: "asyncio.Future[tuple[Finding | NotFound, float]]") -> None:
        del self._running[future]
        self._slots.release()
        if not future.cancelled():
            future.exception()  # an abandoned search's error has no other reader

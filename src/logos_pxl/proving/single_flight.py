"""Single flight: equal work that is asked for at the same time is done once.

Invariant: a flight runs exactly as long as a request waits for it. Each request leaves at its own deadline, or when it is cancelled,
without effect on the others: the flight's deadline is the latest of all that joined it, and only the last one to leave cancels it.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from logos_pxl.proving.attempt import Deadline

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")

# Work keeps to its deadline, and needs a moment to say so; after this it is given up.
_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Landing(Generic[Result]):
    """How a wait ended: with the flight's ``result``, or with ``None`` when the waiter's own deadline passed first.

    ``led`` tells whether this waiter had started the flight.
    """

    result: Result | None
    led: bool


@dataclass(slots=True, eq=False)
class _Flight(Generic[Result]):
    task: "asyncio.Task[Result]"
    deadline: Deadline
    waiting: int = 0


class SingleFlight(Generic[Key, Result]):
    """The flights under way, by their keys. Belongs to one event loop."""

    def __init__(self, *, longest_s: float) -> None:
        """Requests that join can extend a flight until ``longest_s`` seconds after its start."""
        self._longest_s = longest_s
        self._joinable: dict[Key, _Flight[Result]] = {}
        self._tasks: set[asyncio.Task[Result]] = set()

    def __contains__(self, key: Key) -> bool:
        return key in self._joinable

    async def join(self, key: Key, work: Callable[[Deadline], Coroutine[Any, Any, Result]], *, deadline: float) -> Landing[Result]:
        """The result of the flight for ``key``, which ``work`` starts when there is none. Raises what the work raises."""
        flight = self._joinable.get(key)
        led = flight is None
        if flight is None:
            flight = self._start(key, work, deadline)
        flight.deadline.extend(deadline)
        flight.waiting += 1
        try:
            result = await _landed(flight, deadline)
            return Landing(result, led)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()

    async def close(self) -> None:
        """Cancel what is under way and wait for its end."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks))

    def _start(self, key: Key, work: Callable[[Deadline], Coroutine[Any, Any, Result]], deadline: float) -> _Flight[Result]:
        moving = Deadline(deadline, limit=max(deadline, time.monotonic() + self._longest_s))
        flight = _Flight(asyncio.create_task(work(moving)), moving)
        self._joinable[key] = flight
        self._tasks.add(flight.task)

        def landed(task: "asyncio.Task[Result]") -> None:
            self._tasks.discard(task)
            self._forget(key, flight)
            if not task.cancelled():
                task.exception()  # no waiter may be left to read it

        flight.task.add_done_callback(landed)
        return flight

    def _forget(self, key: Key, flight: _Flight[Result]) -> None:
        if self._joinable.get(key) is flight:
            del self._joinable[key]


async def _landed(flight: _Flight[Result], deadline: float) -> Result | None:
    own = Deadline(deadline)
    if not await own.wait(flight.task) and flight.deadline.at <= deadline:
        # No request has more time: the flight ends by itself now, with a better reason.
        await asyncio.wait((flight.task,), timeout=_GRACE_S)
    return flight.task.result() if flight.task.done() else None

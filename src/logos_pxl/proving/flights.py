"""Single flight: what several ask for at once is done once.

Invariant: a flight works exactly as long as somebody waits for it. Whoever waits leaves at a time of his own, by his deadline or by being
cancelled, and takes nothing from the others: the flight's deadline is the latest of those who ever joined it, and only the last one to
leave cancels it.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from logos_pxl.proving.deadline import Deadline

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")

# Work keeps its deadline itself, and after it only says so; one that does not is given up on.
_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Landing(Generic[Result]):
    """How a wait ended: with the flight's ``result``, or with ``None`` when the waiter's own time was over first.

    ``led`` tells whether this waiter had started the flight.
    """

    result: Result | None
    led: bool


@dataclass(slots=True, eq=False)
class _Flight(Generic[Result]):
    task: "asyncio.Task[Result]"
    deadline: Deadline
    waiting: int = 0


class Flights(Generic[Key, Result]):
    """The flights under way, by what they are for. Belongs to one event loop."""

    def __init__(self, *, longest_s: float) -> None:
        """A flight can be put off by those who join it until ``longest_s`` seconds after its start."""
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
                task.exception()  # when nobody waits any more, nobody else reads it

        flight.task.add_done_callback(landed)
        return flight

    def _forget(self, key: Key, flight: _Flight[Result]) -> None:
        if self._joinable.get(key) is flight:
            del self._joinable[key]


async def _landed(flight: _Flight[Result], deadline: float) -> Result | None:
    own = Deadline(deadline)
    if not await own.wait(flight.task) and flight.deadline.at <= deadline:
        # Nobody has more time: the flight ends by itself now, and knows better what it was about.
        await asyncio.wait((flight.task,), timeout=_GRACE_S)
    return flight.task.result() if flight.task.done() else None

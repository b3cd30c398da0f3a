"""One goal on its way to a verdict: its deadline and its timings."""

import asyncio
import time
from dataclasses import replace
from typing import Any

from logos_pxl.goals import Goal
from logos_pxl.proving.verdict import Timings


class Deadline:
    """A time (``time.monotonic()`` seconds) that can be moved later, never sooner, and never past ``limit``."""

    def __init__(self, at: float, *, limit: float | None = None) -> None:
        """Without ``limit`` the deadline cannot be moved."""
        self.at = at
        self.limit = max(at, at if limit is None else limit)

    def extend(self, to: float) -> None:
        """Move the deadline to ``to``, as far as the limit allows."""
        self.at = max(self.at, min(to, self.limit))

    @property
    def left_s(self) -> float:
        """Seconds left; 0 or less when it has passed."""
        return self.at - time.monotonic()

    async def wait(self, future: "asyncio.Future[Any]") -> bool:
        """Wait until ``future`` is done or the deadline, wherever it is by then, has passed; whether it is done."""
        while not future.done() and (left_s := self.left_s) > 0:
            await asyncio.wait((future,), timeout=left_s)
        return future.done()


class Attempt:
    """A goal, its deadline, and the milliseconds that each stage took so far."""

    def __init__(self, goal: Goal, deadline: Deadline, *, parse_ms: float = 0.0) -> None:
        self.goal = goal
        self.deadline = deadline
        self.cache_ms = self.queue_ms = self.search_ms = self.kernel_ms = self.store_ms = 0.0
        self._started = time.monotonic()
        self.parse_ms = parse_ms

    def timings(self) -> Timings:
        """The timings, with the total up to now."""
        return Timings(
            parse_ms=self.parse_ms,
            cache_ms=self.cache_ms,
            queue_ms=self.queue_ms,
            search_ms=self.search_ms,
            kernel_ms=self.kernel_ms,
            store_ms=self.store_ms,
            total_ms=self.parse_ms + self.elapsed_ms(),
        )

    def around(self, inner: Timings) -> Timings:
        """The stages of ``inner``, the work that was done for this goal, with this attempt's parsing and total."""
        return replace(inner, parse_ms=self.parse_ms, total_ms=self.parse_ms + self.elapsed_ms())

    def elapsed_ms(self) -> float:
        """Milliseconds since this attempt began."""
        return (time.monotonic() - self._started) * 1000

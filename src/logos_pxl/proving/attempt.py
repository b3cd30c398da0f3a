"""One goal on its way to a verdict."""

import time
from dataclasses import replace

from logos_pxl.goals import Goal
from logos_pxl.proving.deadline import Deadline
from logos_pxl.proving.verdict import Timings


class Attempt:
    """A goal, the time that there is for it, and what its parts took so far, in milliseconds."""

    def __init__(self, goal: Goal, deadline: Deadline, *, parse_ms: float = 0.0) -> None:
        self.goal = goal
        self.deadline = deadline
        self.cache_ms = self.queue_ms = self.search_ms = self.kernel_ms = self.store_ms = 0.0
        self._started = time.monotonic()
        self._parse_ms = parse_ms

    def timings(self) -> Timings:
        """The timings, closed now."""
        return Timings(
            parse_ms=self._parse_ms,
            cache_ms=self.cache_ms,
            queue_ms=self.queue_ms,
            search_ms=self.search_ms,
            kernel_ms=self.kernel_ms,
            store_ms=self.store_ms,
            total_ms=self._parse_ms + self.elapsed_ms(),
        )

    def around(self, inner: Timings) -> Timings:
        """What ``inner``, the work that was done for this goal, took, with the whole way from the text to now."""
        return replace(inner, parse_ms=self._parse_ms, total_ms=self._parse_ms + self.elapsed_ms())

    def elapsed_ms(self) -> float:
        """Since this attempt began."""
        return (time.monotonic() - self._started) * 1000

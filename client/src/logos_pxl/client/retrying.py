"""When a request is sent again, and how long that goes on."""

import math
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import stamina

from logos_pxl.client.errors import TRANSIENT


@dataclass(frozen=True, slots=True)
class Retrying:
    """How patient a client is.

    At most ``attempts`` tries; all of them together, the waits included, within ``total_s`` seconds and the time that the goal itself was
    given. The waits double from ``initial_s`` to ``longest_s``, with up to ``jitter_s`` added at random; where the service names a time
    (``Retry-After``), it is waited for, jitter added, or not at all when it is longer than what is left.
    """

    attempts: int = 8
    total_s: float = 60.0
    initial_s: float = 0.1
    longest_s: float = 5.0
    jitter_s: float = 0.5

    def tries(self, deadline: float) -> Iterator[stamina.Attempt]:
        """Attempts until one succeeds, fails for good, or ``deadline`` (``time.monotonic()`` seconds) is too near."""
        return iter(stamina.retry_context(self.hook(deadline), **self._bounds(deadline)))

    def tries_async(self, deadline: float) -> AsyncIterator[stamina.Attempt]:
        """As ``tries``, for ``async for``."""
        return aiter(stamina.retry_context(self.hook(deadline), **self._bounds(deadline)))

    def hook(self, deadline: float) -> Callable[[Exception], bool | float]:
        """Whether, and after how many seconds, an error is worth another try."""

        def again(error: Exception) -> bool | float:
            left_s = deadline - time.monotonic()
            if not isinstance(error, TRANSIENT) or left_s <= 0:
                return False
            told_s: float | None = getattr(error, "retry_after_s", None)
            if told_s is None:
                return True
            return False if told_s > left_s else told_s + random.uniform(0, self.jitter_s)  # noqa: S311 - no secret depends on it

        return again

    def _bounds(self, deadline: float) -> dict[str, Any]:
        return {
            "attempts": self.attempts,
            "timeout": max(0.001, deadline - time.monotonic()),
            "wait_initial": self.initial_s,
            "wait_max": self.longest_s,
            "wait_jitter": self.jitter_s,
        }


NEVER = Retrying(attempts=1, total_s=0.0)
"""Each request once."""


def seconds_of(retry_after: str | None) -> float | None:
    """The seconds of a ``Retry-After`` field; None when there is none, or a date, which this service never sends."""
    try:
        seconds = float(retry_after or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None

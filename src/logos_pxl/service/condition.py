"""Whether the service does its work, judged by what lately became of it. No part is asked; parts tell.

Invariant: after a failure of our own, ``failing`` holds for ``FAILURE_HOLD_S`` seconds and until something was kernel-checked since.
"""

import time
from collections.abc import Callable

FAILURE_HOLD_S = 10.0


class Condition:
    """The recent past. ``clock`` gives seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.redis_state = "local"
        self._clock = clock
        self._failed_at: float | None = None
        self._checked_at = float("-inf")
        self._failure = ""

    def failed(self, what: str) -> None:
        """A request failed for our reasons; ``what`` is a short name."""
        self._failed_at = self._clock()
        self._failure = what

    def kernel_checked(self) -> None:
        """The kernel has just accepted a certificate."""
        self._checked_at = self._clock()

    @property
    def failing(self) -> str:
        """What failed last, while that counts; empty when nothing does."""
        if self._failed_at is None:
            return ""
        held = self._clock() - self._failed_at < FAILURE_HOLD_S
        return self._failure if held or self._checked_at <= self._failed_at else ""

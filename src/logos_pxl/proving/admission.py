"""The bound on goals in work: how many may be searched for, judged, or wait for either.

Invariant: at most ``capacity`` goals are inside; one more is refused at once, with the time after which it would find a place. That time
rests on the rate at which goals leave, as measured; and each refusal counts as a promise, so that those who were refused before do not
all come back for the same place.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from logos_pxl.errors import Overloaded

# The weight of the newest measurement in the means.
_NEWEST = 1 / 16
_FIRST_INTERVAL_S = 0.01
_LONGEST_PROMISE_S = 300.0
# A measurement under load says nothing about another load, later.
_BUSY_MEMORY_S = 10.0
# Clients wait whole seconds, so those that are promised the same second come together.
_PROMISE_GRAIN_S = 1.0


@dataclass(slots=True)
class Place:
    """A goal's place inside. Whoever works on it tells what the work alone took, in seconds, if it comes to that."""

    work_s: float | None = None


@dataclass(frozen=True, slots=True)
class AdmissionStats:
    """Goals inside now, the most that may be, those refused since the start, and the measured seconds between two that leave."""

    inside: int
    capacity: int
    refused: int
    interval_s: float


class Admission:
    """The door to searches and sessions.

    ``at_once`` goals are worked on at the same time, ``waiting`` more may wait. Belongs to one event loop.
    """

    def __init__(self, *, at_once: int, waiting: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._at_once = at_once
        self._capacity = at_once + waiting
        self._clock = clock
        self._inside = 0
        self._refused = 0
        self._service_s = _FIRST_INTERVAL_S * at_once
        self._work_s: float | None = None
        self._busy_interval_s: float | None = None
        self._busy_since: float | None = None
        self._last_left = 0.0
        self._promised_until = 0.0

    @contextmanager
    def place(self) -> Iterator[Place]:
        """A place inside, for as long as the block runs. Raises Overloaded."""
        now = self._clock()
        if self.full:
            raise self._refusal(now)
        alone = self._inside < self._at_once
        self._inside += 1
        if self._inside >= self._at_once and self._busy_since is None:
            self._busy_since = now
        place = Place()
        try:
            yield place
        finally:
            self._inside -= 1
            self._left(now, alone=alone)
            if place.work_s is not None:
                old_s = place.work_s if self._work_s is None else self._work_s
                self._work_s = old_s + (place.work_s - old_s) * _NEWEST

    @property
    def full(self) -> bool:
        """Whether one more goal would be refused."""
        return self._inside >= self._capacity

    @property
    def interval_s(self) -> float:
        """The measured seconds between two goals that leave."""
        return self._measured_s(self._clock())

    def stats(self) -> AdmissionStats:
        """What is inside, and what was refused."""
        return AdmissionStats(self._inside, self._capacity, self._refused, self.interval_s)

    def _left(self, came: float, *, alone: bool) -> None:
        now = self._clock()
        if alone:
            # Whoever did not wait for others tells how long the work itself takes.
            self._service_s += (now - came - self._service_s) * _NEWEST
        if self._busy_since is not None:
            gap = now - self._busy_since
            old = self._recent_busy_interval_s(now)
            self._busy_interval_s = gap if old is None else old + (gap - old) * _NEWEST
            self._busy_since = now if self._inside >= self._at_once else None
            self._last_left = now

    def _recent_busy_interval_s(self, now: float) -> float | None:
        return self._busy_interval_s if now - self._last_left < _BUSY_MEMORY_S else None

    def _measured_s(self, now: float) -> float:
        """Seconds between two goals that leave while there is always another."""
        busy = self._recent_busy_interval_s(now)
        measured = self._service_s / self._at_once if busy is None else busy
        if self._work_s is not None:
            # A flood of refusals slows everything down, but it passes: then a goal leaves at least as often as one can be worked on.
            measured = min(measured, self._work_s)
        return measured

    def _stalled_s(self, now: float) -> float:
        """What it looks like when nothing has left for long, although so many are at work."""
        return 0.0 if self._busy_since is None else (now - self._busy_since) / self._at_once

    def _refusal(self, now: float) -> Overloaded:
        self._refused += 1
        interval_s = self._measured_s(now)
        # Half of those inside are gone then: there is room, and work is never missing.
        first = now + max(interval_s, self._stalled_s(now)) * self._capacity / 2
        spacing_s = max(interval_s, _PROMISE_GRAIN_S / self._capacity)
        turn = min(max(first, self._promised_until) + spacing_s, now + _LONGEST_PROMISE_S)
        self._promised_until = turn
        return Overloaded(
            f"{self._inside} goals are in work or wait for it, as many as may (PXL_THREADS, PXL_POOL_SIZE, PXL_QUEUE_LIMIT); "
            f"one is done about every {interval_s * 1000:.3g} ms",
            retry_after_s=turn - now,
        )

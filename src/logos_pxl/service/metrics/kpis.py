"""The key performance indicators of the operations manual, as docs/metrics.md defines them, and their sliding window.

Invariant: an indicator describes the window only, never the time since the start. An empty window has the best value (100 %, 0 ms): nothing
missed its target. The number of goals in the window is reported beside it.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from logos_pxl.sketch import QuantileSketch

Slot = TypeVar("Slot")

_SLOTS = 60


class SlidingWindow(Generic[Slot]):
    """The slots of the last ``span_s`` seconds, created by ``make`` on first use. ``clock`` gives seconds and never goes back.

    The window moves by whole slots: it covers between ``span_s`` less one slot and ``span_s``.
    """

    def __init__(self, make: Callable[[], Slot], *, span_s: float, slots: int, clock: Callable[[], float]) -> None:
        self._make = make
        self._slot_s = span_s / slots
        self._clock = clock
        self._slots: deque[tuple[int, Slot]] = deque(maxlen=slots)
        self._kept = slots
        self._open: Slot | None = None
        self._open_until = 0.0

    def current(self) -> Slot:
        """The slot of the present moment."""
        now = self._clock()
        # Nearly always the same slot as before.
        if self._open is None or now >= self._open_until:
            number = int(now / self._slot_s)
            if not self._slots or self._slots[-1][0] != number:
                self._slots.append((number, self._make()))
            self._open, self._open_until = self._slots[-1][1], (number + 1) * self._slot_s
        return self._open

    def live(self) -> Iterator[Slot]:
        """The slots in the window, oldest first."""
        oldest = int(self._clock() / self._slot_s) - self._kept + 1
        return (slot for number, slot in self._slots if number >= oldest)


@dataclass(frozen=True, slots=True)
class KpiFigures:
    """The indicators over one window, and the numbers that they are made of."""

    goals: int
    verified: int
    cache_lookups: int
    cache_answered: int
    p95_latency_ms: float

    @property
    def verification_ratio_percent(self) -> float:
        """Goals with a kernel-checked verdict over goals accepted."""
        return _percent(self.verified, self.goals)

    @property
    def cache_hit_rate_percent(self) -> float:
        """Look-ups that spared a search over all look-ups."""
        return _percent(self.cache_answered, self.cache_lookups)


@dataclass(slots=True)
class _Slot:
    goals: int = 0
    verified: int = 0
    cache_lookups: int = 0
    cache_answered: int = 0
    seconds: QuantileSketch = field(default_factory=QuantileSketch)


class Kpis:
    """Counts into a sliding window of ``window_s`` seconds. ``clock`` gives seconds and never goes back."""

    def __init__(self, *, window_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.window_s = window_s
        self._window = SlidingWindow(_Slot, span_s=window_s, slots=_SLOTS, clock=clock)

    def goal(self, *, verified: bool, seconds: float) -> None:
        """An accepted goal has its verdict, after ``seconds``."""
        slot = self._window.current()
        slot.goals += 1
        slot.verified += verified
        slot.seconds.add(seconds)

    def lookup(self, *, answered: bool) -> None:
        """A goal was looked up in the cache; ``answered`` tells whether this spared its search."""
        slot = self._window.current()
        slot.cache_lookups += 1
        slot.cache_answered += answered

    def figures(self) -> KpiFigures:
        """The indicators now."""
        slots = list(self._window.live())
        return KpiFigures(
            goals=sum(slot.goals for slot in slots),
            verified=sum(slot.verified for slot in slots),
            cache_lookups=sum(slot.cache_lookups for slot in slots),
            cache_answered=sum(slot.cache_answered for slot in slots),
            p95_latency_ms=QuantileSketch.merged(slot.seconds for slot in slots).quantile(0.95) * 1000,
        )


def _percent(part: int, whole: int) -> float:
    if part == whole:
        return 100.0
    # Rounded down, so that 100 means all, and never "nearly all".
    return math.floor(part / whole * 1e6) / 1e4

"""The key performance indicators of the operations manual. docs/metrics.md defines them in words; this is the same in code.

Invariant: an indicator speaks of the window alone, never of the time since the start. An empty window stands at the best value (100 %,
0 ms): nothing missed its target. How much the window holds is told beside it.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from logos_pxl.service.metrics.window import SlidingWindow
from logos_pxl.sketch import QuantileSketch

_SLOTS = 60


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

"""Durations and failures of each endpoint.

Invariant: every HTTP request is counted once, when its answer has ended or was given up, under the name of its route (``POST /prove``), or
under ``other`` when no route fits: names never come from clients.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from prometheus_client import Counter, Histogram

from logos_pxl.service.condition import Condition
from logos_pxl.service.metrics.instruments import Instruments
from logos_pxl.service.metrics.kpis import SlidingWindow
from logos_pxl.sketch import QuantileSketch

WINDOW_S = 86_400.0
_SLOTS = 96
_SERVER_ERROR = 500
# These answer 503 by design.
_STATE = "GET /health"


@dataclass(slots=True)
class _Slot:
    errors: int = 0
    seconds: QuantileSketch = field(default_factory=QuantileSketch)


@dataclass(frozen=True, slots=True)
class EndpointFigures:
    """One endpoint in the window. ``error_count`` counts answers of 500 and above."""

    name: str
    call_count: int
    p50_duration_ms: float
    p90_duration_ms: float
    p95_duration_ms: float
    p99_duration_ms: float
    error_count: int


class EndpointStatistics:
    """The requests of the last ``WINDOW_S`` seconds by endpoint. ``clock`` gives seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._endpoints: dict[str, SlidingWindow[_Slot]] = {}

    def answered(self, name: str, seconds: float, *, error: bool) -> None:
        """A request was answered."""
        window = self._endpoints.get(name)
        if window is None:
            window = self._endpoints[name] = SlidingWindow(_Slot, span_s=WINDOW_S, slots=_SLOTS, clock=self._clock)
        slot = window.current()
        slot.seconds.add(seconds)
        if error:
            slot.errors += 1

    def figures(self) -> list[EndpointFigures]:
        """All endpoints that were called in the window, by name."""
        return [figures for name in sorted(self._endpoints) if (figures := self._figures(name)).call_count]

    def _figures(self, name: str) -> EndpointFigures:
        slots = list(self._endpoints[name].live())
        sketch = QuantileSketch.merged(slot.seconds for slot in slots)
        p50, p90, p95, p99 = (sketch.quantile(share) * 1000 for share in (0.5, 0.9, 0.95, 0.99))
        return EndpointFigures(name, sketch.count, p50, p90, p95, p99, sum(slot.errors for slot in slots))


class EndpointMetrics:
    """Counts the requests that the access log reports."""

    def __init__(self, instruments: Instruments, statistics: EndpointStatistics, condition: Condition) -> None:
        self._on = instruments
        self._in_flight = 0
        instruments.requests_in_flight.set_function(lambda: self._in_flight)
        self._statistics = statistics
        self._condition = condition
        # By endpoint and status: looked up at once.
        self._series: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def begun(self) -> None:
        """A request has begun."""
        self._in_flight += 1

    def ended(self, name: str, status: int, seconds: float) -> None:
        """The request has ended, or was given up, after ``seconds``."""
        self._in_flight -= 1
        error = status >= _SERVER_ERROR and not name.startswith(_STATE)
        series = self._series.get((name, status))
        if series is None:
            series = (self._on.requests.labels(name, str(status)), self._on.request_seconds.labels(name))
            self._series[name, status] = series
        count, durations = series
        count.inc()
        durations.observe(seconds)
        self._statistics.answered(name, seconds, error=error)
        if error:
            self._condition.failed(f"{name} answered {status}")

"""Histograms of durations for the way of every request.

Invariant: observed on one thread only, the event loop's, and so without a lock; that makes it several times faster than the histogram of
the client library, which gives what is observed here to whoever collects. An observation falls into the first bucket whose bound it does
not exceed.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector


class Durations:
    """One series. ``bounds`` are seconds, rising; what exceeds the last one is counted too."""

    __slots__ = ("_bounds", "counts", "seconds")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.seconds = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(self._bounds, seconds)] += 1
        self.seconds += seconds


class DurationFamily(Collector):
    """The series of one metric, told apart by one label."""

    def __init__(self, name: str, meaning: str, label: str, bounds: Sequence[float], registry: CollectorRegistry) -> None:
        self._name = name
        self._meaning = meaning
        self._label = label
        self._bounds = tuple(bounds)
        self._series: dict[str, Durations] = {}
        registry.register(self)

    def labels(self, value: str) -> Durations:
        """The series with this value of the label; made when it is new."""
        if value not in self._series:
            self._series[value] = Durations(self._bounds)
        return self._series[value]

    def collect(self) -> Iterator[Metric]:
        """The family, as the client library exposes it."""
        family = HistogramMetricFamily(self._name, self._meaning, labels=[self._label])
        for value, series in self._series.items():
            family.add_metric([value], self._buckets(series), sum_value=series.seconds)
        yield family

    def _buckets(self, series: Durations) -> list[tuple[str, float]]:
        buckets: list[tuple[str, float]] = []
        total = 0
        for bound, count in zip((*map(repr, self._bounds), "+Inf"), series.counts, strict=True):
            total += count
            buckets.append((bound, total))
        return buckets

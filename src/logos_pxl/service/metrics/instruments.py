"""The metrics that events change: counters, histograms, and gauges that components set themselves.

Names follow the operations manual where it has one, and Prometheus' conventions elsewhere. docs/metrics.md describes each.

``CountFamily`` and ``DurationFamily`` are for metrics that every request changes. Only the event loop's thread does so, so they need no
lock and are several times faster than those of the client library, which exposes them like its own.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_START_SECONDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 15.0)


class Count:
    """One series."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def inc(self, amount: int = 1) -> None:
        """Add ``amount``."""
        self.value += amount


class CountFamily(Collector):
    """A counter with labels. Without labels it has one series, which exists from the start."""

    def __init__(self, name: str, meaning: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        self._name = name
        self._meaning = meaning
        self._labels = tuple(labels)
        self._series: dict[tuple[str, ...], Count] = {} if labels else {(): Count()}
        registry.register(self)

    def labels(self, *values: str) -> Count:
        """The series with these label values, created on first use."""
        series = self._series.get(values)
        if series is None:
            if len(values) != len(self._labels):
                raise ValueError(f"{self._name} has the labels {self._labels}, not {values}")
            series = self._series[values] = Count()
        return series

    def inc(self, amount: int = 1) -> None:
        """Add ``amount`` where there are no labels."""
        self._series[()].inc(amount)

    def collect(self) -> Iterator[Metric]:
        """The family, as the client library exposes it."""
        family = CounterMetricFamily(self._name, self._meaning, labels=self._labels)
        for values, series in self._series.items():
            family.add_metric(values, series.value)
        yield family


class Durations:
    """One series. ``bounds`` are the upper bounds of the buckets in seconds, ascending; one more bucket takes everything above."""

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
    """A histogram with one label."""

    def __init__(self, name: str, meaning: str, label: str, bounds: Sequence[float], registry: CollectorRegistry) -> None:
        self._name = name
        self._meaning = meaning
        self._label = label
        self._bounds = tuple(bounds)
        self._series: dict[str, Durations] = {}
        registry.register(self)

    def labels(self, value: str) -> Durations:
        """The series with this label value, created on first use."""
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


class Instruments:
    """One set of metrics in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, meaning: str, *labels: str) -> Counter:
            return Counter(f"logos_pxl_{name}", meaning, labels, registry=registry)

        def gauge(name: str, meaning: str, *labels: str) -> Gauge:
            return Gauge(f"logos_pxl_{name}", meaning, labels, registry=registry)

        def histogram(name: str, meaning: str, *labels: str, buckets: tuple[float, ...] = _SECONDS) -> Histogram:
            return Histogram(f"logos_pxl_{name}", meaning, labels, buckets=buckets, registry=registry)

        def count(name: str, meaning: str, *labels: str) -> CountFamily:
            return CountFamily(f"logos_pxl_{name}", meaning, labels, registry)

        def durations(name: str, meaning: str, label: str) -> DurationFamily:
            return DurationFamily(f"logos_pxl_{name}", meaning, label, _SECONDS, registry)

        # Goals.
        self.stage_seconds = durations("stage_duration_seconds", "What goals spent in each stage.", "stage")
        self.verdicts = count("verdicts_total", "Verdicts given, by kind.", "verdict")
        self.unknown = counter("unknown_verdicts_total", "Unknown verdicts, by reason.", "reason")
        self.abandoned = counter("abandoned_goals_total", "Goals whose client went away before the verdict.")
        self.rejections = counter("rejections_total", "Requests refused before anything was decided, by reason.", "reason")
        self.soundness_alarms = counter("soundness_alarms_total", "Certificates that the kernel refused; more than 0 is a defect.")
        # HTTP.
        self.requests = count("http_requests_total", "Requests answered, by endpoint and status.", "endpoint", "status")
        self.request_seconds = durations("http_request_duration_seconds", "From a request's head to its answer's end.", "endpoint")
        self.requests_in_flight = gauge("http_requests_in_flight", "Requests being answered.")
        # The cache.
        self.cache_hits = count("cache_hits_total", "Look-ups that spared a search: stored, equivalent to a stored goal, or joined.")
        self.cache_misses = counter("cache_misses_total", "Look-ups that found nothing.")
        self.cache_prefetch_hits = counter("cache_prefetch_hits_total", "Hits on the entry of an equivalent goal.")
        self.cache_joined = counter("cache_joined_total", "Hits on a goal that was being decided already.")
        self.cache_evictions = counter("cache_evictions_total", "Entries that left the cache, by cause.", "cause")
        self.cache_refused = counter(
            "cache_entries_refused_total", "Entries of the shared cache that were malformed, or refused by the kernel."
        )
        # Sessions, queues, jobs.
        self.session_starts = counter("session_starts_total", "Coq sessions that became warm.")
        self.session_start_seconds = histogram(
            "session_start_duration_seconds", "From a session's start until it is warm.", buckets=_START_SECONDS
        )
        self.session_start_failures = counter("session_start_failures_total", "Coq sessions that did not start.")
        self.session_replacements = counter("session_replacements_total", "Coq sessions replaced, by cause.", "cause")
        self.jobs = counter("jobs_total", "What became of asynchronous jobs, by event.", "event")
        self.jobs_held = gauge("jobs_held", "Asynchronous jobs now, by state.", "state")
        self.batches = counter("batches_total", "Batches accepted.")
        self.batch_goals = counter("batch_goals_total", "Goals in accepted batches.")
        # Clients.
        self.authentications = count("authentications_total", "Requests with a right signature, by the key that made it.", "key")
        self.authentication_failures = counter(
            "authentication_failures_total", "Requests refused for their signature, by reason.", "reason"
        )
        self.rate_limited = counter("rate_limited_total", "Requests over their client's quota.")
        # The process.
        self.shared_state = gauge("shared_state", "1 for the place where shared state lives now, else 0.", "state")
        self.redis_failures = counter("redis_failures_total", "Operations done without Redis because it failed, by operation.", "operation")
        self.reloads = counter("configuration_reloads_total", "Times that the configuration was read again, by outcome.", "outcome")
        self.performance_write_failures = counter("performance_write_failures_total", "Times that performance.json could not be written.")
        self.canary_seconds = histogram("canary_duration_seconds", "What a canary took, from its text to the kernel's word.", "canary")
        self.canary_failures = counter("canary_failures_total", "Canaries that failed, by the step that did.", "step")

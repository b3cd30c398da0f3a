"""The metrics that are read off the service when somebody asks: indicators, pool, memory, uptime, build."""

import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from logos_pxl.proving.canaries import Canaries
from logos_pxl.runtime import Runtime
from logos_pxl.service.metrics.kpis import Kpis
from logos_pxl.service.metrics.memory import available_bytes, resident_bytes


@dataclass(frozen=True, slots=True)
class StateCollector(Collector):
    """Reads the state of an open service. ``started`` is in ``time.monotonic()`` seconds."""

    runtime: Runtime
    canaries: Canaries
    kpis: Kpis
    started: float

    def collect(self) -> Iterator[Metric]:
        """All of them, now."""
        yield from self._indicators()
        yield from self._pool()
        yield from self._work()
        yield from self._memory()
        yield from self._canaries()
        yield _gauge("uptime_seconds", "Seconds since the service was started.", time.monotonic() - self.started)
        yield _gauge("time_seconds", "The service's clock, which signatures are judged by, since the epoch.", time.time())
        required = self.runtime.settings.hmac_auth_enabled
        yield _gauge("authentication_required", "1 when requests must be signed (ENABLE_HMAC_AUTH).", float(required))
        yield self._build()

    def _build(self) -> Metric:
        versions = self.runtime.prover.versions
        value = {
            "version": versions.service,
            "engine": versions.engine,
            "coq": versions.coq,
            "theory": versions.theory,
            "kernel_hash": self.runtime.identity.kernel_hash,
            "python": platform.python_version(),
        }
        return InfoMetricFamily("logos_pxl_build", "What is running.", value=value)

    def _indicators(self) -> Iterator[Metric]:
        figures = self.kpis.figures()
        yield _gauge(
            "verification_ratio_percent",
            "Kernel-checked verdicts over well-formed goals accepted, in the window.",
            figures.verification_ratio_percent,
        )
        yield _gauge("p95_latency_ms", "95th percentile of the time from a goal to its verdict, in the window.", figures.p95_latency_ms)
        yield _gauge(
            "cache_hit_rate_percent", "Look-ups that spared a search over all look-ups, in the window.", figures.cache_hit_rate_percent
        )
        yield _gauge("window_seconds", "Length of the window of the indicators.", self.kpis.window_s)
        yield _gauge("window_goals", "Goals with a verdict in the window.", figures.goals)
        yield _gauge("window_cache_lookups", "Cache look-ups in the window.", figures.cache_lookups)

    def _pool(self) -> Iterator[Metric]:
        stats = self.runtime.pool.stats()
        yield _gauge("session_pool_total", "Places of the pool that hold a session, or one that is being started.", stats.total_sessions)
        yield _gauge("session_pool_active", "Live sessions of the pool, without spares.", stats.active_sessions)
        yield _gauge("session_pool_busy", "Sessions at work.", stats.busy_sessions)
        yield _gauge("session_pool_max", "Size of the pool (PXL_POOL_SIZE).", stats.max_pool_size)
        yield _gauge("session_pool_spares", "Warm sessions beyond the pool's size.", stats.spare_sessions)
        yield _gauge("session_pool_utilization_percent", "Busy sessions over the pool's size.", stats.utilization_rate * 100)
        yield _gauge("kernel_queue_length", "Checks that wait for a session.", stats.waiting_checks)

    def _work(self) -> Iterator[Metric]:
        admission, cache = self.runtime.admission.stats(), self.runtime.prover.cache_stats()
        yield _gauge("goals_in_work", "Goals that are searched, judged, or wait for either.", admission.inside)
        yield _gauge("goals_in_work_max", "As many goals as may be in work; one more is refused.", admission.capacity)
        yield _gauge("searches_running", "Searches at work on threads.", self.runtime.searches.running)
        yield _gauge("search_queue_length", "Goals that wait for a search thread.", self.runtime.searches.waiting)
        yield _gauge("cache_size", "Entries in the cache.", cache.entries)
        yield _gauge("cache_size_bytes", "Bytes in the cache, estimated.", cache.size_bytes)

    def _memory(self) -> Iterator[Metric]:
        own = resident_bytes()
        sessions = [usage.resident_bytes for usage in self.runtime.pool.usage().values()]
        available = available_bytes()
        yield _gauge(
            "sessions_memory_resident_bytes", "Resident memory of all sessions; pages that they share count for each.", sum(sessions)
        )
        yield _gauge("session_memory_resident_max_bytes", "Resident memory of the largest session.", max(sessions, default=0))
        yield _gauge(
            "memory_available_bytes", "Memory that the service may have: the container's limit, or the machine's memory.", available
        )
        yield _gauge("memory_usage_percent", "Service and sessions over what they may have.", 100 * (own + sum(sessions)) / available)

    def _canaries(self) -> Iterator[Metric]:
        state = self.canaries.state()
        ready = not state.failing and not self.runtime.draining.active
        yield _gauge("ready", "1 when both canaries were kernel-checked lately and the service is not ending.", float(ready))
        yield _gauge("draining", "1 when the service was asked to end.", float(self.runtime.draining.active))
        ages = GaugeMetricFamily("logos_pxl_canary_age_seconds", "Seconds since the canary was last kernel-checked.", labels=["canary"])
        for canary in state.canaries:
            if canary.checked_ago_s is not None:
                ages.add_metric([canary.name], canary.checked_ago_s)
        yield ages


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"logos_pxl_{name}", meaning, value=value)

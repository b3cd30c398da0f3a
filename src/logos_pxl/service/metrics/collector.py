"""Metrics that are read from the service on request: indicators, sessions, queues, memory, stored certificates, lost log lines."""

import os
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from logos_pxl.logs.opening import Logs
from logos_pxl.proving.canaries import Canaries
from logos_pxl.runtime import Runtime
from logos_pxl.service.metrics.kpis import Kpis

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_CGROUP_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")


@dataclass(frozen=True, slots=True)
class StateCollector(Collector):
    """Reads the state of an open service. ``started`` is in ``time.monotonic()`` seconds."""

    runtime: Runtime
    canaries: Canaries
    kpis: Kpis
    logs: Logs
    started: float

    def collect(self) -> Iterator[Metric]:
        """All of these metrics, now."""
        yield from self._process()
        yield from self._indicators()
        yield from self._pool()
        yield from self._work()
        yield from self._memory()
        yield from self._canaries()
        yield from self._certificates()
        lost = CounterMetricFamily("logos_pxl_log_lines_lost", "Log lines for which neither file nor memory had room.", labels=["file"])
        for name, lines in self.logs.lost_lines().items():
            lost.add_metric([name], lines)
        yield lost

    def _process(self) -> Iterator[Metric]:
        yield _gauge("uptime_seconds", "Seconds since the service was started.", time.monotonic() - self.started)
        yield _gauge("time_seconds", "The service's clock, which signatures are checked with, since the epoch.", time.time())
        required = self.runtime.settings.hmac_auth_enabled
        yield _gauge("authentication_required", "1 when requests must be signed (ENABLE_HMAC_AUTH).", float(required))
        versions = self.runtime.prover.versions
        value = {
            "version": versions.service,
            "engine": versions.engine,
            "coq": versions.coq,
            "theory": versions.theory,
            "kernel_hash": self.runtime.identity.kernel_hash,
            "python": platform.python_version(),
        }
        yield InfoMetricFamily("logos_pxl_build", "Versions of what is running.", value=value)

    def _indicators(self) -> Iterator[Metric]:
        figures = self.kpis.figures()
        ratio, hit_rate = figures.verification_ratio_percent, figures.cache_hit_rate_percent
        yield _gauge("verification_ratio_percent", "Kernel-checked verdicts over well-formed goals accepted, in the window.", ratio)
        yield _gauge("p95_latency_ms", "95th percentile of the time from a goal to its verdict, in the window.", figures.p95_latency_ms)
        yield _gauge("cache_hit_rate_percent", "Look-ups that made a search unnecessary over all look-ups, in the window.", hit_rate)
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
        yield _gauge("goals_in_work", "Goals that are searched or checked, or wait for either.", admission.inside)
        yield _gauge("goals_in_work_max", "Limit of goals in work; one more is refused.", admission.capacity)
        yield _gauge("searches_running", "Searches at work on threads.", self.runtime.searches.running)
        yield _gauge("search_queue_length", "Goals that wait for a search thread.", self.runtime.searches.waiting)
        yield _gauge("cache_size", "Entries in the cache.", cache.entries)
        yield _gauge("cache_size_bytes", "Bytes in the cache, estimated.", cache.size_bytes)

    def _memory(self) -> Iterator[Metric]:
        sessions = [usage.resident_bytes for usage in self.runtime.pool.usage().values()]
        own, available = _resident_bytes(), available_bytes()
        meaning = "Resident memory of all sessions; pages that they share count for each."
        yield _gauge("sessions_memory_resident_bytes", meaning, sum(sessions))
        yield _gauge("session_memory_resident_max_bytes", "Resident memory of the largest session.", max(sessions, default=0))
        yield _gauge("memory_available_bytes", "The container's memory limit, or the machine's memory.", available)
        yield _gauge("memory_usage_percent", "Memory of service and sessions over the available.", 100 * (own + sum(sessions)) / available)

    def _canaries(self) -> Iterator[Metric]:
        state = self.canaries.state()
        ready = not state.failing and not self.runtime.draining.active
        yield _gauge("ready", "1 when both canaries were kernel-checked lately and the service is not ending.", float(ready))
        yield _gauge("draining", "1 when the service is ending.", float(self.runtime.draining.active))
        ages = GaugeMetricFamily("logos_pxl_canary_age_seconds", "Seconds since the canary was last kernel-checked.", labels=["canary"])
        for canary in state.canaries:
            if canary.checked_ago_s is not None:
                ages.add_metric([canary.name], canary.checked_ago_s)
        yield ages

    def _certificates(self) -> Iterator[Metric]:
        if self.runtime.certificates is None:
            return
        stats = self.runtime.certificates.stats()
        yield _gauge("certificates_held", "Certificates in the store.", stats.held)
        yield _gauge("certificates_held_max", "Limit of stored certificates (PXL_CERTIFICATES_MAX).", stats.max_files)
        yield _gauge("certificates_size_bytes", "Bytes of the stored certificates.", stats.size_bytes)
        yield _gauge("certificates_size_max_bytes", "Limit of these bytes (PXL_CERTIFICATES_MAX_BYTES).", stats.max_bytes)
        yield CounterMetricFamily("logos_pxl_certificates_evicted", "Certificates evicted to make room for others.", value=stats.evicted)
        failures = CounterMetricFamily("logos_pxl_certificate_failures", "Failures of the certificate store, by step.", labels=["step"])
        for step, count in (("write", stats.failed_writes), ("read", stats.failed_reads), ("verify", stats.damaged)):
            failures.add_metric([step], count)
        yield failures


def available_bytes(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """The memory that the service and its sessions can have: the container's limit, or else the machine's memory."""
    machine = os.sysconf("SC_PHYS_PAGES") * _PAGE_BYTES
    limits = [_number(cgroup / name) for name in _CGROUP_LIMITS]
    return min([machine, *(limit for limit in limits if limit is not None)])


def _resident_bytes() -> int:
    """Resident memory of this process, without its sessions."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES


def _number(path: Path) -> int | None:
    """The number in the file; ``None`` when there is no file, or it says ``max``."""
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"logos_pxl_{name}", meaning, value=value)

"""What is kept on disk, and what could not be: certificates and log lines, read when somebody asks."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from logos_pxl.logs.opening import Logs
from logos_pxl.proving import CertificateStore
from logos_pxl.proving.certificate_store import StoreStats


@dataclass(frozen=True, slots=True)
class KeepingCollector(Collector):
    """Reads the store and the logs of an open service; ``certificates`` is ``None`` where none are kept."""

    certificates: CertificateStore | None
    logs: Logs

    def collect(self) -> Iterator[Metric]:
        """All of them, now."""
        if self.certificates is not None:
            yield from _store(self.certificates.stats())
        lost = CounterMetricFamily("logos_pxl_log_lines_lost", "Log lines for which neither file nor memory had room.", labels=["file"])
        for name, lines in self.logs.lost_lines().items():
            lost.add_metric([name], lines)
        yield lost


def _store(stats: StoreStats) -> Iterator[Metric]:
    yield _gauge("held", "Certificates that are kept.", stats.held)
    yield _gauge("held_max", "As many certificates as are kept (PXL_CERTIFICATES_MAX); then the oldest go.", stats.max_files)
    yield _gauge("size_bytes", "Bytes of the certificates that are kept.", stats.size_bytes)
    yield _gauge("size_max_bytes", "As many bytes of them as are kept (PXL_CERTIFICATES_MAX_BYTES).", stats.max_bytes)
    yield CounterMetricFamily("logos_pxl_certificates_evicted", "Certificates that made room for others.", value=stats.evicted)
    failures = CounterMetricFamily("logos_pxl_certificate_failures", "Certificates that the store failed at, by step.", labels=["step"])
    failures.add_metric(["write"], stats.failed_writes)
    failures.add_metric(["read"], stats.failed_reads)
    failures.add_metric(["verify"], stats.damaged)
    yield failures


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"logos_pxl_certificates_{name}", meaning, value=value)

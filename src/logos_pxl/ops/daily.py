"""``pxl ops health-check``: the manual's check of every morning, in its order."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from logos_pxl.ops.disks import THRESHOLD, disks_of
from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.log_files import error_lines
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.sample_proofs import sample_proofs
from logos_pxl.ops.standing import health_section
from logos_pxl.ops.thresholds import kpi_checks, number

_LOG_LINES = 50
_SHOWN_ERRORS = 5
_DAY = timedelta(days=1)
_PROOF_MS = 10_000


def health_check(operator: Operator) -> Report:
    """State, indicators, resources, recent errors, and a real proof both ways."""
    url = operator.service.url
    try:
        health, metrics = operator.service.health(), operator.service.metrics()
        proofs = sample_proofs(operator.service, timeout_ms=_PROOF_MS)
    except ServiceUnreachable as error:
        down = Check("answers", Status.CRITICAL, False, threshold="yes", advice=f"{error}; pxl ops diagnose")
        return Report("health-check", url, (Section("1. System status", (down,)), errors_section(operator)), summary="the service is down")
    status = health_section(health)
    sections = (
        Section("1. System status", status.checks, data=status.data),
        Section("2. Performance metrics", (*kpi_checks(metrics), _uptime(number(metrics, "logos_pxl_uptime_seconds")))),
        Section("3. Resource usage", (*_resources(health, metrics), *disk_checks(operator))),
        errors_section(operator),
        Section("5. Performance test", tuple(proof.check() for proof in proofs)),
    )
    return Report("health-check", url, sections)


def errors_section(operator: Operator) -> Section:
    """The last errors of the service's log, of a day at most."""
    try:
        lines = operator.target.log_lines(_LOG_LINES)
    except OperationFailed as error:
        return Section("4. Recent errors", (Check("log", Status.UNKNOWN, advice=str(error)),))
    found = error_lines(lines, since=datetime.now(UTC) - _DAY)
    critical = any("CRITICAL" in line for line in found)
    status = Status.CRITICAL if critical else Status.ATTENTION if found else Status.FINE
    advice = "pxl logs tells more" if found else ""
    check = Check(f"errors in the last {_LOG_LINES} lines", status, len(found), threshold="0", advice=advice)
    return Section("4. Recent errors", (check,), notes=tuple(found[-_SHOWN_ERRORS:]))


def disk_checks(operator: Operator) -> Iterator[Check]:
    """Room where the service keeps its data and its logs; known on this machine only."""
    if operator.target.name == "local":
        for disk in disks_of(operator.settings):
            advice = f"{disk}; pxl ops rotate-logs, or remove what is not needed" if disk.status else ""
            yield Check(f"disk of the {disk.name}", disk.status, round(disk.share * 100, 1), "% free", THRESHOLD, advice)


def _uptime(seconds: float | None) -> Check:
    return Check("uptime", Status.UNKNOWN if seconds is None else Status.FINE, None if seconds is None else round(seconds), "s")


def _resources(health: dict[str, object], metrics: dict[str, object]) -> Iterator[Check]:
    busy, total = number(metrics, "logos_pxl_session_pool_busy"), number(metrics, "logos_pxl_session_pool_total")
    known = busy is not None and total is not None
    yield Check("session pool", Status.FINE if known else Status.UNKNOWN, f"{busy:g}/{total:g}" if known else None, "busy")
    entries = number(metrics, "logos_pxl_cache_size")
    yield Check("cache size", Status.UNKNOWN if entries is None else Status.FINE, None if entries is None else int(entries), "entries")
    shared = str(health.get("shared_state"))
    lost = shared == "redis-lost"
    advice = "Redis is away: replicas share neither cache nor nonces nor quotas; pxl ops diagnose" if lost else ""
    yield Check("shared state", Status.ATTENTION if lost else Status.FINE, shared, threshold="local or redis", advice=advice)

"""``pxl ops status`` and ``pxl ops health-check``, the manual's check of every morning in its order."""

from logos_pxl.ops.errors import ServiceUnreachable
from logos_pxl.ops.machine_checks import disk_checks
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.service_checks import errors_section, health_section, proof_checks, resource_checks, target_section
from logos_pxl.ops.thresholds import kpi_checks, number

_PROOF_MS = 10_000


def status(operator: Operator) -> Report:
    """The target's view, health and indicators."""
    operator.service.require_address()
    sections = [target_section(operator)]
    try:
        sections.append(health_section(operator.service.health()))
        sections.append(Section("Indicators", kpi_checks(operator.service.metrics())))
    except ServiceUnreachable as error:
        sections.append(Section("Service", (_down(error),)))
    return Report("status", operator.service.url, tuple(sections))


def health_check(operator: Operator) -> Report:
    """State, indicators, resources, recent errors, and a proof both ways."""
    url = operator.service.url
    try:
        health, metrics = operator.service.health(), operator.service.metrics()
        proofs = proof_checks(operator.service, timeout_ms=_PROOF_MS)
    except ServiceUnreachable as error:
        down = (Section("1. System status", (_down(error),)), errors_section(operator, "4. Recent errors"))
        return Report("health-check", url, down, summary="the service is down")
    disks = tuple(disk_checks(operator.settings)) if operator.target.here else ()
    sections = (
        health_section(health, "1. System status"),
        Section("2. Performance metrics", (*kpi_checks(metrics), _uptime(number(metrics, "logos_pxl_uptime_seconds")))),
        Section("3. Resource usage", (*resource_checks(health, metrics), *disks)),
        errors_section(operator, "4. Recent errors"),
        Section("5. Performance test", proofs),
    )
    return Report("health-check", url, sections)


def _down(error: ServiceUnreachable) -> Check:
    return Check("answers", Status.CRITICAL, False, threshold="yes", advice=f"{error}; pxl ops diagnose")


def _uptime(seconds: float | None) -> Check:
    return Check("uptime", Status.UNKNOWN if seconds is None else Status.FINE, None if seconds is None else round(seconds), "s")

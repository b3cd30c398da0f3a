"""``pxl ops status``, ``health-check`` (the manual's check of every morning, in its order) and ``diagnose``."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from logos_pxl.ops.checks import (
    errors_section,
    health_section,
    listener,
    machine_checks,
    proof_checks,
    resource_checks,
    target_section,
)
from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.thresholds import P95_LATENCY, VERIFICATION_RATIO, kpi_checks, number

_SEVERITY = (Status.CRITICAL, Status.UNKNOWN, Status.ATTENTION, Status.FINE)
# Metrics whose largest part explains an indicator.
_EXPLAINED_BY = {
    P95_LATENCY.name: ("most time is spent in the stage", "logos_pxl_stage_duration_seconds_sum{stage=", "docs/operations/tuning.md"),
    VERIFICATION_RATIO.name: ("the commonest reason is", "logos_pxl_unknown_verdicts_total{reason=", "docs/metrics.md"),
}


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
        proofs = proof_checks(operator.service)
    except ServiceUnreachable as error:
        down = (Section("1. System status", (_down(error),)), errors_section(operator, "4. Recent errors"))
        return Report("health-check", url, down, summary="the service is down")
    uptime = number(metrics, "logos_pxl_uptime_seconds")
    uptime_check = Check("uptime", Status.UNKNOWN if uptime is None else Status.FINE, None if uptime is None else round(uptime), "s")
    machine = tuple(machine_checks(operator.settings)) if operator.target.here else ()
    sections = (
        health_section(health, "1. System status"),
        Section("2. Performance metrics", (*kpi_checks(metrics), uptime_check)),
        Section("3. Resource usage", (*resource_checks(health, metrics), *machine)),
        errors_section(operator, "4. Recent errors"),
        Section("5. Performance test", proofs),
    )
    return Report("health-check", url, sections)


def diagnose(operator: Operator, wrong_configuration: str = "") -> Report:
    """What is wrong, most likely cause first, and what to do. ``wrong_configuration`` is what is wrong with the settings.

    The checks stand in the order from causes to effects; the report sorts them by severity and keeps that order among equals.
    """
    operator.service.require_address()
    checks = [*_configuration(operator, wrong_configuration), *_service(operator)]
    checks += [*(machine_checks(operator.settings) if operator.target.here else ()), *errors_section(operator).checks]
    wrong = tuple(sorted((check for check in checks if check.status), key=lambda check: _SEVERITY.index(check.status)))
    fine = Section("Fine", tuple(check for check in checks if not check.status))
    summary = f"{wrong[0].name}: {wrong[0].advice}" if wrong else "nothing is wrong that could be seen from here"
    sections = (Section("What is wrong, most likely cause first", wrong), fine) if wrong else (fine,)
    return Report("diagnose", operator.service.url, sections, summary, asked=operator.asked)


def _down(error: ServiceUnreachable) -> Check:
    return Check("answers", Status.CRITICAL, False, threshold="yes", advice=f"{error}; pxl ops diagnose")


def _configuration(operator: Operator, wrong: str) -> Iterator[Check]:
    if wrong:
        advice = f"correct it (pxl config), or restore a backup (pxl ops restore); then {operator.target.restart_command}"
        yield Check("configuration wrong", Status.CRITICAL, wrong, advice=advice)


def _service(operator: Operator) -> Iterator[Check]:
    """Whether the service answers, and what it says."""
    try:
        health = operator.service.health()
        yield from _sessions(operator.service.proof_server())
        yield from health_section(health).checks
        metrics = operator.service.metrics()
        yield from proof_checks(operator.service, timeout_ms=min(3000, operator.settings.max_timeout_ms))
        yield from (_explained(check, metrics) for check in kpi_checks(metrics))
        yield from resource_checks(health, metrics)
    except ServiceUnreachable as error:
        yield from _unreachable(operator, str(error))
    except OperationFailed as error:
        yield from _port_taken(operator, target_section(operator))
        status = Status.UNKNOWN if "status 401" in str(error) else Status.CRITICAL
        yield Check(
            "not the service", status, str(error), advice="correct PXL_OPS_URL or HMAC_SECRET_KEY, or see which process answers there"
        )


def _unreachable(operator: Operator, problem: str) -> Iterator[Check]:
    target = target_section(operator)
    taken = list(_port_taken(operator, target))
    yield from taken
    if not taken and operator.target.here and (process := listener(operator.service.url)):
        yield Check("service hung", Status.CRITICAL, f"{process} takes connections and does not answer", advice="pxl ops restart")
    yield Check("service down", Status.CRITICAL, "; ".join((problem, *target.notes)), advice="pxl ops start")


def _port_taken(operator: Operator, target: Section) -> Iterator[Check]:
    process = listener(operator.service.url) if operator.target.here else ""
    if process and target.status is not Status.FINE:
        what = f"{process} listens on the service's port, and {operator.target.name} says: {'; '.join(target.notes) or 'not running'}"
        yield Check("port taken", Status.CRITICAL, what, advice="end that process, or set another PXL_SERVER_PORT; then pxl ops start")


def _sessions(document: Mapping[str, Any]) -> Iterator[Check]:
    """Coq sessions that do not start, canaries that fail."""
    pool = document.get("session_pool", {})
    if failure := pool.get("last_start_failure"):
        status = Status.ATTENTION if pool.get("active_sessions") else Status.CRITICAL
        yield Check(
            "sessions do not start", status, failure, advice="see memory and PXL_SESSION_* limits, then the kernel's files: make build"
        )
    for canary in document.get("canaries", []):
        if canary.get("failing"):
            what = f"{canary.get('name')}, at {canary.get('step') or 'an unknown step'}: {canary['failing']}"
            yield Check("canary failing", Status.CRITICAL, what, advice="pxl ops restart makes new sessions; then see load and memory")


def _explained(check: Check, metrics: Mapping[str, Any]) -> Check:
    """The check of an indicator; past its target with the part that explains it best."""
    if check.status not in (Status.ATTENTION, Status.CRITICAL) or check.name not in _EXPLAINED_BY:
        return check
    words, prefix, page = _EXPLAINED_BY[check.name]
    parts = {name.removeprefix(prefix).strip('"}'): number(metrics, name) or 0.0 for name in metrics if name.startswith(prefix)}
    parts.pop("total", None)
    largest = max(parts, key=lambda name: parts[name], default="not known")
    return replace(check, advice=f"{words} {largest}: {page}")

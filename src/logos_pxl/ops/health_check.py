"""``pxl ops status``, ``health-check`` (the manual's check of every morning, in its order) and ``diagnose``."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from logos_pxl.ops.checks import errors_section, health_section, listener, machine_checks, proof_checks, resource_checks, target_section
from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.thresholds import P95_LATENCY, VERIFICATION_RATIO, kpi_checks, number

_SEVERITY = (Status.CRITICAL, Status.UNKNOWN, Status.ATTENTION, Status.FINE)
# The metrics whose largest part explains an indicator.
_EXPLAINED_BY = {
    P95_LATENCY.name: ("most time is spent in the stage", "logos_pxl_stage_duration_seconds_sum{stage=", "docs/operations/tuning.md"),
    VERIFICATION_RATIO.name: ("the commonest reason is", "logos_pxl_unknown_verdicts_total{reason=", "docs/metrics.md"),
}


def status(operator: Operator) -> Report:
    """The target's view, health and indicators."""
    operator.service.require_address()
    sections = [target_section(operator)]
    try:
        sections += [health_section(operator.service.health()), Section("Indicators", kpi_checks(operator.service.metrics()))]
    except OperationFailed as error:
        sections.append(Section("Service", tuple(_unreachable(operator, error))))
    return Report("status", operator.service.url, tuple(sections))


def health_check(operator: Operator) -> Report:
    """State, indicators, resources, recent errors, and a proof both ways."""
    operator.service.require_address()
    machine = tuple(machine_checks(operator.settings)) if operator.target.here else ()
    errors = errors_section(operator, "4. Recent errors")
    try:
        health, metrics = operator.service.health(), operator.service.metrics()
        state = health_section(health, "1. System status")
        sessions = tuple(_sessions(operator.service.proof_server()))
        proofs = proof_checks(operator.service, timeout_ms=min(10_000, operator.settings.max_timeout_ms))
    except OperationFailed as error:
        down = Section("1. System status", tuple(_unreachable(operator, error)))
        return Report("health-check", operator.service.url, (down, Section("3. Resource usage", machine), errors))
    sections = (
        replace(state, checks=(*sessions, *state.checks)),
        Section("2. Performance metrics", (*(_explained(check, metrics) for check in kpi_checks(metrics)), _uptime(metrics))),
        Section("3. Resource usage", (*resource_checks(health, metrics), *machine)),
        errors,
        Section("5. Performance test", proofs),
    )
    return Report("health-check", operator.service.url, sections)


def diagnose(operator: Operator, wrong_configuration: str = "") -> Report:
    """The health check, most likely cause first. ``wrong_configuration`` is what is wrong with the settings.

    Checks are sorted by severity; equally severe ones keep the health check's order, which is from causes to effects.
    """
    checks = list(health_check(operator).checks())
    if wrong_configuration:
        advice = f"correct it (pxl config), or restore a backup (pxl ops restore); then {operator.target.restart_command}"
        checks.insert(0, Check("configuration wrong", Status.CRITICAL, wrong_configuration, advice=advice))
    wrong = tuple(sorted((check for check in checks if check.status), key=lambda check: _SEVERITY.index(check.status)))
    fine = Section("Fine", tuple(check for check in checks if not check.status))
    summary = f"{wrong[0].name}: {wrong[0].advice}" if wrong else "nothing is wrong that could be seen from here"
    sections = (Section("What is wrong, most likely cause first", wrong), fine) if wrong else (fine,)
    return Report("diagnose", operator.service.url, sections, summary, asked=operator.asked)


def _unreachable(operator: Operator, error: OperationFailed) -> Iterator[Check]:
    """Why the service does not answer: another process has its port, it hangs, it is down, or it answers something else."""
    target = target_section(operator)
    said = "; ".join(target.notes) or "not running"
    process = listener(operator.service.url) if operator.target.here else ""
    if process and target.status is not Status.FINE:
        what = f"{process} listens on the service's port, and {operator.target.name} says: {said}"
        yield Check("port taken", Status.CRITICAL, what, advice="end that process, or set another PXL_SERVER_PORT; then pxl ops start")
    if not isinstance(error, ServiceUnreachable):
        status = Status.UNKNOWN if "status 401" in str(error) else Status.CRITICAL
        yield Check(
            "unexpected answer", status, str(error), advice="correct PXL_OPS_URL or HMAC_SECRET_KEY, or see which process answers there"
        )
    elif process and target.status is Status.FINE:
        yield Check("service hung", Status.CRITICAL, f"{process} takes connections and does not answer", advice="pxl ops restart")
    else:
        yield Check("service down", Status.CRITICAL, f"{error}; {said}", advice="pxl ops start")


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


def _uptime(metrics: Mapping[str, Any]) -> Check:
    seconds = number(metrics, "logos_pxl_uptime_seconds")
    return Check("uptime", Status.UNKNOWN if seconds is None else Status.FINE, None if seconds is None else round(seconds), "s")


def _explained(check: Check, metrics: Mapping[str, Any]) -> Check:
    """The check of an indicator; past its target with the part that explains it best."""
    if check.status not in (Status.ATTENTION, Status.CRITICAL) or check.name not in _EXPLAINED_BY:
        return check
    words, prefix, page = _EXPLAINED_BY[check.name]
    parts = {name.removeprefix(prefix).strip('"}'): number(metrics, name) or 0.0 for name in metrics if name.startswith(prefix)}
    parts.pop("total", None)
    largest = max(parts, key=lambda name: parts[name], default="not known")
    return replace(check, advice=f"{words} {largest}: {page}")

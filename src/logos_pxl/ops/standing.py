"""``pxl ops status``: what the target says, and what the service says of itself."""

from collections.abc import Mapping
from typing import Any

from logos_pxl.ops.errors import ServiceUnreachable, TargetFailed
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.thresholds import kpi_checks

_OF_HEALTH = {"ok": Status.FINE, "degraded": Status.ATTENTION, "unavailable": Status.CRITICAL}


def standing(operator: Operator) -> Report:
    """Target, health, indicators."""
    sections = [_target(operator)]
    try:
        sections.append(health_section(operator.service.health()))
        sections.append(Section("Indicators", kpi_checks(operator.service.metrics())))
    except ServiceUnreachable as error:
        sections.append(Section("Service", (Check("answers", Status.CRITICAL, False, advice=f"{error}; then: pxl ops diagnose"),)))
    return Report("status", operator.service.url, tuple(sections))


def health_section(health: Mapping[str, Any]) -> Section:
    """``/health`` as checks."""
    status = _OF_HEALTH.get(str(health.get("status")), Status.UNKNOWN)
    problems = [str(problem) for problem in health.get("problems", [])]
    checks = (
        Check("health", status, str(health.get("status")), threshold="ok", advice="; ".join(problems)),
        Check("ready", Status.FINE if health.get("ready") else Status.CRITICAL, bool(health.get("ready")), threshold="yes"),
        _alarms(int(health.get("soundness_alarms", 0))),
    )
    return Section("Service", checks, data={"health": dict(health)})


def _alarms(count: int) -> Check:
    advice = "search and kernel disagreed: keep the post-mortems in PXL_DATA_DIR, and report them" if count else ""
    return Check("soundness alarms", Status.CRITICAL if count else Status.FINE, count, threshold="0", advice=advice)


def _target(operator: Operator) -> Section:
    title = f"Target: {operator.target.name}"
    try:
        found = operator.target.standing()
    except TargetFailed as error:
        return Section(title, (Check("runs", Status.UNKNOWN, advice=str(error)),))
    return Section(title, (Check("runs", Status.FINE if found.runs else Status.CRITICAL, found.runs),), notes=found.lines)

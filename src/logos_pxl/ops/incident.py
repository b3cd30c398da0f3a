"""``pxl ops incident TITLE``: a folder with the manual's report template and the evidence of the moment."""

import json
from datetime import UTC, datetime
from typing import Any

from logos_pxl.durable import replace_private_file
from logos_pxl.errors import ConfigurationError
from logos_pxl.logs.formats import escaped
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.health_check import diagnose
from logos_pxl.ops.lenient_settings import lenient_settings
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.thresholds import CACHE_HIT_RATE, P95_LATENCY, SEVERITY_CRITICAL_RATIO_PERCENT, VERIFICATION_RATIO, number
from logos_pxl.settings.configuration import Configuration

RESPONSES = {
    "critical": "respond within 5 minutes, escalate at once",
    "high": "respond within 15 minutes, escalate after 30 minutes",
    "medium": "respond within 1 hour, escalate after 2 hours",
    "low": "respond within 4 hours, escalate after 8 hours",
}
_LOG_LINES = 1000
_TEMPLATE = """\
# Incident Report: {id}

**Date**: {date}
**Duration**: {time} - [END_TIME] UTC
**Severity**: {severity}
**Status**: Investigating

## Summary
{title}

## Timeline
- **{time}**: Incident opened; {why}
- **[TIME]**: Response team notified
- **[TIME]**: Root cause identified
- **[TIME]**: Mitigation applied
- **[TIME]**: Service restored
- **[TIME]**: Monitoring confirmed

## Root Cause
Detailed analysis of what caused the incident.

## Impact
- **Users Affected**: [Number/Percentage]
- **Duration**: [Minutes/Hours]
- **SLA Impact**: [Yes/No - details]

## Resolution
Steps taken to resolve the incident.

## Prevention
Actions to prevent similar incidents:
- [ ] Monitoring improvements
- [ ] Code changes
- [ ] Infrastructure changes
- [ ] Process improvements

## Lessons Learned
Key takeaways and improvements identified.
"""


def open_incident(title: str, severity: str | None) -> Report:
    """Write report and evidence below ``PXL_DATA_DIR/incidents``. Works with a broken configuration and without a service."""
    settings, wrong = lenient_settings()
    operator, now = Operator.of(settings), datetime.now(UTC)
    health, metrics = _asked(operator, "health"), _asked(operator, "metrics")
    judged, why = _judged(health, metrics)
    severity = severity or judged
    name = f"INC-{now:%Y%m%d-%H%M%S}"
    folder = (settings.data_dir / "incidents" / name).absolute()
    folder.mkdir(parents=True, mode=0o700)
    evidence = {
        "report.md": _TEMPLATE.format(
            id=name, date=f"{now:%Y-%m-%d}", time=f"{now:%H:%M:%S}", severity=severity.capitalize(), title=" ".join(title.split()), why=why
        ),
        "health.json": json.dumps(health, indent=1),
        "metrics.json": json.dumps(metrics, indent=1),
        "log.txt": _log(operator),
        "settings.txt": _settings_text(wrong),
        "diagnosis.json": json.dumps(diagnose(operator, wrong or "").as_json(), indent=1),
    }
    for file, text in evidence.items():
        replace_private_file(folder / file, f"{text.rstrip()}\n".encode())
    check = Check("severity", Status.FINE, severity, threshold=RESPONSES[severity], advice=f"by the manual's table: {judged}: {why}")
    section = Section("Incident", (check,), tuple(evidence), {"id": name, "path": str(folder / "report.md"), "severity": severity})
    return Report("incident", str(folder), (section,), f"{name} opened: {folder / 'report.md'}", asked=operator.asked)


def _asked(operator: Operator, what: str) -> dict[str, Any]:
    try:
        return operator.service.health() if what == "health" else operator.service.metrics()
    except OperationFailed as error:
        return {"error": str(error)}


def _judged(health: dict[str, Any], metrics: dict[str, Any]) -> tuple[str, str]:
    """The severity by the manual's table, and why. Indicators that rest on few goals are left out."""
    if not health.get("ready"):
        return "critical", f"system down: {health.get('error') or '; '.join(map(str, health.get('problems', [])))}"
    if alarms := health.get("soundness_alarms"):
        return "critical", f"search and kernel disagreed {alarms} times"
    for severity, kpi, limit in (
        ("critical", VERIFICATION_RATIO, SEVERITY_CRITICAL_RATIO_PERCENT),
        ("high", P95_LATENCY, P95_LATENCY.critical),
        ("high", VERIFICATION_RATIO, VERIFICATION_RATIO.critical),
        ("medium", P95_LATENCY, P95_LATENCY.target),
        ("medium", CACHE_HIT_RATE, CACHE_HIT_RATE.critical),
    ):
        value = None if kpi.rests_on_few(metrics) else number(metrics, kpi.metric)
        if value is not None and (value < limit if kpi.higher_is_better else value > limit):
            return severity, f"{kpi.name} is {value:.1f} {kpi.unit}, limit {limit:g} {kpi.unit}"
    return "low", "the service is up, and no indicator is past a limit"


def _log(operator: Operator) -> str:
    try:
        return "\n".join(escaped(line) for line in operator.target.log_lines(_LOG_LINES))
    except OperationFailed as error:
        return str(error)


def _settings_text(wrong: str | None) -> str:
    """Every setting that is not at its default, without secrets."""
    try:
        entries = Configuration.load().entries()
    except ConfigurationError:
        return f"the configuration cannot be read: {wrong}"
    return "\n".join(f"{entry.variable}={entry.value}  ({entry.origin})" for entry in entries if entry.origin != "default")

"""What is known when an incident is opened, as lines of Markdown."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.health_check import diagnose
from logos_pxl.ops.incidents.document import Evidence, stamp
from logos_pxl.ops.log_files import error_lines, time_of
from logos_pxl.ops.report import Report
from logos_pxl.ops.running import Operator
from logos_pxl.ops.thresholds import KPIS, number

_BEFORE = timedelta(hours=1)
_SHOWN_EVENTS, _SHOWN_ERRORS = 12, 20
_LOG_LINES = 200


@dataclass(frozen=True, slots=True)
class Facts:
    """What the service and its log say; ``problem`` says why the service could not be asked."""

    report: Report
    health: Mapping[str, Any]
    metrics: Mapping[str, Any]
    log_lines: list[str]
    problem: str = ""


def gather(operator: Operator, wrong_configuration: str) -> Facts:
    """Ask for everything; what cannot be asked is empty."""
    health: Mapping[str, Any] = {}
    metrics: Mapping[str, Any] = {}
    lines: list[str] = []
    problem = ""
    try:
        health, metrics = operator.service.health(), operator.service.metrics()
    except OperationFailed as error:
        problem = str(error)
    with contextlib.suppress(OperationFailed):
        lines = operator.target.log_lines(_LOG_LINES)
    return Facts(diagnose(operator, wrong_configuration), health, metrics, lines, problem)


def evidence_of(facts: Facts) -> Evidence:
    """Of what was gathered now, and of the logs of the last hour."""
    since = datetime.now(UTC) - _BEFORE
    errors = error_lines(facts.log_lines, since=since)
    return Evidence(
        timeline=tuple(_timeline(facts, since, errors)),
        metrics=tuple(_metrics(facts)),
        diagnosis=tuple(_diagnosis(facts.report)),
        log=tuple(errors[-_SHOWN_ERRORS:]),
    )


def _timeline(facts: Facts, since: datetime, errors: list[str]) -> list[str]:
    """The service's starts and deaths and its first error of the last hour, in order."""
    events = []
    first = next(((at, line) for line in errors if (at := time_of(line))), None)
    if first is not None:
        events.append((first[0], f"first error in the log of the last hour: {first[1]}"))
    if (uptime_s := facts.health.get("uptime_s")) is not None:
        started = datetime.now(UTC) - timedelta(seconds=float(uptime_s))
        if started >= since:
            events.append((started, "the running service was started"))
    return [f"- **{stamp(at)}**: {what}" for at, what in sorted(events)[-_SHOWN_EVENTS:]]


def _metrics(facts: Facts) -> Iterator[str]:
    if not facts.metrics:
        yield f"The service could not be asked: {facts.problem}"
        return
    yield "| indicator | value | threshold | status |"
    yield "| --- | --- | --- | --- |"
    for kpi in KPIS:
        value = number(facts.metrics, kpi.metric)
        shown = "not known" if value is None else f"{value:.1f} {kpi.unit}"
        yield f"| {kpi.name} | {shown} | {kpi.wanted} | {kpi.judged(facts.metrics).word} |"
    for name in ("logos_pxl_window_goals", "logos_pxl_uptime_seconds", "logos_pxl_kernel_queue_length", "logos_pxl_searches_running"):
        value = number(facts.metrics, name)
        yield f"| `{name}` | {'not known' if value is None else f'{value:g}'} | | |"


def _diagnosis(report: Report) -> Iterator[str]:
    wrong = [check for section in report.sections for check in section.checks if check.status]
    for check in wrong:
        yield f"- **{check.name}** ({check.status.word}): {check.value}. What to do: {check.advice}"
    if not wrong:
        yield f"- {report.summary}"

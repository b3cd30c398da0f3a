"""What is known when an incident is opened, as lines of Markdown."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from logos_pxl.ops.diagnosis.facts import Facts
from logos_pxl.ops.diagnosis.operation import diagnosis
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.incidents.document import Evidence, stamp
from logos_pxl.ops.log_files import error_lines, last_lines, time_of
from logos_pxl.ops.report import Report
from logos_pxl.ops.supervisor.places import Places
from logos_pxl.ops.thresholds import KPIS, number

_BEFORE = timedelta(hours=1)
_SHOWN_EVENTS, _SHOWN_ERRORS = 12, 20
_SUPERVISOR_LINES = 200


def evidence_of(facts: Facts) -> Evidence:
    """Of what was gathered now, and of the logs of the last hour."""
    since = datetime.now(UTC) - _BEFORE
    errors = error_lines(facts.log_lines, since=since)
    return Evidence(
        timeline=tuple(_timeline(facts, since, errors)),
        metrics=tuple(_metrics(facts)),
        diagnosis=tuple(_diagnosis(diagnosis(facts))),
        log=tuple(errors[-_SHOWN_ERRORS:]),
    )


def _timeline(facts: Facts, since: datetime, errors: list[str]) -> list[str]:
    """The service's starts and deaths and its first error of the last hour, in order."""
    events = [(at, f"supervisor: {line.partition(' ')[2]}") for line in _supervisor_lines(facts) if (at := time_of(line)) and at >= since]
    first = next(((at, line) for line in errors if (at := time_of(line))), None)
    if first is not None:
        events.append((first[0], f"first error in the log of the last hour: {first[1]}"))
    if (uptime_s := facts.health.get("uptime_s")) is not None:
        started = datetime.now(UTC) - timedelta(seconds=float(uptime_s))
        if started >= since:
            events.append((started, "the running service was started"))
    return [f"- **{stamp(at)}**: {what}" for at, what in sorted(events)[-_SHOWN_EVENTS:]]


def _supervisor_lines(facts: Facts) -> list[str]:
    if facts.local is None:
        return []
    try:
        return last_lines(Places.of(facts.settings).log, _SUPERVISOR_LINES)
    except OperationFailed:
        return []


def _metrics(facts: Facts) -> Iterator[str]:
    if not facts.metrics:
        yield f"The service could not be asked: {facts.problem or facts.reach.value}"
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

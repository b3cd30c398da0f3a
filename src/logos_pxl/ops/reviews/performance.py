"""``pxl ops performance-review``: the week's requests, latency and errors by day, and how they compare with the week before."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median

from logos_pxl.logs.text import escaped
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.history.log_lines import ServerLine
from logos_pxl.ops.history.log_reading import LogReader
from logos_pxl.ops.history.performance_files import EndpointDay, performance_history
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.reviews.days import Day, by_day, days_ago, numbered, whole_days
from logos_pxl.ops.reviews.trend import CONFIDENCE, MIN_POINTS, Trend
from logos_pxl.ops.running import Operator
from logos_pxl.ops.thresholds import CACHE_HIT_RATE, P95_LATENCY, SLA_AVAILABILITY_PERCENT, UPTIME, kpi_checks

_SLOWER = 1.25
"""A P95 that is so many times that of the week before needs attention."""

_SHOWN_ERRORS = 10
_MAX_KINDS = 1_000
_ERRORS = ("ERROR", "CRITICAL")
# What differs between lines that say the same.
_VARYING = re.compile(r"request_id=\S+|[0-9a-f]{16,}|\d+(?:\.\d+)?")


@dataclass(slots=True)
class Reviewed:
    """What the review rests on. ``kinds`` counts error lines by what they say, numbers and ids left out."""

    days: list[Day]
    before: list[Day]
    endpoints: list[EndpointDay]
    levels: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)
    files: int = 0


def read_week(operator: Operator, *, days: int, now: datetime) -> Reviewed:
    """Read logs and performance documents of the span, and of the one before it."""
    log_dir = operator.settings.log_dir
    reader = LogReader(log_dir, days_ago(now, 2 * days))
    seen = by_day(reader.access())
    start = datetime.fromtimestamp(days_ago(now, days), UTC)
    reviewed = Reviewed([day for day in seen if day.day >= start.date()], [day for day in seen if day.day < start.date()], [])
    _count_errors(reviewed, LogReader(log_dir, start.timestamp(), reader.unreadable).server())
    reviewed.endpoints = performance_history(log_dir, since=start - timedelta(days=days), unreadable=reader.unreadable)
    reviewed.unreadable, reviewed.files = reader.unreadable, reader.files
    return reviewed


def _count_errors(reviewed: Reviewed, lines: Iterable[ServerLine]) -> None:
    for line in lines:
        reviewed.levels[line.level] += 1
        if line.level in _ERRORS:
            kind = _VARYING.sub("#", line.text)[:160]
            reviewed.kinds[kind if kind in reviewed.kinds or len(reviewed.kinds) < _MAX_KINDS else "others"] += 1


def review_performance(operator: Operator, reviewed: Reviewed, *, days: int, now: datetime) -> Report:
    """The report; what the service says now is part of it when it answers."""
    sections = [_now(operator), _week(reviewed, now), _errors(reviewed), _endpoints(reviewed), _sources(reviewed, days)]
    return Report("performance-review", f"{operator.service.url}, {days} days", tuple(sections))


def _now(operator: Operator) -> Section:
    try:
        return Section("Indicators now", kpi_checks(operator.service.metrics()))
    except OperationFailed as error:
        return Section("Indicators now", (Check("answers", Status.UNKNOWN, False, advice=str(error)),))


def _week(reviewed: Reviewed, now: datetime) -> Section:
    days = [day for day in reviewed.days if day.work]
    if not days:
        return Section("Requests", (Check("requests for verdicts", Status.UNKNOWN, 0, advice="the logs of these days have none"),))
    worst = max(days, key=lambda day: day.p95_ms)
    checks = [
        Check("requests for verdicts", Status.FINE, sum(day.work for day in days)),
        Check("busiest hour", Status.FINE, max(day.busiest_hour_rate for day in days), "requests/s"),
        _worst_day(worst),
        _compared(days, reviewed.before),
        _success(days),
    ]
    trend = Trend.of([(numbered(day.day), day.p95_ms) for day in whole_days([*reviewed.before, *days], now) if day.work])
    note = f"the worst day was {worst.day}; latency is the duration in access.log, of POST /prove and the like"
    if trend is None:
        trend_note = f"no trend: that needs {MIN_POINTS} whole days"
    else:
        slope = f"{trend.slope:+.3g} ms a day, between {trend.low:+.3g} and {trend.high:+.3g} ({CONFIDENCE:.0%})"
        trend_note = f"P95 over {trend.points} whole days: {trend.direction}, {slope}"
    return Section("Requests", tuple(checks), (note, trend_note), {"days": [_row(day) for day in reviewed.days]})


def _worst_day(day: Day) -> Check:
    status = P95_LATENCY.status(day.p95_ms)
    advice = "" if status is Status.FINE else P95_LATENCY.advice
    return Check("P95 latency of the worst day", status, day.p95_ms, "ms", P95_LATENCY.wanted, advice)


def _row(day: Day) -> dict[str, object]:
    return {
        "day": str(day.day),
        "requests": day.requests,
        "verdicts": day.work,
        "p50_ms": round(day.p50_ms, 2),
        "p95_ms": round(day.p95_ms, 2),
        "failed": day.failed,
        "status_401": day.statuses[401],
        "status_429": day.statuses[429],
    }


def _compared(days: Sequence[Day], before: Sequence[Day]) -> Check:
    former = [day.p95_ms for day in before if day.work]
    if not former:
        return Check("P95 against the week before", Status.FINE, "no logs of it")
    ratio = median(day.p95_ms for day in days) / max(median(former), 1e-3)
    # Twice almost nothing is still almost nothing.
    slower = ratio > _SLOWER and median(day.p95_ms for day in days) > P95_LATENCY.target / 10
    advice = "the median day is slower than that of the week before: pxl ops diagnose, pxl ops capacity-review" if slower else ""
    return Check(
        "P95 against the week before",
        Status.ATTENTION if slower else Status.FINE,
        round(ratio, 2),
        "times",
        f"<= {_SLOWER:g} times",
        advice,
    )


def _success(days: Sequence[Day]) -> Check:
    requests, failed = sum(day.requests for day in days), sum(day.failed for day in days)
    percent = 100 * (1 - failed / requests)
    status = UPTIME.status(percent)
    advice = "" if status is Status.FINE else f"{failed} of {requests} requests ended with 500 or above: see the errors below"
    return Check(
        "answered without a failure of ours", status, round(percent, 3), "%", f">= {SLA_AVAILABILITY_PERCENT:g} %, critical < 99 %", advice
    )


def _errors(reviewed: Reviewed) -> Section:
    errors, critical = reviewed.levels["ERROR"], reviewed.levels["CRITICAL"]
    checks = (
        Check(
            "ERROR lines", Status.ATTENTION if errors else Status.FINE, errors, threshold="0", advice="see what they say" if errors else ""
        ),
        Check(
            "CRITICAL lines",
            Status.CRITICAL if critical else Status.FINE,
            critical,
            threshold="0",
            advice="see what they say" if critical else "",
        ),
    )
    notes = tuple(f"{count} times: {escaped(kind)}" for kind, count in reviewed.kinds.most_common(_SHOWN_ERRORS))
    return Section("Errors in pxl-server.log", checks, notes, {"levels": dict(reviewed.levels)})


def _endpoints(reviewed: Reviewed) -> Section:
    """The endpoints that are asked for verdicts, by the service's own figures."""
    asked = [one for one in reviewed.endpoints if one.endpoint.startswith("POST ")]
    rows = [
        {"at": one.at.isoformat(), "endpoint": one.endpoint, "calls": one.calls, "p95_ms": round(one.p95_ms, 2), "errors": one.errors}
        for one in asked
    ]
    latest = {one.endpoint: one for one in asked}
    notes = tuple(
        f"{one.endpoint}: {one.calls} calls, P50 {one.p50_ms:.1f} ms, P95 {one.p95_ms:.1f} ms, P99 {one.p99_ms:.1f} ms, "
        f"{one.errors} failed, in the 24 hours until {one.at:%Y-%m-%d %H:%M}"
        for one in latest.values()
    )
    return Section(
        "Endpoints, by performance.json",
        notes=notes or ("no performance document has an endpoint that is asked for verdicts",),
        data={"history": rows},
    )


def _sources(reviewed: Reviewed, days: int) -> Section:
    status = Status.ATTENTION if reviewed.unreadable or not reviewed.files else Status.FINE
    advice = "; ".join(reviewed.unreadable) or (
        "" if reviewed.files else "there are no access logs: run this where the service writes them"
    )
    hint = f"a hit rate below {CACHE_HIT_RATE.target:g} % matters only where goals repeat"
    return Section("Sources", (Check("logs read", status, reviewed.files, "files", advice=advice),), (f"logs of {2 * days} days", hint))

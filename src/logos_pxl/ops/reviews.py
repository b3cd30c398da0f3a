"""``pxl ops performance-review`` and ``pxl ops capacity-review``.

Figures of other days come from Prometheus where it runs, else from the archived performance documents, each of which covers 24 hours. The
report says which of them was asked. A figure that is not known is unknown, never fine.
"""

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil, floor
from statistics import linear_regression, median
from typing import Any

from logos_pxl.logs.formats import escaped
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.history import History
from logos_pxl.ops.prometheus import query, query_days
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.thresholds import MEMORY_USAGE, P95_LATENCY, POOL_UTILIZATION, UPTIME, kpi_checks, number

_WORK = ("POST /prove", "POST /countermodel")
_SELECTED = '{endpoint=~"POST /(prove|countermodel).*"}'
_FAILED = '{endpoint=~"POST /(prove|countermodel).*",status=~"5.."}'
_KERNEL_SECONDS = 'logos_pxl_stage_duration_seconds_sum{stage="kernel"}'
_SLOWER, _NOTICEABLE_MS = 1.25, 30.0
_EARLY_P95_MS = 250.0
# A pool that is busier than this on average makes many requests wait.
_BUSY = 0.7
_PER_CORE = 2
_MIN_DAYS = 7
# What differs between error lines that say the same.
_VARYING = re.compile(r"[0-9a-f]{16,}|\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Span:
    """Requests for results in a span of days: how many, how many failed (5xx), and their P95 in milliseconds, if known."""

    requests: float
    failed: float
    p95_ms: float | None


def review_performance(operator: Operator, *, days: int) -> Report:
    """The last ``days`` days against those before, error lines, and the indicators now."""
    now = datetime.now(UTC)
    history = History(operator.settings.log_dir, (now - timedelta(days=2 * days)).timestamp())
    if url := operator.settings.prometheus_url:
        this, before = _span_of_prometheus(url, days, ""), _span_of_prometheus(url, days, f" offset {days}d")
        rows: list[dict[str, Any]] = []
    else:
        by_day = _documents(history)
        border = (now - timedelta(days=days)).date()
        this, before = (_span_of_days([work for day, work in by_day.items() if (day > border) is recent]) for recent in (True, False))
        rows = [{"day": str(day), "requests": work.requests, "p95_ms": work.p95_ms} for day, work in by_day.items() if day > border]
    recent = History(history.log_dir, (now - timedelta(days=days)).timestamp(), history.faults, history.files)
    performance = Section("Performance", tuple(_span_checks(this, before)), data={"days": rows})
    sections = (_now(operator), performance, _errors(recent), _sources(operator, history))
    return Report("performance-review", f"{operator.service.url}, {days} days", sections)


def _span_of_prometheus(url: str, days: int, offset: str) -> Span:
    window = f"[{days}d]{offset}"
    buckets = f"sum by (le) (increase(logos_pxl_http_request_duration_seconds_bucket{_SELECTED}{window}))"
    p95_s = query(url, f"histogram_quantile(0.95, {buckets})")
    counts = [query(url, f"sum(increase(logos_pxl_http_requests_total{labels}{window}))") for labels in (_SELECTED, _FAILED)]
    return Span(counts[0] or 0.0, counts[1] or 0.0, None if p95_s is None else p95_s * 1000)


def _documents(history: History) -> dict[date, Span]:
    """The last document of each day. One endpoint's P95 stands for the day: that with the most calls."""
    found = {}
    for day, endpoints in history.performance():
        work = [endpoint for endpoint in endpoints if str(endpoint.get("name", "")).startswith(_WORK) and endpoint.get("call_count")]
        if work:
            most = max(work, key=lambda endpoint: int(endpoint["call_count"]))
            calls, failed = (sum(int(endpoint[name]) for endpoint in work) for name in ("call_count", "error_count"))
            found[day] = Span(calls, failed, float(most["p95_duration_ms"]))
    return dict(sorted(found.items()))


def _span_of_days(days: Sequence[Span]) -> Span:
    p95s = [day.p95_ms for day in days if day.p95_ms is not None]
    return Span(sum(day.requests for day in days), sum(day.failed for day in days), median(p95s) if p95s else None)


def _span_checks(this: Span, before: Span) -> list[Check]:
    if not this.requests or this.p95_ms is None:
        return [Check("requests for results", Status.UNKNOWN, 0, advice="nothing is known of these days")]
    succeeded = 100 * (1 - this.failed / this.requests)
    p95 = Check("P95 latency of the days", P95_LATENCY.status(this.p95_ms), round(this.p95_ms, 1), "ms", P95_LATENCY.wanted)
    success = Check("answered without a failure (5xx)", UPTIME.status(succeeded), round(succeeded, 3), "%", UPTIME.wanted)
    checks = [Check("requests for results", Status.FINE, round(this.requests)), p95, success]
    if before.p95_ms:
        ratio = this.p95_ms / before.p95_ms
        slower = ratio > _SLOWER and this.p95_ms >= _NOTICEABLE_MS
        advice = f"it was {before.p95_ms:.1f} ms in the days before" if slower else ""
        status = Status.ATTENTION if slower else Status.FINE
        checks.append(Check("P95 against the days before", status, round(ratio, 2), "times", f"<= {_SLOWER}", advice))
    return checks


def _now(operator: Operator) -> Section:
    try:
        return Section("Indicators now", kpi_checks(operator.service.metrics()))
    except OperationFailed as error:
        return Section("Indicators now", (Check("answers", Status.UNKNOWN, False, advice=str(error)),))


def _errors(history: History) -> Section:
    levels, kinds = Counter[str](), Counter[str]()
    for line in history.server():
        if line["level"] in ("ERROR", "CRITICAL"):
            levels[line["level"]] += 1
            kinds[_VARYING.sub("#", escaped(str(line["event"])))[:160]] += 1
    checks = tuple(
        Check(f"{level} lines", status if levels[level] else Status.FINE, levels[level], threshold="0")
        for level, status in (("ERROR", Status.ATTENTION), ("CRITICAL", Status.CRITICAL))
    )
    return Section("Errors in pxl-server.log", checks, tuple(f"{count} times: {kind}" for kind, count in kinds.most_common(5)))


def _sources(operator: Operator, history: History) -> Section:
    log_dir = operator.settings.log_dir.absolute()
    advice = "; ".join(history.faults) or ("" if history.files else f"{log_dir} has no logs: run this where the service writes them")
    check = Check("files read", Status.ATTENTION if advice else Status.FINE, len(history.files), advice=advice)
    prometheus = operator.settings.prometheus_url or "none (PXL_PROMETHEUS_URL is not set)"
    return Section("Sources", (check,), (f"logs: {log_dir}", f"Prometheus: {prometheus}"))


def review_capacity(operator: Operator, *, days: int, ahead: int, cores: float | None) -> Report:
    """Pool and memory now, the trend of requests and P95, and a ``PXL_POOL_SIZE`` for the busiest hour."""
    now = datetime.now(UTC)
    history = History(operator.settings.log_dir, (now - timedelta(days=days)).timestamp())
    metrics = operator.service.metrics()
    lookups = sum(number(metrics, f"logos_pxl_cache_{kind}_total") or 0.0 for kind in ("hits", "misses"))
    p95 = number(metrics, P95_LATENCY.metric) or 0.0
    pool = (
        POOL_UTILIZATION.check(metrics),
        MEMORY_USAGE.check(metrics),
        Check("goals looked up since the start", Status.FINE, round(lookups)),
        Check("P95 latency now", Status.ATTENTION if p95 > _EARLY_P95_MS else Status.FINE, round(p95, 1), "ms", f"<= {_EARLY_P95_MS:g} ms"),
    )
    requests, p95s = _daily(operator, history, now, days)
    trends = [_trend("requests a day", requests, ahead, limit=None), _trend("P95 latency", p95s, ahead, limit=P95_LATENCY.target)]
    sizing = _sizing(operator, history, metrics, days, cores or (None if operator.settings.ops_url else _cores()))
    sections = (Section("The pool now", pool), Section("Trends", tuple(trends)), sizing, _sources(operator, history))
    return Report("capacity-review", f"{operator.service.url}, {days} days", sections)


Points = list[tuple[float, float]]


def _daily(operator: Operator, history: History, now: datetime, days: int) -> tuple[Points, Points]:
    """Requests and P95 by day number."""
    if url := operator.settings.prometheus_url:
        span = {"start_s": int((now - timedelta(days=days - 1)).timestamp()), "end_s": int(now.timestamp())}
        buckets = f"sum by (le) (increase(logos_pxl_http_request_duration_seconds_bucket{_SELECTED}[1d]))"
        return (
            query_days(url, f"sum(increase(logos_pxl_http_requests_total{_SELECTED}[1d]))", **span),
            query_days(url, f"1000 * histogram_quantile(0.95, {buckets})", **span),
        )
    by_day = [(float(day.toordinal()), work) for day, work in _documents(history).items()]
    return [(day, work.requests) for day, work in by_day], [(day, work.p95_ms) for day, work in by_day if work.p95_ms is not None]


def _trend(name: str, points: Points, ahead: int, *, limit: float | None) -> Check:
    """A straight line through the days (least squares), and where it will be."""
    if len(points) < _MIN_DAYS:
        return Check(name, Status.UNKNOWN, advice=f"a trend needs {_MIN_DAYS} days with requests, and {len(points)} are known")
    slope, at_zero = linear_regression([x for x, _ in points], [y for _, y in points])
    coming = max(0.0, at_zero + slope * (points[-1][0] + ahead))
    passes = limit is not None and coming >= limit
    advice = f"it will pass {limit:g} ms: more sessions or replicas before that" if passes else ""
    told = f"{slope:+.3g} a day over {len(points)} days; in {ahead} days {coming:.3g}"
    return Check(name, Status.ATTENTION if passes else Status.FINE, told, advice=advice)


def _sizing(operator: Operator, history: History, metrics: Mapping[str, Any], days: int, cores: float | None) -> Section:
    current = int(number(metrics, "logos_pxl_session_pool_max") or 0)
    busy, reason = _busiest(operator, history, metrics, days)
    if busy is None:
        return Section("PXL_POOL_SIZE", (Check("recommended", Status.UNKNOWN, current, "sessions", advice=reason),))
    wanted = max(1, ceil(busy / _BUSY))
    room = (number(metrics, "logos_pxl_memory_available_bytes") or 0.0) * MEMORY_USAGE.target / 100
    session = number(metrics, "logos_pxl_session_memory_resident_max_bytes") or 1.0
    bounds = [floor(room / max(1.0, session)) - operator.settings.pool_spares, *([] if cores is None else [floor(cores * _PER_CORE)])]
    recommended = max(1, min(wanted, *bounds))
    advice = f"set PXL_POOL_SIZE={recommended} and restart" if recommended > current else ""
    checks = [
        Check("now", Status.FINE, current, "sessions"),
        Check("recommended", Status.ATTENTION if advice else Status.FINE, recommended, "sessions", advice=advice),
    ]
    if wanted > recommended:
        many = f"the load wants {wanted} sessions: run {ceil(wanted / recommended)} replicas of {recommended}"
        checks.append(Check("this machine carries it", Status.ATTENTION, False, advice=many))
    notes = (
        reason,
        f"{wanted} sessions are busy {busy / wanted:.0%} of that time (at most {_BUSY:.0%})",
        f"this machine carries {bounds[0]} sessions by memory, " + (f"{bounds[1]} by {cores:g} cores" if cores else "cores are not known"),
    )
    return Section("PXL_POOL_SIZE", tuple(checks), notes, {"current": current, "recommended": recommended, "wanted": wanted, "busy": busy})


def _busiest(operator: Operator, history: History, metrics: Mapping[str, Any], days: int) -> tuple[float | None, str]:
    """Sessions busy on average in the busiest hour, and how that is known."""
    if url := operator.settings.prometheus_url:
        busy = query(url, f"max_over_time((sum(avg_over_time(logos_pxl_session_pool_busy[1h])))[{days}d:10m])")
        return busy, f"busy sessions in the busiest hour by Prometheus: {busy or 0:.3g}"
    hours = Counter(int(line["at"] // 3600) for line in history.access() if line["method"] == "POST" and line["status"] not in (401, 429))
    served = sum(
        float(value) for name, value in metrics.items()
        if name.startswith("logos_pxl_http_requests_total") and 'endpoint="POST /' in name and not re.search(r'status="(401|429)"', name)
    )  # fmt: skip
    kernel_s = number(metrics, _KERNEL_SECONDS)
    if not hours or not served or kernel_s is None:
        return None, "no request for a result in the logs, or none since the service's start"
    rate, each = max(hours.values()) / 3600, kernel_s / served
    busy = rate * each
    return busy, f"busiest hour: {rate:.3g} requests a second, each {each * 1000:.3g} ms of a session: {busy:.3g} busy sessions"


def _cores() -> float:
    return float(len(os.sched_getaffinity(0)))

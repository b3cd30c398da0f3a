"""``pxl ops capacity-review``: the trend of a month, what it will be in another, and how many sessions that wants."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.history.log_reading import LogReader
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.reviews.cores import usable_cores
from logos_pxl.ops.reviews.days import Day, by_day, days_ago, numbered, whole_days
from logos_pxl.ops.reviews.sizing import FULL, PER_CORE, WAITING, Machine, sessions_for, waiting_share
from logos_pxl.ops.reviews.trend import CONFIDENCE, MIN_POINTS, Forecast, Trend
from logos_pxl.ops.running import Operator
from logos_pxl.ops.thresholds import MEMORY_USAGE, P95_LATENCY, POOL_UTILIZATION, number

_KERNEL_SECONDS = 'logos_pxl_stage_duration_seconds_sum{stage="kernel"}'
_FEW_REQUESTS = 100
_REQUESTS = re.compile(r'logos_pxl_http_requests_total\{endpoint="POST /(?:prove|countermodel)(?:/batch)?",status="(\d+)"\}')


@dataclass(frozen=True, slots=True)
class Demand:
    """What sessions have to do, and will. Rates are requests for verdicts in a second; ``seconds`` is a session's time for one of them."""

    seconds: float
    requests: float
    busiest_hour: float
    coming_hour: Forecast | None

    @property
    def rate(self) -> float:
        """What to be ready for: the upper end of the forecast, and never less than what has been."""
        return max(self.busiest_hour, self.coming_hour.high if self.coming_hour else 0.0)

    @property
    def load(self) -> float:
        """Sessions busy on average at that rate, by Little's law."""
        return self.rate * self.seconds


def review_capacity(operator: Operator, *, days: int, ahead: int, cores: float | None) -> tuple[Report, list[Day]]:
    """Trends over ``days`` days, the forecast for ``ahead`` days, a ``PXL_POOL_SIZE`` for it; and the days that it rests on."""
    now = datetime.now(UTC)
    reader = LogReader(operator.settings.log_dir, days_ago(now, days))
    seen = by_day(reader.access())
    metrics = operator.service.metrics()
    sections = [
        Section("The pool now", (POOL_UTILIZATION.check(metrics), MEMORY_USAGE.check(metrics))),
        _trends(whole_days(seen, now), now, ahead),
        _sizing(metrics, seen, now, ahead, _machine(operator, metrics, cores)),
        _sources(reader, days),
    ]
    return Report("capacity-review", f"{operator.service.url}, {days} days", tuple(sections)), seen


def _sources(reader: LogReader, days: int) -> Section:
    check = Check(
        "logs read", Status.ATTENTION if reader.unreadable or not reader.files else Status.FINE, reader.files, "files",
        advice="; ".join(reader.unreadable) or ("" if reader.files else f"{reader.log_dir} holds no access logs: run this where they are"),
    )  # fmt: skip
    return Section(
        "Sources", (check,), (f"access.log and its archives of {days} days in {reader.log_dir}; /metrics since the service's start",)
    )


def _trends(days: Sequence[Day], now: datetime, ahead: int) -> Section:
    """Requests and latency by day, each with its trend."""
    table = [
        {"day": str(day.day), "work": day.work, "busiest_hour_per_s": round(day.busiest_hour_rate, 4), "p95_ms": round(day.p95_ms, 2)}
        for day in days
    ]
    coming = numbered(now.date()) + ahead
    work = Trend.of([(numbered(day.day), float(day.work)) for day in days])
    p95 = Trend.of([(numbered(day.day), day.p95_ms) for day in days if day.work])
    if work is None or p95 is None:
        advice = f"a trend needs {MIN_POINTS} whole days with requests, and the logs have {len(days)}: no forecast"
        return Section("Trends", (Check("trend", Status.UNKNOWN, advice=advice),), data={"days": table})
    late = p95.at(coming)
    checks = (
        Check("requests for verdicts", Status.FINE, work.direction, threshold=_per_day(work, "requests")),
        Check(f"in {ahead} days", Status.FINE, round(work.at(coming).value), "a day", _between(work.at(coming), 0)),
        Check("P95 latency", _latency_status(late), p95.direction, threshold=_per_day(p95, "ms"), advice=_latency_advice(late)),
        Check(f"P95 in {ahead} days", _latency_status(late), round(late.value, 1), "ms", _between(late, 1)),
    )
    note = (
        f"{len(days)} whole days; slopes are Theil and Sen's; intervals hold with {CONFIDENCE:.0%} if days scatter independently about a "
        "straight line"
    )
    return Section("Trends", checks, (note,), {"days": table})


def _per_day(trend: Trend, unit: str) -> str:
    return f"{trend.slope:+.3g} {unit} a day, between {trend.low:+.3g} and {trend.high:+.3g}"


def _between(forecast: Forecast, digits: int) -> str:
    return f"between {forecast.low:.{digits}f} and {forecast.high:.{digits}f}"


def _latency_status(forecast: Forecast) -> Status:
    """The manual's thresholds on what is expected, not on the end of an interval."""
    return min(P95_LATENCY.status(forecast.value), Status.ATTENTION)


def _latency_advice(forecast: Forecast) -> str:
    return "" if _latency_status(forecast) is Status.FINE else f"it will pass {P95_LATENCY.target:g} ms: scale before that"


def _machine(operator: Operator, metrics: Mapping[str, Any], cores: float | None) -> Machine:
    if cores is None and operator.target.name != "kubernetes":
        cores = usable_cores()
    return Machine(
        cores=cores,
        memory_bytes=_required(metrics, "logos_pxl_memory_available_bytes"),
        service_bytes=_required(metrics, "process_resident_memory_bytes"),
        session_bytes=max(1.0, _required(metrics, "logos_pxl_session_memory_resident_max_bytes")),
        spares=operator.settings.pool_spares,
        share=MEMORY_USAGE.target / 100,
    )


def _required(metrics: Mapping[str, Any], name: str) -> float:
    value = number(metrics, name)
    if value is None:
        raise OperationFailed(f"{name} is missing from /metrics: is the service of another version?")
    return value


def demand_of(metrics: Mapping[str, Any], days: Sequence[Day], now: datetime, ahead: int) -> Demand | None:
    """What the logs and the metrics say; ``None`` when nobody has asked for a verdict."""
    # Requests, not verdicts: a batch is one line in the log, and all its goals' work is that request's.
    requests = sum(float(value) for name, value in metrics.items() if (found := _REQUESTS.match(name)) and found[1] not in ("401", "429"))
    busiest = max((day.busiest_hour_rate for day in days), default=0.0)
    if not requests or not busiest:
        return None
    trend = Trend.of([(numbered(day.day), day.busiest_hour_rate) for day in whole_days(days, now)])
    coming = trend.at(numbered(now.date()) + ahead) if trend else None
    return Demand(_required(metrics, _KERNEL_SECONDS) / requests, requests, busiest, coming)


def _sizing(metrics: Mapping[str, Any], days: Sequence[Day], now: datetime, ahead: int, machine: Machine) -> Section:
    current = int(_required(metrics, "logos_pxl_session_pool_max"))
    demand = demand_of(metrics, days, now, ahead)
    if demand is None:
        advice = "no request for a verdict in the logs, or none since the service's start: there is nothing to go by"
        return Section("PXL_POOL_SIZE", (Check("recommended", Status.UNKNOWN, current, advice=advice),))
    wanted = sessions_for(demand.load)
    recommended = min(wanted, machine.most)
    few = demand.requests < _FEW_REQUESTS
    checks = [
        Check(
            "requests that the session time rests on",
            Status.ATTENTION if few else Status.FINE,
            round(demand.requests),
            threshold=f">= {_FEW_REQUESTS}",
            advice="too few since the service's start to tell a usual request from a chance one: review again later" if few else "",
        ),
        Check("now", Status.FINE, current, "sessions"),
        Check(
            "recommended",
            Status.ATTENTION if recommended > current else Status.FINE,
            recommended,
            "sessions",
            advice=_pool_advice(recommended, current),
        ),
    ]
    if wanted > machine.most:
        replicas = ceil(wanted / machine.most)
        advice = (
            f"the load wants {wanted} sessions, and one machine like this carries {machine.most}: run {replicas} replicas of {recommended}"
        )
        checks.append(Check("this machine carries it", Status.ATTENTION, False, advice=advice))
    data = {"current": current, "recommended": recommended, "wanted": wanted, "load_erlangs": demand.load, "machine_carries": machine.most}
    return Section("PXL_POOL_SIZE", tuple(checks), tuple(_reasoning(demand, machine, wanted, ahead)), data)


def _pool_advice(recommended: int, current: int) -> str:
    if recommended > current:
        return f"set PXL_POOL_SIZE={recommended} and restart"
    return "" if recommended == current else f"{current} are more than the load wants; there is no need to change it"


def _reasoning(demand: Demand, machine: Machine, wanted: int, ahead: int) -> list[str]:
    """How the number came about, step by step."""
    coming = demand.coming_hour
    forecast = (
        f"in {ahead} days {coming.value:.3g}, between {coming.low:.3g} and {coming.high:.3g}"
        if coming
        else f"no forecast, for that needs {MIN_POINTS} whole days"
    )
    cores = (
        "not known from here (--cores)"
        if machine.cores is None
        else f"{machine.cores:g} cores carry {machine.most_by_cores} at {PER_CORE} each"
    )
    waiting, busy = waiting_share(wanted, demand.load), demand.load / wanted
    room = f"room for {machine.most_by_memory} of {machine.session_bytes / (1 << 20):.0f} MiB, spares besides"
    return [
        f"a session works {demand.seconds * 1000:.3g} ms for a request, on average of {demand.requests:.0f}, cached ones included",
        f"busiest hour: {demand.busiest_hour:.3g} requests a second; {forecast}",
        f"offered load at {demand.rate:.3g} a second: {demand.load:.3g} busy sessions (Little's law)",
        f"{wanted} sessions: {waiting:.1%} of requests wait (Erlang C; at most {WAITING:.0%}), {busy:.0%} busy (at most {FULL:.0%})",
        f"cores: {cores}; memory: {room}, within {machine.share:.0%} of {machine.memory_bytes / (1 << 30):.1f} GiB",
    ]

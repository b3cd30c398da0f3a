"""``pxl ops recover-performance``: measure, act, measure again, say what changed.

What is measured is a real load of small goals, put on the service before and after; the idle service's indicators would tell nothing.
"""

from dataclasses import dataclass

import psutil

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.load import Measurement, measure
from logos_pxl.ops.report import Check, Report, Section, Status, Value
from logos_pxl.ops.running import Operator
from logos_pxl.ops.steps import StepFailed, Steps
from logos_pxl.ops.thresholds import CACHE_HIT_RATE, P95_LATENCY, POOL_UTILIZATION
from logos_pxl.ops.waiting import wait_until_ready
from logos_pxl.settings import Settings

_MORE_SESSIONS = 5
_SESSIONS_PER_PROCESSOR = 2
_MANUALS_TTL_S = 600.0
_SLOWER = 1.25
# Below this a difference is noise, in milliseconds.
_NOTICEABLE_MS = 5.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asked for; ``None`` is left to what is measured."""

    pool_size: int | None
    cache_ttl_s: float | None
    clients: int
    requests: int
    seconds: float
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A variable that is to have another value, and why."""

    variable: str
    before: str
    after: str
    why: str


def recover_performance(operator: Operator, wish: Wish, steps: Steps) -> Report:
    """The whole procedure. Raises ServiceUnreachable when the service is down: that is another scenario."""
    operator.service.health()
    before = steps.take("load before", lambda: _measured(operator, wish))
    metrics = operator.service.metrics()
    changes = planned(operator.settings, wish, before, cache=CACHE_HIT_RATE.judged(metrics), processors=psutil.cpu_count() or 1)
    if wish.dry_run:
        looked = (_measurement("Before", before), _changes_section(changes))
        return Report("recover-performance", operator.service.url, looked, "nothing was changed (--dry-run)")
    try:
        done = [change for change in changes if _set(operator, change, steps)]
        steps.take("service restarted", operator.target.restart, advice="pxl ops diagnose")
        steps.take(
            "service ready",
            lambda: wait_until_ready(operator.service, within_s=operator.settings.start_timeout_s),
            advice="pxl ops diagnose",
        )
        after = steps.take("load after", lambda: _measured(operator, wish))
    except StepFailed as error:
        return Report("recover-performance", operator.service.url, (_measurement("Before", before), steps.section()), f"not done: {error}")
    sections = (
        _measurement("Before", before),
        _changes_section(done),
        steps.section(),
        _measurement("After", after),
        compared(before, after, done),
    )
    return Report("recover-performance", operator.service.url, sections, _summary(before, after))


def planned(settings: Settings, wish: Wish, before: Measurement, *, cache: Status, processors: int) -> list[Change]:
    """What to change: what was asked for, else what the measurement calls for."""
    changes = []
    size = wish.pool_size
    why = "asked for"
    busiest = before.busiest_pool_percent
    if size is None and busiest is not None and busiest > POOL_UTILIZATION.target:
        size = min(settings.pool_size + _MORE_SESSIONS, _SESSIONS_PER_PROCESSOR * processors)
        why = f"{busiest:.0f} % of the sessions were busy under load"
    if size is not None and (size > settings.pool_size or wish.pool_size is not None) and size != settings.pool_size:
        changes.append(Change("PXL_POOL_SIZE", str(settings.pool_size), str(size), why))
    ttl_s, why = wish.cache_ttl_s, "asked for"
    if ttl_s is None and cache in (Status.ATTENTION, Status.CRITICAL) and settings.cache_ttl_s < _MANUALS_TTL_S:
        ttl_s, why = _MANUALS_TTL_S, "few look-ups spare a search"
    if ttl_s is not None and ttl_s != settings.cache_ttl_s:
        changes.append(Change("PXL_CACHE_TTL", f"{settings.cache_ttl_s:g}", f"{ttl_s:g}", why))
    return changes


def compared(before: Measurement, after: Measurement, changes: list[Change]) -> Section:
    """What became of it."""
    was, now = before.quantile_ms(0.95), after.quantile_ms(0.95)
    undo = "undo: " + ", ".join(f"{change.variable}={change.before}" for change in changes) if changes else "pxl ops diagnose"
    if was is None or now is None:
        return Section("What changed", (Check("P95 of the load", Status.CRITICAL, None, advice="there were no answers to compare"),))
    slower = now > was * _SLOWER and now - was > _NOTICEABLE_MS
    checks = (
        Check(
            "P95 of the load, change", Status.ATTENTION if slower else Status.FINE, round(now - was, 1), "ms", advice=undo if slower else ""
        ),
        Check("answers in a second, change", Status.FINE, round(after.per_second - before.per_second, 1), "1/s"),
    )
    return Section("What changed", checks)


def _measured(operator: Operator, wish: Wish) -> Measurement:
    measured = measure(operator.service, clients=wish.clients, requests=wish.requests, seconds=wish.seconds)
    if measured.refused_by_quota:
        raise OperationFailed(
            f"{measured.refused_by_quota} of {measured.requests} requests were over the quota (RATE_LIMIT_PER_MINUTE): "
            "the load says nothing; give fewer with --requests, or exempt the operator"
        )
    return measured


def _measurement(title: str, measured: Measurement) -> Section:
    p95 = measured.quantile_ms(0.95)
    status = Status.CRITICAL if p95 is None else P95_LATENCY.status(p95)
    advice = "" if status is Status.FINE else P95_LATENCY.advice
    wrong = Check("wrong verdicts", Status.CRITICAL if measured.wrong else Status.FINE, measured.wrong, threshold="0")
    share = measured.failed / measured.requests if measured.requests else 1.0
    checks = (
        _figure("P50 of the load", measured.quantile_ms(0.5), "ms"),
        Check("P95 of the load", status, None if p95 is None else round(p95, 1), "ms", P95_LATENCY.wanted, advice),
        _figure("answers in a second", measured.per_second, "1/s"),
        Check("requests without a verdict", Status.FINE if not share else Status.CRITICAL, measured.failed, f"of {measured.requests}", "0"),
        wrong,
        _figure("sessions busy, at most", measured.busiest_pool_percent, "%"),
    )
    return Section(title, checks, data=measured.as_json())


def _figure(name: str, value: float | None, unit: str) -> Check:
    shown: Value = None if value is None else round(value, 1)
    return Check(name, Status.FINE, shown, unit)


def _changes_section(changes: list[Change]) -> Section:
    checks = tuple(Check(change.variable, Status.FINE, f"{change.before} -> {change.after}", advice=change.why) for change in changes)
    return Section(
        "Changes", checks, () if changes else ("no setting calls for a change; a restart makes new sessions and an empty cache",)
    )


def _set(operator: Operator, change: Change, steps: Steps) -> bool:
    try:
        operator.target.set_variable(change.variable, change.after)
    except OperationFailed as error:
        # The restart may help by itself; that this could not be done is told.
        steps.note(Check(f"{change.variable} set", Status.ATTENTION, False, advice=str(error)))
        return False
    steps.note(Check(f"{change.variable} set", Status.FINE, change.after))
    return True


def _summary(before: Measurement, after: Measurement) -> str:
    was, now = before.quantile_ms(0.95), after.quantile_ms(0.95)
    if was is None or now is None:
        return "the load got no answers"
    word = "faster" if now < was else "slower"
    recovered = "performance is well" if P95_LATENCY.status(now) is Status.FINE else "performance is still degraded: pxl ops diagnose"
    return f"P95 of the load: {was:.1f} ms before, {now:.1f} ms after ({abs(was - now):.1f} ms {word}); {recovered}"

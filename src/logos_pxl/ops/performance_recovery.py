"""``pxl ops recover-performance``: measure under a load, adjust and restart, measure again, say what changed."""

from dataclasses import asdict, dataclass

import psutil

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.load import Measurement, measure
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.steps import StepFailed, Steps, wait_until_ready
from logos_pxl.ops.thresholds import CACHE_HIT_RATE, P95_LATENCY, POOL_UTILIZATION
from logos_pxl.settings import Settings

_MORE_SESSIONS = 5
_SESSIONS_PER_PROCESSOR = 2
_MANUALS_TTL_S = 600.0
# A smaller difference is noise.
_SLOWER, _NOTICEABLE_MS = 1.25, 5.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asked for. ``None`` is decided by the measurement."""

    pool_size: int | None
    cache_ttl_s: float | None
    clients: int
    requests: int
    seconds: float
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A variable that gets another value, and why."""

    variable: str
    before: str
    after: str
    why: str


def recover_performance(operator: Operator, wish: Wish, steps: Steps) -> Report:
    """The whole procedure. Raises ServiceUnreachable when the service is down: restart it first."""
    operator.service.health()
    url, sections = operator.service.url, []
    try:
        before = steps.take("load before", lambda: _measured(operator, wish))
        cache = CACHE_HIT_RATE.judged(operator.service.metrics())
        changes = planned(operator.settings, wish, before, cache=cache, processors=psutil.cpu_count() or 1)
        sections += [_measurement("Before", before), _changes_section(changes)]
        if wish.dry_run:
            return Report("recover-performance", url, tuple(sections), "nothing was changed (--dry-run)")
        done = [change for change in changes if _set(operator, change, steps)]
        steps.take("service restarted", operator.target.restart, advice="pxl ops diagnose")
        within_s = operator.settings.start_timeout_s
        steps.take("service ready", lambda: wait_until_ready(operator.service, within_s=within_s), advice="pxl ops diagnose")
        after = steps.take("load after", lambda: _measured(operator, wish))
    except StepFailed as error:
        return Report("recover-performance", url, (*sections, steps.section()), f"not done: {error}")
    sections += [steps.section(), _measurement("After", after), compared(before, after, done)]
    return Report("recover-performance", url, tuple(sections), _summary(before, after))


def planned(settings: Settings, wish: Wish, before: Measurement, *, cache: Status, processors: int) -> list[Change]:
    """The changes that were asked for, else those that the measurement calls for."""
    changes = []
    size, why = wish.pool_size, "asked for"
    busiest = before.busiest_pool_percent
    if size is None and busiest is not None and busiest > POOL_UTILIZATION.target:
        size = max(settings.pool_size, min(settings.pool_size + _MORE_SESSIONS, _SESSIONS_PER_PROCESSOR * processors))
        why = f"{busiest:.0f} % of the sessions were busy under load"
    if size is not None and size != settings.pool_size:
        changes.append(Change("PXL_POOL_SIZE", str(settings.pool_size), str(size), why))
    ttl_s, why = wish.cache_ttl_s, "asked for"
    if ttl_s is None and cache in (Status.ATTENTION, Status.CRITICAL) and settings.cache_ttl_s < _MANUALS_TTL_S:
        ttl_s, why = _MANUALS_TTL_S, "few look-ups are answered by the cache"
    if ttl_s is not None and ttl_s != settings.cache_ttl_s:
        changes.append(Change("PXL_CACHE_TTL", f"{settings.cache_ttl_s:g}", f"{ttl_s:g}", why))
    return changes


def compared(before: Measurement, after: Measurement, changes: list[Change]) -> Section:
    """The difference that the changes made, and how to undo them when it is for the worse."""
    was, now = before.p95_ms, after.p95_ms
    if was is None or now is None:
        return Section("What changed", (Check("P95 of the load", Status.CRITICAL, None, advice="there were no answers to compare"),))
    slower = now > was * _SLOWER and now - was > _NOTICEABLE_MS
    undo = "undo: pxl ops set " + " ".join(f"{change.variable}={change.before}" for change in changes) if changes else "pxl ops diagnose"
    change = Check(
        "P95 of the load, change", Status.ATTENTION if slower else Status.FINE, round(now - was, 1), "ms", advice=undo if slower else ""
    )
    rate = Check("answers in a second, change", Status.FINE, round(after.per_second - before.per_second, 1), "1/s")
    return Section("What changed", (change, rate))


def _measured(operator: Operator, wish: Wish) -> Measurement:
    return measure(operator.service, clients=wish.clients, requests=wish.requests, seconds=wish.seconds)


def _measurement(title: str, measured: Measurement) -> Section:
    status = Status.CRITICAL if measured.p95_ms is None else P95_LATENCY.status(measured.p95_ms)
    failed, wrong = (Status.CRITICAL if count else Status.FINE for count in (measured.failed, measured.wrong))
    checks = (
        _figure("P50 of the load", measured.p50_ms, "ms"),
        Check("P95 of the load", status, _rounded(measured.p95_ms), "ms", P95_LATENCY.wanted, P95_LATENCY.advice if status else ""),
        _figure("answers in a second", measured.per_second, "1/s"),
        Check("requests without a verdict", failed, measured.failed, f"of {measured.requests}", "0"),
        Check("wrong verdicts", wrong, measured.wrong, threshold="0"),
        _figure("sessions busy, at most", measured.busiest_pool_percent, "%"),
    )
    return Section(title, checks, data=asdict(measured))


def _figure(name: str, value: float | None, unit: str) -> Check:
    return Check(name, Status.FINE, _rounded(value), unit)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _changes_section(changes: list[Change]) -> Section:
    checks = tuple(Check(change.variable, Status.FINE, f"{change.before} -> {change.after}", advice=change.why) for change in changes)
    return Section("Changes", checks, () if changes else ("no setting calls for a change; a restart makes new sessions",))


def _set(operator: Operator, change: Change, steps: Steps) -> bool:
    """Set one variable. When that fails the restart may still help, and the report says so."""
    try:
        operator.target.set_variable(change.variable, change.after)
    except OperationFailed as error:
        steps.note(Check(f"{change.variable} set", Status.ATTENTION, False, advice=str(error)))
        return False
    steps.note(Check(f"{change.variable} set", Status.FINE, change.after))
    return True


def _summary(before: Measurement, after: Measurement) -> str:
    was, now = before.p95_ms, after.p95_ms
    if was is None or now is None:
        return "the load got no answers"
    word = "faster" if now < was else "slower"
    recovered = "performance is well" if P95_LATENCY.status(now) is Status.FINE else "performance is still degraded: pxl ops diagnose"
    return f"P95 of the load: {was:.1f} ms before, {now:.1f} ms after ({abs(was - now):.1f} ms {word}); {recovered}"

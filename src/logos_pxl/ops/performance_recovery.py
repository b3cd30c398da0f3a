"""``pxl ops recover-performance``: measure, adjust PXL_POOL_SIZE and PXL_CACHE_TTL, restart, measure again, say what changed."""

import secrets
import time
from dataclasses import asdict, dataclass
from functools import partial

import psutil

from logos_pxl.ops.errors import ServiceUnreachable
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.steps import StepFailed, Steps, wait_until_ready
from logos_pxl.ops.thresholds import CACHE_HIT_RATE, P95_LATENCY, POOL_UTILIZATION, number
from logos_pxl.settings import Settings

# Each is decided in a millisecond or two, so that the service is measured and not the search.
_PATTERNS = (("BOX({0} -> {0})", "valid"), ("{0} -> BOX({0})", "invalid"), ("DIA({0}) -> BOX(DIA({0}))", "valid"))
_LOOK_EVERY = 10
_MORE_SESSIONS, _SESSIONS_PER_PROCESSOR = 5, 2
_MANUALS_TTL_S = 600.0
# A smaller difference of latencies is noise.
_SLOWER, _NOTICEABLE_MS = 1.25, 5.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asked for. ``None`` is decided by the measurement."""

    pool_size: int | None
    cache_ttl_s: float | None
    requests: int
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Measurement:
    """Of ``requests`` small goals: how many got no verdict or a wrong one, and the 95th percentile of the latencies in milliseconds.

    ``busiest_pool_percent`` is the highest utilization of the session pool meanwhile; ``None`` when it is not known.
    """

    requests: int
    failed: int
    wrong: int
    p95_ms: float | None
    busiest_pool_percent: float | None


def recover_performance(operator: Operator, wish: Wish, steps: Steps) -> Report:
    """The whole procedure. Raises ServiceUnreachable when the service is down: start it first."""
    operator.service.health()
    sections: list[Section] = []
    try:
        before = steps.take("measured before", lambda: measure(operator.service, wish.requests))
        changes = planned(operator.settings, wish, before, cache=CACHE_HIT_RATE.judged(operator.service.metrics()))
        lines = tuple(Check(name, Status.FINE, f"{was} -> {value}", advice=why) for name, was, value, why in changes)
        notes = () if changes else ("no setting calls for a change; a restart makes new sessions",)
        sections += [_section("Before", before), Section("Changes", lines, notes)]
        if wish.dry_run:
            return Report("recover-performance", operator.service.url, tuple(sections), "nothing was changed (--dry-run)")
        for name, _, value, _ in changes:
            steps.take(f"{name} set", partial(operator.target.set_variable, name, value))
        steps.take("service restarted", operator.target.restart, advice="pxl ops diagnose")
        within_s = operator.settings.start_timeout_s
        steps.take("service ready", lambda: wait_until_ready(operator.service, within_s=within_s), advice="pxl ops diagnose")
        after = steps.take("measured after", lambda: measure(operator.service, wish.requests))
    except StepFailed as error:
        return Report("recover-performance", operator.service.url, (*sections, steps.section()), f"not done: {error}")
    difference, summary = compared(before, after, " ".join(f"{name}={was}" for name, was, *_ in changes))
    sections += [steps.section(), _section("After", after), Section("What changed", (difference,))]
    return Report("recover-performance", operator.service.url, tuple(sections), summary)


def measure(service: ServiceReader, requests: int) -> Measurement:
    """Ask for ``requests`` small goals one after the other. Raises OperationFailed when one is refused, such as over the quota."""
    mark, failed, wrong = secrets.token_hex(4), 0, 0
    latencies: list[float] = []
    busy: list[float] = []
    for place in range(requests):
        pattern, expected = _PATTERNS[place % len(_PATTERNS)]
        started = time.monotonic()
        try:
            verdict = service.prove(pattern.format(f"load_{mark}_{place}"))["verdict"]
            latencies.append((time.monotonic() - started) * 1000)
            failed += verdict == "unknown"
            wrong += verdict not in (expected, "unknown")
            if place % _LOOK_EVERY == 0:
                busy.append(number(service.metrics(), POOL_UTILIZATION.metric) or 0.0)
        except ServiceUnreachable:
            failed += 1
    p95_ms = sorted(latencies)[int(0.95 * (len(latencies) - 1))] if latencies else None
    return Measurement(requests, failed, wrong, p95_ms, max(busy, default=None))


def planned(settings: Settings, wish: Wish, before: Measurement, *, cache: Status) -> list[tuple[str, str, str, str]]:
    """The changes that were asked for, else those that the measurement calls for: variable, old value, new value, reason."""
    changes = []
    size, why = wish.pool_size, "asked for"
    busiest = before.busiest_pool_percent
    if size is None and busiest is not None and busiest > POOL_UTILIZATION.target:
        most = _SESSIONS_PER_PROCESSOR * (psutil.cpu_count() or 1)
        size, why = max(settings.pool_size, min(settings.pool_size + _MORE_SESSIONS, most)), f"{busiest:.0f} % of the sessions were busy"
    if size is not None and size != settings.pool_size:
        changes.append(("PXL_POOL_SIZE", str(settings.pool_size), str(size), why))
    ttl_s, why = wish.cache_ttl_s, "asked for"
    if ttl_s is None and cache in (Status.ATTENTION, Status.CRITICAL) and settings.cache_ttl_s < _MANUALS_TTL_S:
        ttl_s, why = _MANUALS_TTL_S, "few look-ups are answered by the cache"
    if ttl_s is not None and ttl_s != settings.cache_ttl_s:
        changes.append(("PXL_CACHE_TTL", f"{settings.cache_ttl_s:g}", f"{ttl_s:g}", why))
    return changes


def compared(before: Measurement, after: Measurement, former: str) -> tuple[Check, str]:
    """The difference as a check and as a sentence. ``former`` are the old values, for undoing a change for the worse."""
    was, now = before.p95_ms, after.p95_ms
    if was is None or now is None:
        return Check("P95, change", Status.CRITICAL, None, advice="there were no answers to compare"), "there were no answers to compare"
    slower = now > was * _SLOWER and now - was > _NOTICEABLE_MS
    advice = "" if not slower else f"undo: pxl ops set {former}" if former else "pxl ops diagnose"
    recovered = "performance is well" if P95_LATENCY.status(now) is Status.FINE else "performance is still degraded: pxl ops diagnose"
    summary = f"P95: {was:.1f} ms before, {now:.1f} ms after ({now - was:+.1f} ms); {recovered}"
    return Check("P95, change", Status.ATTENTION if slower else Status.FINE, round(now - was, 1), "ms", advice=advice), summary


def _section(title: str, measured: Measurement) -> Section:
    p95, busiest = measured.p95_ms, measured.busiest_pool_percent
    status = Status.CRITICAL if p95 is None else P95_LATENCY.status(p95)
    failed, wrong = (Status.CRITICAL if count else Status.FINE for count in (measured.failed, measured.wrong))
    checks = (
        Check("P95", status, p95 and round(p95, 1), "ms", P95_LATENCY.wanted, P95_LATENCY.advice if status else ""),
        Check("requests without a verdict", failed, measured.failed, f"of {measured.requests}", "0"),
        Check("wrong verdicts", wrong, measured.wrong, threshold="0"),
        Check("sessions busy, at most", Status.FINE, busiest and round(busiest, 1), "%"),
    )
    return Section(title, checks, data=asdict(measured))

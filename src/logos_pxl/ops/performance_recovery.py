"""``pxl ops recover-performance``: measure under a load of small goals, adjust and restart, measure again, say what changed."""

import contextlib
import secrets
import statistics
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import takewhile

import psutil

from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.steps import StepFailed, Steps, wait_until_ready
from logos_pxl.ops.thresholds import CACHE_HIT_RATE, P95_LATENCY, POOL_UTILIZATION
from logos_pxl.settings import Settings

# Each is decided in a millisecond or two, so that the service is measured and not the search. Each comes back _COPIES times, as goals do.
_PATTERNS = (("BOX({0} -> {0})", "valid"), ("{0} -> BOX({0})", "invalid"), ("DIA({0}) -> BOX(DIA({0}))", "valid"))
_COPIES = 4
_MORE_SESSIONS, _SESSIONS_PER_PROCESSOR = 5, 2
_MANUALS_TTL_S = 600.0
# A smaller difference of latencies is noise.
_SLOWER, _NOTICEABLE_MS = 1.25, 5.0
_OK, _TOO_MANY = 200, 429


_Answer = tuple[int, bool | None, float]
"""HTTP status (0 without an answer), whether the verdict is right (``None`` without one), and the latency in milliseconds."""


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
class Measurement:
    """``failed`` counts requests without a verdict, ``wrong`` wrong verdicts; latencies are the client's, in milliseconds."""

    requests: int
    failed: int
    wrong: int
    p50_ms: float | None
    p95_ms: float | None
    per_second: float
    busiest_pool_percent: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """A variable that gets another value, and why."""

    variable: str
    before: str
    after: str
    why: str


def recover_performance(operator: Operator, wish: Wish, steps: Steps) -> Report:
    """The whole procedure. Raises ServiceUnreachable when the service is down: start it first."""
    operator.service.health()
    url, sections = operator.service.url, []
    try:
        before = steps.take("load before", lambda: measure(operator.service, wish))
        cache = CACHE_HIT_RATE.judged(operator.service.metrics())
        changes = planned(operator.settings, wish, before, cache=cache, processors=psutil.cpu_count() or 1)
        lines = tuple(Check(change.variable, Status.FINE, f"{change.before} -> {change.after}", advice=change.why) for change in changes)
        notes = () if changes else ("no setting calls for a change; a restart makes new sessions",)
        sections += [_measurement("Before", before), Section("Changes", lines, notes)]
        if wish.dry_run:
            return Report("recover-performance", url, tuple(sections), "nothing was changed (--dry-run)")
        for change in changes:
            steps.take(f"{change.variable} set", partial(operator.target.set_variable, change.variable, change.after))
        steps.take("service restarted", operator.target.restart, advice="pxl ops diagnose")
        within_s = operator.settings.start_timeout_s
        steps.take("service ready", lambda: wait_until_ready(operator.service, within_s=within_s), advice="pxl ops diagnose")
        after = steps.take("load after", lambda: measure(operator.service, wish))
    except StepFailed as error:
        return Report("recover-performance", url, (*sections, steps.section()), f"not done: {error}")
    difference, summary = compared(before, after, changes)
    sections += [steps.section(), _measurement("After", after), Section("What changed", (difference,))]
    return Report("recover-performance", url, tuple(sections), summary)


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


def compared(before: Measurement, after: Measurement, changes: list[Change]) -> tuple[Check, str]:
    """The difference that the changes made, with how to undo them when it is for the worse; and the same in a sentence."""
    was, now = before.p95_ms, after.p95_ms
    if was is None or now is None:
        return Check("P95 of the load", Status.CRITICAL, None, advice="there were no answers to compare"), "the load got no answers"
    slower = now > was * _SLOWER and now - was > _NOTICEABLE_MS
    undo = "undo: pxl ops set " + " ".join(f"{change.variable}={change.before}" for change in changes) if changes else "pxl ops diagnose"
    status, advice = (Status.ATTENTION, undo) if slower else (Status.FINE, "")
    recovered = "performance is well" if P95_LATENCY.status(now) is Status.FINE else "performance is still degraded: pxl ops diagnose"
    summary = f"P95 of the load: {was:.1f} ms before, {now:.1f} ms after ({now - was:+.1f} ms); {recovered}"
    return Check("P95 of the load, change", status, round(now - was, 1), "ms", advice=advice), summary


def _measurement(title: str, measured: Measurement) -> Section:
    p95 = measured.p95_ms
    status = Status.CRITICAL if p95 is None else P95_LATENCY.status(p95)
    failed, wrong = (Status.CRITICAL if count else Status.FINE for count in (measured.failed, measured.wrong))
    busiest = measured.busiest_pool_percent
    checks = (
        Check("P95 of the load", status, p95 and round(p95, 1), "ms", P95_LATENCY.wanted, P95_LATENCY.advice if status else ""),
        Check("answers in a second", Status.FINE, round(measured.per_second, 1), "1/s"),
        Check("requests without a verdict", failed, measured.failed, f"of {measured.requests}", "0"),
        Check("wrong verdicts", wrong, measured.wrong, threshold="0"),
        Check("sessions busy, at most", Status.FINE, busiest and round(busiest, 1), "%"),
    )
    return Section(title, checks, data=asdict(measured))


def measure(service: ServiceReader, wish: Wish) -> Measurement:
    """Put the load on the service: at most ``wish.requests`` requests in at most ``wish.seconds``.

    A request without an answer counts as failed. Raises OperationFailed when requests are over the quota: then the figures say nothing.
    """
    goals = _goals(wish.requests)
    started = time.monotonic()
    with ThreadPoolExecutor(wish.clients + 1) as pool:
        shares = [goals[number :: wish.clients] for number in range(wish.clients)]
        asking = [pool.submit(_client, service, share, started + wish.seconds) for share in shares]
        busiest = pool.submit(_busiest_pool, service, asking)
    answers = [answer for client in asking for answer in client.result()]
    took_s = time.monotonic() - started
    if limited := sum(status == _TOO_MANY for status, *_ in answers):
        raise OperationFailed(
            f"{limited} of {len(answers)} requests were over the quota (RATE_LIMIT_PER_MINUTE): the load says nothing; "
            "give fewer with --requests, or exempt the operator"
        )
    latencies = sorted(latency_ms for _, right, latency_ms in answers if right is not None)
    return Measurement(
        requests=len(answers),
        failed=len(answers) - len(latencies),
        wrong=sum(right is False for _, right, _ in answers),
        p50_ms=statistics.median(latencies) if latencies else None,
        p95_ms=latencies[int(0.95 * (len(latencies) - 1))] if latencies else None,
        per_second=len(latencies) / took_s,
        busiest_pool_percent=busiest.result(),
    )


def _goals(count: int) -> list[tuple[str, str]]:
    mark = secrets.token_hex(4)
    patterns = [(*_PATTERNS[number % len(_PATTERNS)], number // (len(_PATTERNS) * _COPIES)) for number in range(count)]
    return [(pattern.format(f"load_{mark}_{number}"), expected) for pattern, expected, number in patterns]


def _client(service: ServiceReader, goals: list[tuple[str, str]], deadline: float) -> list[_Answer]:
    return [_ask(service, goal, expected) for goal, expected in takewhile(lambda _: time.monotonic() < deadline, goals)]


def _ask(service: ServiceReader, goal: str, expected: str) -> _Answer:
    started = time.monotonic()
    status, right = 0, None
    with contextlib.suppress(ServiceUnreachable, ValueError, AttributeError):
        answer = service.ask_to_prove(goal)
        status = answer.status
        verdict = answer.json().get("verdict") if status == _OK else None
        right = verdict == expected if verdict in ("valid", "invalid") else None
    return status, right, (time.monotonic() - started) * 1000


def _busiest_pool(service: ServiceReader, asking: list[Future[list[_Answer]]]) -> float | None:
    """The highest utilization of the session pool until all clients are done, in per cent; ``None`` when it is not known."""
    seen: list[float] = []
    while not all(client.done() for client in asking):
        with contextlib.suppress(ServiceUnreachable, ValueError, LookupError, TypeError):
            seen.append(float(service.ask("GET", "/health").json()["session_pool"]["utilization_rate"]) * 100)
        time.sleep(0.1)
    return max(seen, default=None)

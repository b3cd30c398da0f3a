"""Rules about the service itself: the manual's three scenarios, and what stands behind them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from logos_pxl.ops.diagnosis.facts import Facts
from logos_pxl.ops.diagnosis.findings import Finding
from logos_pxl.ops.diagnosis.reaching import Reach
from logos_pxl.ops.log_files import error_lines
from logos_pxl.ops.report import Status
from logos_pxl.ops.supervisor.state import Phase
from logos_pxl.ops.thresholds import CACHE_HIT_RATE, P95_LATENCY, POOL_UTILIZATION, VERIFICATION_RATIO, number

_OFTEN = 3
_MORE_SESSIONS = 5
_DOWN_LOG_S = 3600.0
_RATIO_REASONS = ("timeout", "resource_limit", "kernel_unavailable", "kernel_rejected", "cancelled")
_STAGES = ("queue", "search", "kernel", "cache", "store", "parse")
_STAGE_ADVICE = {
    "queue": "goals wait for a thread or a session: raise PXL_THREADS and PXL_POOL_SIZE up to the processors, or add replicas",
    "search": "goals are hard: shorter timeout_ms for those that may fail, long ones as jobs (Prefer: respond-async)",
    "kernel": "certificates are large: more processors, or replicas",
    "cache": "requests wait for others with the same goal, or for Redis: look at PXL_REDIS_TIMEOUT_MS",
    "store": "the disk of PXL_DATA_DIR is slow",
    "parse": "goals are very long",
}


def soundness(facts: Facts) -> Iterator[Finding]:
    """The worst there is."""
    wrong = [proof for proof in facts.proofs if proof.wrong]
    for proof in wrong:
        what = f"a goal that is {proof.expected} was answered {proof.verdict}: {proof.detail}"
        yield Finding("wrong verdict", Status.CRITICAL, what, "stop the service, keep PXL_DATA_DIR and the logs, report it")
    if alarms := facts.health.get("soundness_alarms"):
        what = f"search and kernel disagreed {alarms} times; no such verdict was given out"
        yield Finding("soundness alarm", Status.CRITICAL, what, "keep the post-mortems in PXL_DATA_DIR, and report them")


def down(facts: Facts) -> Iterator[Finding]:
    """Scenario 1: the system is completely down."""
    if facts.local is not None and facts.local.unsupervised:
        pids = ", ".join(map(str, facts.local.unsupervised))
        yield Finding(
            "supervisor dead", Status.ATTENTION, f"service {pids} runs without its supervisor", "pxl up: it takes the service over as it is"
        )
    yield from _dying(facts)
    if facts.reach is Reach.SILENT:
        what = f"it takes connections and does not answer: {facts.problem}"
        yield Finding(
            "service hung", Status.CRITICAL, what, f"{facts.restart_command}; the supervisor does so after PXL_HUNG_AFTER_S by itself"
        )
    elif facts.reach is Reach.REFUSED:
        yield Finding("service down", Status.CRITICAL, f"nobody listens at {facts.url}: {facts.problem}", _start(facts))
    elif facts.reach is Reach.FOREIGN:
        yield Finding("not the service", Status.CRITICAL, facts.problem, "mend PXL_OPS_URL, or find out who answers there")
    elif facts.reach is Reach.UNAUTHORIZED:
        yield Finding(
            "not let in", Status.UNKNOWN, facts.problem, "set HMAC_SECRET_KEY to the service's key, or open /health in PXL_OPEN_PATHS"
        )


def _dying(facts: Facts) -> Iterator[Finding]:
    state = facts.local.state if facts.local is not None else None
    if state is None or not state.in_a_row or (state.in_a_row < _OFTEN and state.phase is Phase.READY):
        return
    words = f"; it said: {' / '.join(state.last_words)}" if state.last_words else ""
    status = Status.ATTENTION if facts.reach is Reach.ANSWERS else Status.CRITICAL
    what = f"it died {state.in_a_row} times in a row, last {state.last_death}{words}"
    yield Finding(
        "service dies", status, what, "the supervisor starts it again; 'pxl restart' does it at once, 'pxl logs supervisor' tells more"
    )


def _start(facts: Facts) -> str:
    if facts.target != "local" or (facts.local is not None and facts.local.supervisor is not None):
        return facts.restart_command
    return "pxl up"


def kernel_sessions(facts: Facts) -> Iterator[Finding]:
    """Sessions do not start, canaries fail, or the service is ending."""
    if number(facts.metrics, "logos_pxl_draining"):
        yield Finding(
            "ending", Status.ATTENTION, "the service was asked to end, and lets requests in flight finish", "wait, or start another"
        )
    pool = facts.proof_server.get("session_pool", {})
    if failure := pool.get("last_start_failure"):
        what = f"Coq sessions do not start: {failure}"
        status = Status.ATTENTION if pool.get("active_sessions") else Status.CRITICAL
        yield Finding("sessions do not start", status, what, "memory and PXL_SESSION_* limits, then the kernel's files: make build")
    for canary in facts.proof_server.get("canaries", []):
        if canary.get("failing"):
            what = f"the {canary.get('name')} canary: {canary['failing']}"
            todo = f"step {canary.get('step') or 'not known'}; {facts.restart_command} makes new sessions; then look at load and memory"
            yield Finding("canary failing", Status.CRITICAL, what, todo)
    for proof in facts.proofs:
        if not proof.right and not proof.wrong:
            what = f"a small goal that is {proof.expected} got no verdict: {proof.detail}"
            yield Finding("proofs fail", Status.CRITICAL, what, f"the findings beside this one tell why; else: {facts.restart_command}")


def saturation(facts: Facts) -> Iterator[Finding]:
    """The pool or the search threads are full."""
    waiting = number(facts.metrics, "logos_pxl_kernel_queue_length") or 0.0
    used = facts.pool_utilization_percent
    status = Status.FINE if used is None else POOL_UTILIZATION.status(used)
    if used is not None and status is not Status.FINE:
        what = f"{used:.0f} % of the sessions are busy, {waiting:g} checks wait"
        yield Finding("pool saturated", status, what, _more_sessions(facts))
    running, queued = (number(facts.metrics, f"logos_pxl_{name}") or 0.0 for name in ("searches_running", "search_queue_length"))
    if queued and running >= facts.settings.threads:
        what = f"{running:g} searches run, {queued:g} goals wait for a thread"
        yield Finding("searches saturated", Status.ATTENTION, what, _STAGE_ADVICE["queue"])


def _more_sessions(facts: Facts) -> str:
    size = int(number(facts.metrics, "logos_pxl_session_pool_max") or facts.settings.pool_size)
    if size >= 2 * facts.processors and facts.target == "local":
        return f"add replicas: {size} sessions are more than {facts.processors} processors can keep at work"
    return f"pxl ops recover-performance, or PXL_POOL_SIZE={size + _MORE_SESSIONS} and {facts.restart_command}; or add replicas"


def latency(facts: Facts) -> Iterator[Finding]:
    """Scenario 2: high latency."""
    status = P95_LATENCY.judged(facts.metrics)
    if status in (Status.ATTENTION, Status.CRITICAL):
        means = {stage: _mean_ms(facts, stage) for stage in _STAGES}
        slowest = max(means, key=lambda stage: means[stage])
        shown = ", ".join(f"{stage} {mean:.0f} ms" for stage, mean in sorted(means.items(), key=lambda one: -one[1]) if mean >= 1)
        what = f"P95 is {number(facts.metrics, P95_LATENCY.metric):.0f} ms; means since the start: {shown or 'all below 1 ms'}"
        yield Finding("high latency", status, what, _STAGE_ADVICE[slowest])


def _mean_ms(facts: Facts, stage: str) -> float:
    name = 'logos_pxl_stage_duration_seconds_{}{{stage="' + stage + '"}}'
    total, count = (number(facts.metrics, name.format(part)) or 0.0 for part in ("sum", "count"))
    return total / count * 1000 if count else 0.0


def ratio(facts: Facts) -> Iterator[Finding]:
    """Scenario 3: low verification ratio."""
    status = VERIFICATION_RATIO.judged(facts.metrics)
    if status in (Status.ATTENTION, Status.CRITICAL):
        counts = {
            reason: number(facts.metrics, f'logos_pxl_unknown_verdicts_total{{reason="{reason}"}}') or 0.0 for reason in _RATIO_REASONS
        }
        commonest = max(counts, key=lambda reason: counts[reason])
        shown = ", ".join(f"{reason} {count:g}" for reason, count in counts.items() if count)
        share = number(facts.metrics, VERIFICATION_RATIO.metric)
        what = f"{share:.1f} % of the goals got a verdict; unknown since the start: {shown or 'none'}"
        yield Finding("low verification ratio", status, what, _REASON_ADVICE[commonest])
    if CACHE_HIT_RATE.judged(facts.metrics) in (Status.ATTENTION, Status.CRITICAL):
        what = f"{number(facts.metrics, CACHE_HIT_RATE.metric):.0f} % of the look-ups spare a search"
        yield Finding("low cache hit rate", Status.ATTENTION, what, CACHE_HIT_RATE.advice)


_REASON_ADVICE = {
    "timeout": "goals are too hard for their budgets, or the service is overloaded: a longer timeout_ms, or jobs; look at the queue",
    "resource_limit": "goals need more memory than PXL_SEARCH_MEMORY_BYTES or PXL_SESSION_MEMORY_BYTES allow",
    "kernel_unavailable": "sessions crash or do not start: restart, then python integration_test_suite.py",
    "kernel_rejected": "search and kernel disagree: keep the post-mortems in PXL_DATA_DIR, and report them",
    "cancelled": "the service was restarted under load: it should come back by itself",
}


def log(facts: Facts) -> Iterator[Finding]:
    """What the service itself complained of last: since its start, or in the last hour when it is down."""
    span_s = float(facts.health.get("uptime_s", _DOWN_LOG_S))
    if found := error_lines(facts.log_lines, since=datetime.now(UTC) - timedelta(seconds=span_s)):
        yield Finding("errors in the log", Status.ATTENTION, f"{len(found)} in the last lines; the last: {found[-1]}", "pxl logs -n 200")

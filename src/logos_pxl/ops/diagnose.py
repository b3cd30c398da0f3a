"""``pxl ops diagnose``: what is wrong, most likely cause first, and what to do.

It works when the service is down and when its configuration is wrong. The checks stand in the order from causes to effects; the report
sorts them by severity and keeps that order among equals.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.lenient_settings import lenient_settings
from logos_pxl.ops.machine_checks import disk_checks, listener, memory_check, why_no_connection
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.service_checks import errors_section, health_section, proof_checks, target_section
from logos_pxl.ops.thresholds import CACHE_HIT_RATE, P95_LATENCY, POOL_UTILIZATION, VERIFICATION_RATIO, Kpi, number
from logos_pxl.wire.signing import WINDOW_S

_SEVERITY = (Status.CRITICAL, Status.UNKNOWN, Status.ATTENTION, Status.FINE)
_PROOF_MS = 3_000
_CLOCK_S = 5.0
_STAGES = {
    "queue": "goals wait for a thread or a session: raise PXL_THREADS and PXL_POOL_SIZE up to the processors, or add replicas",
    "search": "goals are hard: a shorter timeout_ms for those that may fail, jobs (Prefer: respond-async) for long ones",
    "kernel": "certificates are large: more processors, or replicas",
    "cache": "requests wait for others with the same goal, or for Redis: see PXL_REDIS_TIMEOUT_MS",
    "store": "the disk of PXL_DATA_DIR is slow",
    "parse": "goals are very long",
}
_REASONS = {
    "timeout": "goals are too hard for their budgets, or the service is overloaded: a longer timeout_ms, or jobs; see the queue",
    "resource_limit": "goals need more memory than PXL_SEARCH_MEMORY_BYTES or PXL_SESSION_MEMORY_BYTES allow",
    "kernel_unavailable": "sessions crash or do not start: restart, then python integration_test_suite.py",
    "kernel_rejected": "search and kernel disagree: keep the post-mortems in PXL_DATA_DIR, and report them",
    "cancelled": "the service was restarted under load: no action is needed",
}


def diagnose_with_any_settings() -> Report:
    """The diagnosis, with as much of the settings as can be read."""
    settings, wrong = lenient_settings()
    return diagnose(Operator.of(settings), wrong or "")


def diagnose(operator: Operator, wrong_configuration: str = "") -> Report:
    """Check everything. ``wrong_configuration`` is what is wrong with the settings. Takes some seconds."""
    operator.service.require_address()
    checks = [*_configuration(wrong_configuration, operator), *_service(operator), *_machine(operator), *errors_section(operator).checks]
    wrong = sorted((check for check in checks if check.status), key=lambda check: _SEVERITY.index(check.status))
    fine = Section("Fine", tuple(check for check in checks if not check.status))
    summary = f"{wrong[0].name}: {wrong[0].advice}" if wrong else "nothing is wrong that could be seen from here"
    sections = (Section("What is wrong, most likely cause first", tuple(wrong)), fine) if wrong else (fine,)
    return Report("diagnose", operator.service.url, sections, summary, asked=operator.asked)


def _configuration(wrong: str, operator: Operator) -> Iterator[Check]:
    if wrong:
        advice = f"correct it (pxl config), or restore a backup (pxl ops restore); then {operator.target.restart_command}"
        yield Check("configuration wrong", Status.CRITICAL, wrong, advice=advice)


def _machine(operator: Operator) -> Iterator[Check]:
    if operator.target.here:
        yield from disk_checks(operator.settings)
        yield memory_check()
    if operator.settings.redis_url:
        problem = why_no_connection(operator.settings.redis_url.get_secret_value(), default_port=6379)
        advice = "start Redis, or correct PXL_REDIS_URL; until then replicas share neither cache nor nonces nor quotas" if problem else ""
        yield Check(
            "redis lost" if problem else "redis", Status.ATTENTION if problem else Status.FINE, problem or "connects", advice=advice
        )


def _service(operator: Operator) -> Iterator[Check]:
    """Whether the service answers, and what it says."""
    asked = time.time()
    try:
        health = operator.service.health()
        yield from _clock(health, asked)
        yield from health_section(health).checks
        yield from _sessions(operator)
        metrics = operator.service.metrics()
        yield from proof_checks(operator.service, timeout_ms=min(_PROOF_MS, operator.settings.max_timeout_ms))
        yield from _indicators(metrics)
    except ServiceUnreachable as error:
        yield from _down(operator, str(error))
    except OperationFailed as error:
        yield from _port_taken(operator, target_section(operator))
        status = Status.UNKNOWN if "status 401" in str(error) else Status.CRITICAL
        yield Check(
            "not the service", status, str(error), advice="correct PXL_OPS_URL or HMAC_SECRET_KEY, or find out which process answers there"
        )


def _down(operator: Operator, problem: str) -> Iterator[Check]:
    target = target_section(operator)
    taken = list(_port_taken(operator, target))
    yield from taken
    if not taken and operator.target.here and (process := listener(operator.service.url)):
        yield Check("service hung", Status.CRITICAL, f"{process} takes connections and does not answer", advice="pxl ops restart")
    yield Check("service down", Status.CRITICAL, "; ".join((problem, *target.notes)), advice="pxl ops start")


def _port_taken(operator: Operator, target: Section) -> Iterator[Check]:
    process = listener(operator.service.url) if operator.target.here else ""
    if process and target.status is not Status.FINE:
        what = f"{process} listens on the service's port, and {operator.target.name} says: {'; '.join(target.notes) or 'not running'}"
        yield Check("port taken", Status.CRITICAL, what, advice="end that process, or set another PXL_SERVER_PORT; then pxl ops start")


def _clock(health: Mapping[str, Any], asked: float) -> Iterator[Check]:
    with contextlib.suppress(KeyError, ValueError):
        offset_s = datetime.fromisoformat(str(health["timestamp"])).timestamp() - (asked + time.time()) / 2
        status = Status.FINE if abs(offset_s) <= _CLOCK_S else Status.ATTENTION if abs(offset_s) < WINDOW_S else Status.CRITICAL
        advice = f"set both clocks by NTP: signatures are refused when they differ by more than {WINDOW_S} s" if status else ""
        yield Check("clock of the service", status, round(offset_s, 1), "s ahead", advice=advice)


def _sessions(operator: Operator) -> Iterator[Check]:
    """Coq sessions that do not start, canaries that fail."""
    document = operator.service.proof_server()
    pool = document.get("session_pool", {})
    if failure := pool.get("last_start_failure"):
        status = Status.ATTENTION if pool.get("active_sessions") else Status.CRITICAL
        yield Check(
            "sessions do not start", status, failure, advice="see memory and the PXL_SESSION_* limits, then the kernel's files: make build"
        )
    for canary in document.get("canaries", []):
        if canary.get("failing"):
            what = f"{canary.get('name')}, at {canary.get('step') or 'an unknown step'}: {canary['failing']}"
            yield Check("canary failing", Status.CRITICAL, what, advice="pxl ops restart makes new sessions; then see load and memory")


def _indicators(metrics: Mapping[str, Any]) -> Iterator[Check]:
    """Indicators past their target, each with its commonest cause."""
    pool = POOL_UTILIZATION.check(metrics)
    waiting = number(metrics, "logos_pxl_kernel_queue_length") or 0
    yield replace(pool, name="pool saturated", value=f"{pool.value} %, {waiting:g} checks wait") if pool.status else pool
    means = {stage: _mean_ms(metrics, stage) for stage in _STAGES}
    counts = {name: number(metrics, f'logos_pxl_unknown_verdicts_total{{reason="{name}"}}') or 0.0 for name in _REASONS}
    yield _explained(P95_LATENCY, metrics, "mean ms by stage since the start", means, _STAGES)
    yield _explained(VERIFICATION_RATIO, metrics, "unknown results since the start", counts, _REASONS)
    yield CACHE_HIT_RATE.check(metrics)


def _explained(kpi: Kpi, metrics: Mapping[str, Any], title: str, parts: Mapping[str, float], advice: Mapping[str, str]) -> Check:
    check = kpi.check(metrics)
    if check.status in (Status.FINE, Status.UNKNOWN):
        return check
    largest = max(parts, key=lambda name: parts[name])
    shown = ", ".join(f"{name} {value:.0f}" for name, value in sorted(parts.items(), key=lambda one: -one[1]) if value)
    return replace(check, value=f"{check.value} {check.unit}; {title}: {shown or 'none'}", unit="", advice=advice[largest])


def _mean_ms(metrics: Mapping[str, Any], stage: str) -> float:
    name = 'logos_pxl_stage_duration_seconds_{}{{stage="' + stage + '"}}'
    total, count = (number(metrics, name.format(part)) or 0.0 for part in ("sum", "count"))
    return total / count * 1000 if count else 0.0

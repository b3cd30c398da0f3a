"""Checks of the running service: its health, its indicators, two proofs, its log."""

import secrets
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.log_files import error_lines
from logos_pxl.ops.report import Check, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.targets.base import is_ready
from logos_pxl.ops.thresholds import P95_LATENCY, number

_OF_HEALTH = {"ok": Status.FINE, "degraded": Status.ATTENTION, "unavailable": Status.CRITICAL}
# The atoms are new each time, so that the kernel is at work on each goal and no cache answers.
_PROOFS = (("valid", "BOX({0} -> {0})"), ("invalid", "{0} -> BOX({0})"))
_LOG_LINES = 50
_SHOWN_ERRORS = 5
_DAY = timedelta(days=1)


def target_section(operator: Operator) -> Section:
    """What the target says of the service."""
    title = f"Target: {operator.target.name}"
    try:
        found = operator.target.standing()
    except OperationFailed as error:
        return Section(title, (Check("runs", Status.UNKNOWN, advice=str(error)),))
    replicas = operator.target.replicas if len(operator.target.replicas) > 1 else ()
    ready = [(replica.name, is_ready(replica)) for replica in replicas]
    checks = (Check(f"{name} ready", Status.FINE if well else Status.CRITICAL, well, threshold="yes") for name, well in ready)
    return Section(title, (Check("runs", Status.FINE if found.runs else Status.CRITICAL, found.runs), *checks), notes=found.lines)


def health_section(health: Mapping[str, Any], title: str = "Service") -> Section:
    """``/health`` as checks."""
    status = _OF_HEALTH.get(str(health.get("status")), Status.UNKNOWN)
    alarms = int(health.get("soundness_alarms", 0))
    advice = "search and kernel disagreed: keep the post-mortems in PXL_DATA_DIR, and report them" if alarms else ""
    checks = (
        Check("health", status, str(health.get("status")), threshold="ok", advice="; ".join(map(str, health.get("problems", [])))),
        Check("ready", Status.FINE if health.get("ready") else Status.CRITICAL, bool(health.get("ready")), threshold="yes"),
        Check("soundness alarms", Status.CRITICAL if alarms else Status.FINE, alarms, threshold="0", advice=advice),
    )
    return Section(title, checks, data={"health": dict(health)})


def resource_checks(health: Mapping[str, Any], metrics: Mapping[str, Any]) -> Iterator[Check]:
    """Sessions, cache and shared state."""
    busy, total = number(metrics, "logos_pxl_session_pool_busy"), number(metrics, "logos_pxl_session_pool_total")
    known = busy is not None and total is not None
    yield Check("session pool", Status.FINE if known else Status.UNKNOWN, f"{busy:g}/{total:g}" if known else None, "busy")
    entries = number(metrics, "logos_pxl_cache_size")
    yield Check("cache size", Status.UNKNOWN if entries is None else Status.FINE, None if entries is None else int(entries), "entries")
    shared = str(health.get("shared_state"))
    lost = shared == "redis-lost"
    advice = "Redis does not answer: replicas share neither cache nor nonces nor quotas; pxl ops diagnose" if lost else ""
    yield Check("shared state", Status.ATTENTION if lost else Status.FINE, shared, threshold="local or redis", advice=advice)


def proof_checks(service: ServiceReader, *, timeout_ms: int) -> tuple[Check, ...]:
    """A proof of a valid goal and one of an invalid goal, both new to the service. Raises ServiceUnreachable."""
    return tuple(_proof_check(service, expected, pattern, timeout_ms) for expected, pattern in _PROOFS)


def _proof_check(service: ServiceReader, expected: str, pattern: str, timeout_ms: int) -> Check:
    name = f"test proof, expected {expected}"
    started = time.monotonic()
    try:
        answer = service.prove(pattern.format(f"check_{secrets.token_hex(6)}"), timeout_ms=timeout_ms)
    except ServiceUnreachable:
        raise
    except OperationFailed as error:
        return Check(name, Status.CRITICAL, "none", threshold=expected, advice=f"{error}; pxl ops diagnose")
    latency_ms = (time.monotonic() - started) * 1000
    verdict, detail = str(answer["verdict"]), str(answer.get("detail") or answer.get("statement") or "")
    if verdict in ("valid", "invalid") and verdict != expected:
        advice = f"WRONG VERDICT: stop the service, and keep PXL_DATA_DIR and the logs: {detail}"
        return Check(name, Status.CRITICAL, verdict, threshold=expected, advice=advice)
    if verdict != expected or not answer.get("verified"):
        return Check(name, Status.CRITICAL, verdict, threshold=expected, advice=f"{detail}; pxl ops diagnose")
    status = P95_LATENCY.status(latency_ms)
    advice = "" if status is Status.FINE else "pxl ops diagnose"
    return Check(name, status, round(latency_ms, 1), "ms", f"{expected}, {P95_LATENCY.wanted}", advice)


def errors_section(operator: Operator, title: str = "Recent errors") -> Section:
    """The errors of the last day in the last lines of the service's log."""
    try:
        lines = operator.target.log_lines(_LOG_LINES)
    except OperationFailed as error:
        return Section(title, (Check("log", Status.UNKNOWN, advice=str(error)),))
    found = error_lines(lines, since=datetime.now(UTC) - _DAY)
    critical = any("CRITICAL" in line for line in found)
    status = Status.CRITICAL if critical else Status.ATTENTION if found else Status.FINE
    check = Check(f"errors in the last {_LOG_LINES} lines", status, len(found), threshold="0", advice="pxl ops logs" if found else "")
    return Section(title, (check,), notes=tuple(found[-_SHOWN_ERRORS:]))

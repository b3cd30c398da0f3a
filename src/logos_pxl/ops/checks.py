"""Checks of the running service and of its machine."""

import contextlib
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.log_files import error_lines
from logos_pxl.ops.report import Check, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.targets import is_ready
from logos_pxl.ops.thresholds import MEMORY_USAGE, P95_LATENCY, number
from logos_pxl.settings import Settings

_OF_HEALTH = {"ok": Status.FINE, "degraded": Status.ATTENTION, "unavailable": Status.CRITICAL}
# The atoms are new each time, so that the kernel is at work on each goal and no cache answers.
_PROOFS = (("valid", "BOX({0} -> {0})"), ("invalid", "{0} -> BOX({0})"))
_LOG_LINES, _SHOWN_ERRORS = 50, 5
_DAY = timedelta(days=1)
_GIB = 1 << 30
_DISK_THRESHOLD = "writable; attention < 10 % and 20 GiB, critical < 2 % and 2 GiB, or < 64 MiB"


def target_section(operator: Operator) -> Section:
    """What the target says of the service, and whether each of several replicas is ready."""
    title = f"Target: {operator.target.name}"
    try:
        found = operator.target.standing()
    except OperationFailed as error:
        return Section(title, (Check("runs", Status.UNKNOWN, advice=str(error)),))
    replicas = operator.target.replicas if len(operator.target.replicas) > 1 else ()
    ready = [(f"{replica.name} ready", is_ready(replica)) for replica in replicas]
    checks = (Check(name, Status.FINE if well else Status.CRITICAL, well, threshold="yes") for name, well in (("runs", found.runs), *ready))
    return Section(title, tuple(checks), notes=found.lines)


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
    busy, total = (number(metrics, f"logos_pxl_session_pool_{name}") for name in ("busy", "total"))
    known = busy is not None and total is not None
    yield Check("session pool", Status.FINE if known else Status.UNKNOWN, f"{busy:g}/{total:g}" if known else None, "busy")
    entries = number(metrics, "logos_pxl_cache_size")
    yield Check("cache size", Status.UNKNOWN if entries is None else Status.FINE, None if entries is None else int(entries), "entries")
    shared = str(health.get("shared_state"))
    lost = shared == "redis-lost"
    advice = "start Redis, or correct PXL_REDIS_URL: until then replicas share neither cache nor nonces nor quotas" if lost else ""
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
    return Check(name, status, round(latency_ms, 1), "ms", f"{expected}, {P95_LATENCY.wanted}", "pxl ops diagnose" if status else "")


def errors_section(operator: Operator, title: str = "Recent errors") -> Section:
    """The errors of the last day in the last lines of the service's log."""
    try:
        lines = operator.target.log_lines(_LOG_LINES)
    except OperationFailed as error:
        return Section(title, (Check("log", Status.UNKNOWN, advice=str(error)),))
    found = error_lines(lines, since=datetime.now(UTC) - _DAY)
    status = Status.CRITICAL if any("CRITICAL" in line for line in found) else Status.ATTENTION if found else Status.FINE
    check = Check(f"errors in the last {_LOG_LINES} lines", status, len(found), threshold="0", advice="pxl ops logs" if found else "")
    return Section(title, (check,), notes=tuple(found[-_SHOWN_ERRORS:]))


def machine_checks(settings: Settings) -> Iterator[Check]:
    """Room and right to write in ``PXL_DATA_DIR`` and ``PXL_LOG_DIR``, and the memory of the machine."""
    for name, folder in (("data", settings.data_dir), ("logs", settings.log_dir)):
        place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        usage = shutil.disk_usage(place)
        share = usage.free / usage.total if usage.total else 0.0
        problem = _why_not_writable(place)
        status = Status.CRITICAL if problem else _disk_status(usage.free, share)
        room = f"{usage.free >> 20} MiB are free in {place}; pxl ops rotate-logs, or make room"
        advice = f"cannot be written: {problem}; {room}" if problem else room if status else ""
        yield Check(f"disk of the {name}", status, round(share * 100, 1), "% free", _DISK_THRESHOLD, advice)
    percent = psutil.virtual_memory().percent
    status = MEMORY_USAGE.status(percent)
    yield Check("memory of the machine", status, percent, "%", MEMORY_USAGE.wanted, MEMORY_USAGE.advice if status else "")


def _disk_status(free: int, share: float) -> Status:
    """By share and by bytes: a tenth of a large disk is plenty, half of a tiny one is little."""
    if (share < 0.02 and free < 2 * _GIB) or free < _GIB // 16:  # noqa: PLR2004 - as in _DISK_THRESHOLD
        return Status.CRITICAL
    return Status.ATTENTION if share < 0.10 and free < 20 * _GIB else Status.FINE  # noqa: PLR2004


def _why_not_writable(place: Path) -> str:
    """Found out by writing: permissions, quotas, inodes and read-only mounts all count."""
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(bytes(4096))
            file.flush()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def listener(url: str) -> str:
    """The process that listens on the port of ``url`` on this machine; empty when none does, or the system does not tell."""
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == urlsplit(url).port:
                name = psutil.Process(connection.pid).name() if connection.pid else "of another user"
                return f"process {connection.pid or ''} ({name})"
    return ""

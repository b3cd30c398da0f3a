"""Checks of the machine that the service runs on: disks, memory, the port, Redis."""

import contextlib
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from logos_pxl.ops.report import Check, Status
from logos_pxl.ops.thresholds import MEMORY_USAGE
from logos_pxl.settings import Settings

_GIB = 1 << 30
# A disk is judged by share and by bytes: a tenth of a large disk is plenty, half of a tiny one is little.
_LOW_SHARE, _LOW_BYTES = 0.10, 20 * _GIB
_CRITICAL_SHARE, _CRITICAL_BYTES = 0.02, 2 * _GIB
_NOTHING_BYTES = 64 << 20
_THRESHOLD = "writable; attention < 10 % and 20 GiB, critical < 2 % and 2 GiB, or < 64 MiB"
_CONNECT_S = 3.0


def disk_checks(settings: Settings) -> Iterator[Check]:
    """Room and right to write in ``PXL_DATA_DIR`` and ``PXL_LOG_DIR``."""
    for name, folder in (("data", settings.data_dir), ("logs", settings.log_dir)):
        place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        usage = shutil.disk_usage(place)
        share = usage.free / usage.total if usage.total else 0.0
        problem = _why_not_writable(place)
        status = Status.CRITICAL if problem else _disk_status(usage.free, share)
        why = f"cannot be written: {problem}; " if problem else ""
        advice = f"{why}{usage.free >> 20} MiB are free in {place}; pxl ops rotate-logs, or make room" if status else ""
        yield Check(f"disk of the {name}", status, round(share * 100, 1), "% free", _THRESHOLD, advice)


def _disk_status(free: int, share: float) -> Status:
    if (share < _CRITICAL_SHARE and free < _CRITICAL_BYTES) or free < _NOTHING_BYTES:
        return Status.CRITICAL
    return Status.ATTENTION if share < _LOW_SHARE and free < _LOW_BYTES else Status.FINE


def _why_not_writable(place: Path) -> str:
    """Found out by writing: permissions, quotas, inodes and read-only mounts all count."""
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(bytes(4096))
            file.flush()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def memory_check() -> Check:
    """The memory of the machine."""
    percent = psutil.virtual_memory().percent
    status = MEMORY_USAGE.status(percent)
    return Check("memory of the machine", status, percent, "%", MEMORY_USAGE.wanted, MEMORY_USAGE.advice if status else "")


def listener(url: str) -> str:
    """The process that listens on the port of ``url`` on this machine; empty when none does, or the system does not tell."""
    port = urlsplit(url).port
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
                return _process(connection.pid)
    return ""


def _process(pid: int | None) -> str:
    with contextlib.suppress(psutil.Error):
        if pid is not None:
            return f"process {pid} ({' '.join(psutil.Process(pid).cmdline())[:80]})"
    return "a process of another user"


def why_no_connection(url: str, *, default_port: int) -> str:
    """Why there is no connection to the host and port of ``url``; empty when there is one. The rest of ``url`` is not shown: secrets."""
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or default_port
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_S):
            return ""
    except OSError as error:
        return f"{host}, port {port}: {error.strerror or error}"

"""Processes of the system: which one is meant, which are ours, where they listen.

Invariant: a process is known by its number and the time of its start; a number alone is never signalled.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

MARK = "SUPERVISED_BY_PXL_IN"
"""A variable of each service's environment: its supervisor's folder. By it a service is found whose supervisor was killed."""

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_STATE, _START = 0, 19


def born(pid: int) -> int | None:
    """When the process started, in ticks since the machine did; ``None`` when it is gone or dead.

    Unlike a time of day this stays what it is when the clock is set, so that it tells a process from a later one of the same number.
    """
    try:
        # The name before may hold anything, parentheses too.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[_STATE] in "ZX" else int(fields[_START])


def age_s(born_at: int) -> float:
    """Seconds since then."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - born_at / _TICKS_PER_S


def marked(folder: Path) -> Iterator[int]:
    """The services that carry the folder's mark, oldest first; their sessions, which inherit it, are not among them."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            ours = process.uids().real == os.getuid() and process.status() != psutil.STATUS_ZOMBIE
            if ours and process.cmdline()[1:4] == SERVE and process.environ().get(MARK) == str(folder):
                found.append((born(process.pid) or 0, process.pid))
    yield from (pid for _, pid in sorted(found))


SERVE = ["-m", "logos_pxl", "serve"]
"""What a service is started with, after the interpreter."""


def listening_at(pid: int) -> str | None:
    """The address at which this machine reaches the first socket on which the process listens."""
    with contextlib.suppress(psutil.Error):
        for connection in psutil.Process(pid).net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN:
                host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(connection.laddr.ip, connection.laddr.ip)  # noqa: S104 - asked, not bound
                return f"http://{f'[{host}]' if ':' in host else host}:{connection.laddr.port}"
    return None

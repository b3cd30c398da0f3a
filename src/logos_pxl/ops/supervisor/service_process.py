"""The service's process: started or adopted, signalled, awaited, ended.

Invariant: signals go through a process descriptor, so that they reach this process or nobody. After ``stop`` the process is gone.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.log_files import last_lines
from logos_pxl.ops.supervisor.places import Places
from logos_pxl.ops.supervisor.processes import MARK, SERVE, age_s, born, listening_at
from logos_pxl.ops.supervisor.state import ServiceRecord

# The service's own last words and the end of its sessions come after its time-out.
STOP_MARGIN_S = 5.0
_KILLED_S = 10.0
_OUTPUT_BYTES = 1 << 20
_LAST_WORDS = 8


class ServiceProcess:
    """One service process. ``on_end`` is called once, in the event loop, when it has ended."""

    def __init__(self, record: ServiceRecord, popen: "subprocess.Popen[bytes] | None", on_end: Callable[["ServiceProcess"], None]) -> None:
        self.record = record
        self.end = ""
        self._output: Path | None = None
        self._output_begin = 0
        self._popen = popen
        self._on_end = on_end
        self._over = asyncio.Event()
        self._descriptor = os.pidfd_open(record.pid)
        asyncio.get_running_loop().add_reader(self._descriptor, self._ended)

    @classmethod
    def start(cls, places: Places, *, reuse_port: bool, on_end: Callable[["ServiceProcess"], None]) -> "ServiceProcess":
        """Start a service in the current folder. Raises OSError."""
        environment = {"PXL_LOG_STDERR": "false", **os.environ, MARK: str(places.folder)}
        with _output(places.output) as output:
            begin = output.seek(0, os.SEEK_END)
            popen = subprocess.Popen(
                [sys.executable, *SERVE], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        try:
            # A child that has died already is a zombie until it is awaited, and has a birth no more.
            service = cls(ServiceRecord(popen.pid, born(popen.pid) or 0, reuse_port), popen, on_end)
        except OSError:
            # Out of descriptors: nobody could watch it.
            popen.kill()
            popen.wait()
            raise
        service._output, service._output_begin = places.output, begin
        return service

    @classmethod
    def adopt(cls, record: ServiceRecord, on_end: Callable[["ServiceProcess"], None]) -> "ServiceProcess":
        """Take over a service that another supervisor started. Raises ProcessLookupError when it is gone."""
        return cls(record, None, on_end)

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return not self._over.is_set()

    @property
    def age_s(self) -> float:
        """Seconds since its start."""
        return age_s(self.record.born)

    def url(self) -> str | None:
        """Where it listens; ``None`` before it does."""
        if self.record.url is None and self.alive and (url := listening_at(self.record.pid)):
            self.record = replace(self.record, url=url)
        return self.record.url

    def last_words(self) -> list[str]:
        """What it wrote last on standard output or error; nothing of one that was adopted."""
        return [] if self._output is None else last_lines(self._output, _LAST_WORDS, since_byte=self._output_begin)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens when it has ended."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    async def stop(self, timeout_s: float) -> None:
        """SIGTERM, and SIGKILL when it has not ended in time; its sessions end with it. Raises OperationFailed."""
        self.signal(signal.SIGTERM)
        if not await self._ends_within(timeout_s + STOP_MARGIN_S):
            await self.kill()

    async def kill(self) -> None:
        """SIGKILL. Raises OperationFailed."""
        self.signal(signal.SIGKILL)
        if not await self._ends_within(_KILLED_S):
            raise OperationFailed(f"process {self.record.pid} does not end, though it was killed: it hangs in the kernel")

    async def _ends_within(self, timeout_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), timeout_s)
        return self._over.is_set()

    def _ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        self.end = f"{_how(self._popen.wait() if self._popen else None)} after {self.age_s:.1f} s"
        self._over.set()
        self._on_end(self)


def _how(status: int | None) -> str:
    if status is None:
        return "ended"
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def _output(path: Path) -> BinaryIO:
    """The file for what the service writes; one that is long is begun anew, and what it held is kept beside."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > _OUTPUT_BYTES:
            path.replace(path.with_name(path.name + ".1"))
    return path.open("ab")

"""One child process: its pipes are drained, its end is noticed, and it is reaped.

Invariant: the child leads its own process group and is reaped exactly once. Standard error never fills up: all of it is read and only its
end is kept. ``on_output`` gets what the child writes, in order. After the last of it, and after the child is reaped, ``on_exit`` is called
once.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from logos_pxl.kernel.interface import SessionUsage

_READ_BYTES = 1 << 18
_STDERR_KEPT_BYTES = 1 << 13
_READS_AFTER_DEATH = 1024
_LINGERING_S = 0.2
_REAP_TIMEOUT_S = 5.0
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class ChildProcess:
    """A running child. Belongs to the event loop, and to the thread, that made it."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        pass_fds: Sequence[int],
        on_output: Callable[[bytes], None],
        on_exit: Callable[[], None],
    ) -> None:
        """Start ``argv``. Raises OSError."""
        self._loop = asyncio.get_running_loop()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._on_output = on_output
        self._on_exit = on_exit
        self._unsent = memoryview(b"")
        self._stderr_end = bytearray()
        self._ending: asyncio.TimerHandle | None = None
        # subprocess, not asyncio's: no thread or signal handler for each child, no stream layer between pipe and protocol; and the child
        # is started by this very thread, with whose end it is to die (PR_SET_PDEATHSIG looks at threads).
        self._popen = subprocess.Popen(
            argv,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            pass_fds=pass_fds,
            start_new_session=True,
        )
        self.pid = self._popen.pid
        self._stdin = _non_blocking(self._popen.stdin)
        self._stdout = _non_blocking(self._popen.stdout)
        self._stderr = _non_blocking(self._popen.stderr)
        self._stat = os.open(f"/proc/{self.pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        self._pid_fd = os.pidfd_open(self.pid)
        self._loop.add_reader(self._stdout, self._read_output)
        self._loop.add_reader(self._stderr, self._read_stderr)
        self._loop.add_reader(self._pid_fd, self._reap)

    @property
    def gone(self) -> bool:
        """Whether the child is reaped."""
        return self._gone.done()

    def exit_description(self) -> str:
        """How the child ended, or that it runs, and the end of what it wrote on standard error."""
        status = self._popen.returncode
        if status is None:
            how = "is running"
        elif status < 0:
            how = f"was killed by {signal.Signals(-status).name}"
        else:
            how = f"exited with status {status}"
        said = self._stderr_end.decode(errors="backslashreplace").strip()
        return f"process {self.pid} {how}" + (f"; it wrote on standard error: {said}" if said else "")

    def usage(self) -> SessionUsage | None:
        """Resident memory and processor time; ``None`` when the child is gone."""
        if self.gone:
            return None
        try:
            # The second field, a name in parentheses, may hold anything: what follows its end is numbers only.
            fields = os.pread(self._stat, 4096, 0).rpartition(b")")[2].split()
        except ProcessLookupError:
            return None
        return SessionUsage(
            resident_bytes=int(fields[21]) * _PAGE_BYTES,
            cpu_s=(int(fields[11]) + int(fields[12])) / _TICKS_PER_S,
        )

    def write(self, data: bytes) -> None:
        """Send ``data`` as the child reads it. The data before it must have been read."""
        if self.gone:
            return
        if self._unsent:
            raise RuntimeError("data was sent to a child that has not read the data before")
        self._unsent = memoryview(data)
        if not self._send():
            self._loop.add_writer(self._stdin, self._send_more)

    def kill(self) -> None:
        """Kill the child's process group."""
        if not self.gone:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def stop(self) -> bool:
        """Kill the child and wait until it is reaped. ``False`` when that takes too long; the child is reaped later then."""
        self.kill()
        await asyncio.wait([self._gone], timeout=_REAP_TIMEOUT_S)
        return self.gone

    def _send(self) -> bool:
        """Write what the pipe takes. ``True`` when everything is written."""
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self._stdin, self._unsent) :]
        except BlockingIOError:
            return False
        except BrokenPipeError:
            self._unsent = memoryview(b"")  # the child has closed its input; its end is noticed elsewhere
        return True

    def _send_more(self) -> None:
        if self._send():
            self._loop.remove_writer(self._stdin)

    def _read_output(self) -> bool:
        data = _read(self._stdout)
        if data:
            self._on_output(data)
        elif data is not None:
            self._loop.remove_reader(self._stdout)
            # A child that closed its output is useless, but one that is ending should exit with its own status.
            self._ending = self._loop.call_later(_LINGERING_S, self.kill)
        return bool(data)

    def _read_stderr(self) -> bool:
        data = _read(self._stderr)
        if data:
            self._stderr_end += data
            del self._stderr_end[:-_STDERR_KEPT_BYTES]
        elif data is not None:
            self._loop.remove_reader(self._stderr)
        return bool(data)

    def _reap(self) -> None:
        self.kill()  # before the process id is free again: its own children die with it
        self._popen.wait()
        for read in (self._read_output, self._read_stderr):
            for _ in range(_READS_AFTER_DEATH):
                if not read():
                    break
        if self._ending is not None:
            self._ending.cancel()
        self._loop.remove_writer(self._stdin)
        for fd in (self._stdout, self._stderr, self._pid_fd):
            self._loop.remove_reader(fd)
        for stream in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if stream is not None:
                stream.close()
        os.close(self._pid_fd)
        os.close(self._stat)
        self._gone.set_result(None)
        self._on_exit()


def _non_blocking(stream: IO[bytes] | None) -> int:
    if stream is None:
        raise RuntimeError("subprocess opened no pipe")
    os.set_blocking(stream.fileno(), False)
    return stream.fileno()


def _read(fd: int) -> bytes | None:
    """What can be read now; ``b""`` at the end, ``None`` when there is nothing yet."""
    try:
        return os.read(fd, _READ_BYTES)
    except BlockingIOError:
        return None

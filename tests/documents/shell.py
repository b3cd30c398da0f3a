"""One shell for all blocks of a page, so that what a block sets, the next ones see."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ran:
    """What was printed, on standard output and standard error together, and the status."""

    printed: str
    status: int


class ShellEnded(AssertionError):
    """The shell ended, or had to be ended, in the middle of a block."""


class Shell:
    """A bash that is told its commands one after the other. Invariant: between two runs it waits for the next line."""

    def __init__(self, folder: Path, environment: dict[str, str], scratch: Path) -> None:
        self._script = scratch / "command.sh"
        self._output = scratch / "output"
        self._statuses, write_end = os.pipe()
        self._fd = write_end
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[write_end],
            start_new_session=True,
            text=True,
        )
        os.close(write_end)

    @property
    def session(self) -> int:
        """The session of the shell, and of all that it starts without a session of its own."""
        return self._process.pid

    def run(self, text: str, *, timeout_s: float, strict: bool = False) -> Ran:
        """Run a command, or with ``strict`` a script that ends where a command of it fails; raises ShellEnded."""
        self._script.write_text(text + "\n")
        before, after = ("set -eo pipefail; ", "; set +eo pipefail") if strict else ("", "")
        line = f"{before}{{ . '{self._script}'; }} </dev/null >'{self._output}' 2>&1 {self._fd}>&-{after}; echo $? >&{self._fd}\n"
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()
        status = self._status(time.monotonic() + timeout_s)
        printed = self._output.read_text(errors="replace")
        if status is None:
            raise ShellEnded(f"not done within {timeout_s:g} s, or ended the shell:\n{text}\nIt printed:\n{printed}")
        return Ran(printed, 0 if strict else status)

    def _status(self, deadline: float) -> int | None:
        while time.monotonic() < deadline:
            readable, _, _ = select.select([self._statuses], [], [], 0.2)
            if readable:
                told = os.read(self._statuses, 16)
                return int(told) if told else None
            if self._process.poll() is not None:
                return None
        return None

    def close(self) -> None:
        """End the shell and what is left of its session."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.session, signal.SIGKILL)
        self._process.communicate()
        os.close(self._statuses)


def left_behind(folder: Path, session: int) -> dict[int, str]:
    """The processes that a page started and did not end: of its shell's session, or at work in its folder."""
    found = {}
    for process in _processes():
        with contextlib.suppress(OSError):
            if process != session and _alive(process) and (os.getsid(process) == session or _is_at_work_in(folder, process)):
                found[process] = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return found


def _is_at_work_in(folder: Path, process: int) -> bool:
    return process != os.getpid() and Path(f"/proc/{process}/cwd").readlink().is_relative_to(folder)


def _alive(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"


def _processes() -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            yield int(entry.name)


def kill_all(processes: dict[int, str]) -> None:
    """End these processes at once."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)

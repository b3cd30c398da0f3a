"""Log lines on their way: taken at once, written by a thread.

Invariant: ``write`` never waits for a disk and never raises. Lines are written whole, in order, each once; one that finds no room in memory
is counted, and the log tells how many were lost.
"""

import logging
import threading
import time
from collections.abc import Callable

from logos_pxl.logs.targets import Target

GATHER_S = 0.05
"""How long lines are gathered before they are written together: what a process that is killed outright may lose."""

_RETRY_S = 0.5
_PIECE_BYTES = 1 << 18

_log = logging.getLogger(__name__)


class LineWriter:
    """Writes to one target. ``lost_line`` makes the line that tells how many were lost."""

    def __init__(self, name: str, target: Target, lost_line: Callable[[int], bytes], *, max_pending_bytes: int = 16 << 20) -> None:
        self.name = name
        self._target = target
        self._lost_line = lost_line
        self._max_pending_bytes = max_pending_bytes
        self._lock = threading.Lock()
        self._lines: list[bytes] = []
        self._pending_bytes = 0
        self._lost = 0
        self._lost_and_told = 0
        self._failing = False
        self._wake = threading.Event()
        self._urgent = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"log-{name}", daemon=True)
        self._thread.start()

    def write(self, line: bytes, *, urgent: bool = False) -> None:
        """Take a line, which ends in a line feed; an urgent one is not gathered with others first."""
        with self._lock:
            if self._pending_bytes + len(line) > self._max_pending_bytes:
                self._lost += 1
                return
            self._lines.append(line)
            self._pending_bytes += len(line)
        if not self._wake.is_set():
            self._wake.set()
        if urgent:
            self._urgent.set()

    @property
    def lost(self) -> int:
        """How many lines found no room since the start."""
        with self._lock:
            return self._lost_and_told + self._lost

    def reopen(self) -> None:
        """Open the target anew before the next line."""
        self._target.reopen()

    def close(self, *, timeout_s: float) -> None:
        """Write what was taken, for at most ``timeout_s`` seconds."""
        self._closing = True
        self._wake.set()
        self._urgent.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait()
            self._urgent.wait(GATHER_S)
            self._wake.clear()
            self._urgent.clear()
            self._write_all()
        self._write_all()
        self._target.close()

    def _write_all(self) -> None:
        while data := self._take():
            start = 0
            while start < len(data):
                self._hold()
                written = self._append(memoryview(data)[start : _piece_end(data, start)])
                start += written
                if not written and self._closing:
                    return
            with self._lock:
                self._pending_bytes -= len(data)

    def _take(self) -> bytes:
        with self._lock:
            lines, self._lines = self._lines, []
            if self._lost and not self._failing:
                lines.append(self._lost_line(self._lost))
                self._pending_bytes += len(lines[-1])
                self._lost_and_told += self._lost
                self._lost = 0
        return b"".join(lines)

    def _hold(self) -> None:
        while not self._closing and (wait_s := self._target.hold_s()) and self._pending_bytes < self._max_pending_bytes // 2:
            time.sleep(wait_s)

    def _append(self, data: memoryview) -> int:
        """How many bytes were written; 0 after a pause when the target cannot be written now."""
        try:
            written = self._target.append(data)
        except OSError as error:
            if not self._failing:
                self._failing = True
                bound = self._max_pending_bytes
                _log.error("%s cannot be written: %s; its lines wait in memory, up to %d bytes", self.name, error.strerror, bound)
            self._pause(_RETRY_S)
            return 0
        if self._failing:
            self._failing = False
            _log.warning("%s is written again", self.name)
        return written

    def _pause(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while not self._closing and time.monotonic() < ends:
            time.sleep(0.02)


def _piece_end(data: bytes, start: int) -> int:
    """Where the piece that begins at ``start`` ends: after a whole line, for the target may be rotated between two pieces."""
    if len(data) - start <= _PIECE_BYTES:
        return len(data)
    end = data.rfind(b"\n", start, start + _PIECE_BYTES)
    return (end if end >= 0 else data.index(b"\n", start)) + 1

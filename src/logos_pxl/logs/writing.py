"""Log lines on their way to a file or to standard error: a bounded queue, and a thread that writes in batches.

Producers put finished lines into a ``QueuedLines``, a ``QueueHandler``; a ``LineListener``, a ``QueueListener``, writes them to a
``LogFile``, a ``WatchedFileHandler``, or to ``StandardError``.

Invariant: a producer never waits for a disk, and logging never raises. Lines are written whole, in order, each once. A line that finds no
room in the queue is dropped and counted, and pxl-server.log says how many were.
"""

import io
import logging
import os
import select
import threading
import time
from logging.handlers import QueueHandler, QueueListener, WatchedFileHandler
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol

from logos_pxl.logs.readers import Readers

MAX_QUEUED_BYTES = 16 << 20

QUIET_S = 0.5
"""How long nobody may have read the file before it is written again."""

MAX_HOLD_S = 2.5
"""How long writing is held back at most: ``tail -f`` reads for ever."""

_GATHER_S = 0.1
_RETRY_S = 0.5
_POLL_S = 0.01
_BATCH_LINES = 5_000
_PIPE_BYTES = 4_096

_log = logging.getLogger(__name__)


class QueuedLines(QueueHandler):
    """The bounded queue of one target. ``title`` is the target's name in messages and metrics."""

    def __init__(self, title: str, *, max_bytes: int = MAX_QUEUED_BYTES) -> None:
        self.lines: SimpleQueue[Any] = SimpleQueue()
        super().__init__(self.lines)
        self.title = title
        self.max_bytes = max_bytes
        self.lost = 0
        self._bytes = 0
        self._lost_reported = 0
        self._counting = threading.Lock()

    def prepare(self, record: logging.LogRecord) -> bytes:
        """Format in the producer's thread, where the request's id is known."""
        return self.format(record).encode() + b"\n"

    def enqueue(self, record: Any) -> None:
        """Queue a line (bytes that end in a line feed), or drop and count it when the queue is full. Never waits."""
        with self._counting:
            if self._bytes + len(record) > self.max_bytes:
                self.lost += 1
                return
            self._bytes += len(record)
        self.lines.put_nowait(record)

    def free(self, written_bytes: int, *, lost: int = 0) -> None:
        """Lines of so many bytes have left memory; ``lost`` of them could not be written."""
        with self._counting:
            self._bytes -= written_bytes
            self.lost += lost

    def half_full(self) -> bool:
        """Whether more than half of the room is taken."""
        return self._bytes > self.max_bytes // 2

    def newly_lost(self) -> int:
        """How many lines were lost since the last call."""
        with self._counting:
            newly = self.lost - self._lost_reported
            self._lost_reported = self.lost
        return newly


class Target(Protocol):
    """What a listener writes to."""

    def hold_s(self) -> float:
        """Seconds to wait before asking again; 0 when ``append`` may be called."""

    def append(self, data: bytes) -> int:
        """Write some of ``data``; returns the number of bytes, 0 when nothing can be written at this moment. Raises OSError."""

    def close(self) -> None:
        """Release what was opened."""


class LineListener(QueueListener):
    """Writes the lines of one queue. A line that comes alone is written at once; after that lines are gathered for 100 milliseconds.

    Batches matter: a system call gives up the GIL, and with one for each line this thread would compete with the event loop all the time.
    """

    def __init__(self, lines: QueuedLines, target: Target) -> None:
        super().__init__(lines.lines)
        self._lines = lines
        self._target = target
        self._failing = False
        self._closing = threading.Event()

    def dequeue(self, block: bool) -> Any:
        """All lines that are queued, as one piece; or the sentinel, when nothing is before it."""
        queue = self._lines.lines
        first = queue.get(block)
        if first is None:
            return None
        gathered = [first, *(queue.get_nowait() for _ in range(min(queue.qsize(), _BATCH_LINES)))]
        if None in gathered:
            gathered = [line for line in gathered if line is not None]
            self.enqueue_sentinel()
        return b"".join(gathered)

    def handle(self, record: Any) -> None:
        """Write one piece."""
        unwritten: bytes = record
        while unwritten:
            self._hold()
            written = self._append(unwritten)
            unwritten = unwritten[written:]
            if not written and self._closing.is_set():
                break
        self._lines.free(len(record), lost=unwritten.count(b"\n"))
        # While closing, the handlers are gone, and logging itself would write to standard error.
        if not self._closing.is_set() and (lost := self._lines.newly_lost()):
            _log.error("%d lines of %s were lost: it could not be written, and the queue in memory was full", lost, self._lines.title)
        self._closing.wait(_GATHER_S)

    def stop(self) -> None:
        """Write what is queued and end the thread. Lines that a failing target refuses now are lost."""
        self._closing.set()
        super().stop()
        self._target.close()

    def _append(self, data: bytes) -> int:
        try:
            written = self._target.append(data)
        except OSError as error:
            if not self._failing:
                self._failing = True
                limit = self._lines.max_bytes
                _log.error("%s cannot be written: %s; its lines wait in memory, up to %d bytes", self._lines.title, error.strerror, limit)
            self._closing.wait(_RETRY_S)
            return 0
        if self._failing and written:
            self._failing = False
            _log.warning("%s is written again", self._lines.title)
        return written

    def _hold(self) -> None:
        while not self._closing.is_set() and not self._lines.half_full() and (pause_s := self._target.hold_s()):
            self._closing.wait(pause_s)


class LogFile(WatchedFileHandler):
    """A log file that may be rotated at any time. It is created when missing, with its folder.

    Renaming: ``WatchedFileHandler`` opens the file again when its name leads elsewhere. Copying and truncating: a line written after the
    copy and before the truncation would be lost, so nothing is written while another process reads the file and for ``QUIET_S`` after
    that, or until the file is seen truncated. The wait is bounded by ``MAX_HOLD_S``.
    """

    def __init__(self, path: Path) -> None:
        """Open the file. Raises OSError."""
        self._held_since: float | None = None
        self._quiet_from = 0.0
        self._end = 0
        self._readers: Readers | None = None
        super().__init__(path)

    def _open(self) -> io.FileIO:  # type: ignore[override]
        path = Path(self.baseFilename)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = io.FileIO(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o640))
        if self._readers is not None:
            self._readers.close()
        self._readers = Readers(self._file.fileno())
        return self._file

    def append(self, data: bytes) -> int:
        """Append to the file that has the name now."""
        self.reopenIfNeeded()
        if self.stream is None:
            # It could not be opened again the last time.
            self.stream = self._open()  # type: ignore[assignment]
            self._statstream()
        return self._file.write(data)

    def hold_s(self) -> float:
        """More than 0 while another process reads the file, within the bounds."""
        now = time.monotonic()
        if self._readers is not None and self._readers.seen():
            self._quiet_from = now + QUIET_S
            if self._held_since is None:
                self._held_since = now
                self._end = os.fstat(self._file.fileno()).st_size
        if self._held_since is None:
            return 0.0
        if now >= self._quiet_from or now >= self._held_since + MAX_HOLD_S or self._truncated():
            self._held_since = None
            return 0.0
        return _POLL_S

    def close(self) -> None:
        """Close the file."""
        if self._readers is not None:
            self._readers.close()
        super().close()

    def _truncated(self) -> bool:
        return self.stream is None or os.fstat(self._file.fileno()).st_size < self._end


class StandardError:
    """Standard error, also a pipe that nobody reads: such a pipe is never written, so that its lines are lost and nothing waits."""

    def __init__(self) -> None:
        self._descriptor = os.dup(2)

    def hold_s(self) -> float:
        """Never."""
        return 0.0

    def append(self, data: bytes) -> int:
        """Write some bytes; a pipe that is writable takes so many without waiting."""
        _, writable, _ = select.select([], [self._descriptor], [], _RETRY_S)
        return os.write(self._descriptor, data[:_PIPE_BYTES]) if writable else 0

    def close(self) -> None:
        """Close the duplicate."""
        os.close(self._descriptor)

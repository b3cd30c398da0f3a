"""The queue between the code that logs and the file or standard error, with the standard library's handlers.

Invariant: a producer never waits, and logging never raises. Lines are written whole, in order, each once. A line that finds the queue full
is dropped and counted, and pxl-server.log says how many were dropped.
"""

import io
import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from logging.handlers import QueueHandler, QueueListener, WatchedFileHandler
from pathlib import Path
from queue import Full, Queue
from typing import Any

MAX_QUEUED_LINES = 50_000
"""At most this many lines wait for one file: about 15 MB."""

_GATHER_S = 0.1
_RETRY_S = 0.5
_CLOSE_S = 2.0

_log = logging.getLogger(__name__)


class QueuedLines(QueueHandler):
    """The bounded queue of one target. ``title`` is the target's name in messages and metrics."""

    def __init__(self, title: str, *, max_lines: int = MAX_QUEUED_LINES) -> None:
        self.lines: Queue[Any] = Queue(max_lines)
        super().__init__(self.lines)
        self.title = title
        self.lost = 0
        self._counting = threading.Lock()

    def prepare(self, record: logging.LogRecord) -> bytes:
        """Format in the producer's thread, where the request's id is known."""
        return self.format(record).encode() + b"\n"

    def enqueue(self, record: Any) -> None:
        """Queue a line (bytes that end in a line feed), or drop and count it when the queue is full."""
        try:
            self.lines.put_nowait(record)
        except Full:
            self.lose(1)

    def lose(self, lines: int) -> None:
        """Count lines that were not written."""
        with self._counting:
            self.lost += lines


class LineListener(QueueListener):
    """Writes the lines of one queue with ``write``, which returns the number of bytes written and may raise OSError.

    A line that comes alone is written at once; after that lines are gathered for 100 milliseconds. One system call for each line would
    make this thread compete with the event loop for the GIL.
    """

    def __init__(self, lines: QueuedLines, write: Callable[[bytes], int | None]) -> None:
        super().__init__(lines.lines)
        self._lines = lines
        self._write = write
        self._failing = False
        self._lost_reported = 0
        self._closing = threading.Event()

    def dequeue(self, block: bool) -> Any:
        """All queued lines as one piece, or the sentinel when no line is before it."""
        first = self._lines.lines.get(block)
        if first is None:
            return None
        gathered = [first, *(self._lines.lines.get_nowait() for _ in range(self._lines.lines.qsize()))]
        if None in gathered:
            gathered = [line for line in gathered if line is not None]
            self.enqueue_sentinel()
        return b"".join(gathered)

    def handle(self, record: Any) -> None:
        """Write one piece. A failing write is repeated until it succeeds or the listener is stopped."""
        unwritten: bytes = record
        while unwritten:
            written = self._written(unwritten)
            unwritten = unwritten[written:]
            if not written and self._closing.wait(_RETRY_S):
                self._lines.lose(unwritten.count(b"\n"))
                break
        # While closing, the handlers are gone, and logging itself would write to standard error.
        if not self._closing.is_set() and (lost := self._lines.lost - self._lost_reported):
            self._lost_reported += lost
            _log.error("%d lines of %s were lost: it could not be written, and the queue in memory was full", lost, self._lines.title)
        self._closing.wait(_GATHER_S)

    def enqueue_sentinel(self) -> None:
        """Ask the thread to end after the lines that are queued now."""
        with suppress(Full):
            self._lines.lines.put(None, timeout=_CLOSE_S)

    def stop(self) -> None:
        """Write what is queued and end the thread. Lines that the target does not take within some seconds are lost."""
        self._closing.set()
        self.enqueue_sentinel()
        if self._thread is not None:
            # Bounded: a pipe that nobody reads blocks the thread for ever.
            self._thread.join(_CLOSE_S)
            self._thread = None

    def _written(self, data: bytes) -> int:
        try:
            written = self._write(data) or 0
        except OSError as error:
            if not self._failing:
                self._failing = True
                limit = self._lines.lines.maxsize
                _log.error("%s cannot be written: %s; up to %d lines wait in memory", self._lines.title, error.strerror, limit)
            return 0
        if self._failing and written:
            self._failing = False
            _log.warning("%s is written again", self._lines.title)
        return written


class LogFile(WatchedFileHandler):
    """A log file that may be renamed at any time. It is created when missing, with its folder.

    The file is unbuffered and binary, so that a partial write to a full disk can be continued.
    """

    def _open(self) -> io.FileIO:  # type: ignore[override]
        path = Path(self.baseFilename)
        path.parent.mkdir(parents=True, exist_ok=True)
        return io.FileIO(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o640))

    def append(self, data: bytes) -> int:
        """Append to the file that has the name now. Returns the number of bytes written. Raises OSError."""
        self.reopenIfNeeded()
        if self.stream is None:
            # It could not be opened again the last time.
            self.stream = self._open()  # type: ignore[assignment]
            self._statstream()
        return self.stream.write(data)  # type: ignore[union-attr, arg-type]

"""The logs of a process, opened and closed.

Invariant: while the logs are open, the root logger has our handlers and no others. Closing writes what is queued.
"""

import contextlib
import io
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from logos_pxl.errors import ConfigurationError, PxlError
from logos_pxl.logs import ACCESS_LOG, SERVER_LOG
from logos_pxl.logs.formats import Form, formatter
from logos_pxl.logs.requests import RequestLog
from logos_pxl.logs.writing import MAX_QUEUED_LINES, LineListener, LogFile, QueuedLines
from logos_pxl.settings import ServiceSettings

_LEVELS = {"DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARN": logging.WARNING, "ERROR": logging.ERROR}
_MAX_STDERR_LINES = 5_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Logs:
    """The open logs. ``requests`` takes the line of each request; everything else goes through ``logging``."""

    requests: RequestLog
    _queues: tuple[QueuedLines, ...]

    @classmethod
    @contextmanager
    def open(cls, settings: ServiceSettings) -> "Iterator[Logs]":
        """Open the files in ``PXL_LOG_DIR`` and handle all log records. Raises ConfigurationError."""
        with ExitStack() as stack:
            access = _queue(stack, ACCESS_LOG, _file(stack, settings, ACCESS_LOG).append)
            server = [_queue(stack, SERVER_LOG, _file(stack, settings, SERVER_LOG).append)]
            if settings.log_stderr:
                # Unbuffered: a thread that is blocked in a buffer of sys.stderr would keep the process from ending.
                server.append(_queue(stack, "standard error", io.FileIO(2, "w", closefd=False).write, _MAX_STDERR_LINES))
            stack.enter_context(_handling_records(server, settings.log_format, _LEVELS[settings.log_level]))
            stack.enter_context(_logging_fatal_errors())
            yield cls(RequestLog(settings.log_format, access, server), (access, *server))

    @staticmethod
    def set_level(name: str) -> None:
        """From now on write records of this level (``LOG_LEVEL``) and above."""
        logging.getLogger().setLevel(_LEVELS[name])

    def lost_lines(self) -> dict[str, int]:
        """The number of lines lost since the start, for each file and for standard error."""
        return {queue.title: queue.lost for queue in self._queues}


def log_failed_start(message: str) -> None:
    """Write the reason to pxl-server.log as far as its place is known without settings; never raises."""
    path = Path(os.environ.get("PXL_LOG_DIR") or "logs", SERVER_LOG)
    form: Form = "json" if os.environ.get("LOG_FORMAT", "").lower() == "json" else "text"
    record = logging.LogRecord("start", logging.CRITICAL, __file__, 0, "the service did not start: %s", (message,), None)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as log:
            log.write(formatter(form).format(record) + "\n")


def _file(stack: ExitStack, settings: ServiceSettings, name: str) -> LogFile:
    folder = settings.log_dir
    try:
        return stack.enter_context(closing(LogFile(folder / name)))
    except OSError as error:
        raise ConfigurationError(
            f"PXL_LOG_DIR={str(folder)!r}: {name} cannot be written there: {error.strerror}; give a folder that this user may write"
        ) from error


def _queue(stack: ExitStack, title: str, write: Callable[[bytes], int | None], max_lines: int = MAX_QUEUED_LINES) -> QueuedLines:
    lines = QueuedLines(title, max_lines=max_lines)
    listener = LineListener(lines, write)
    listener.start()
    stack.callback(listener.stop)
    return lines


@contextmanager
def _handling_records(queues: list[QueuedLines], form: Form, level: int) -> Iterator[None]:
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn.error")
    before, level_before, uvicorn_before = root.handlers[:], root.level, uvicorn.level
    for queue in queues:
        queue.setFormatter(formatter(form))
    root.handlers[:] = queues
    root.setLevel(level)
    # Its warnings are about requests that have a line already, its messages at start and end repeat ours.
    uvicorn.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level_before)
        uvicorn.setLevel(uvicorn_before)


@contextmanager
def _logging_fatal_errors() -> Iterator[None]:
    """Log the error that ends the process or one of its threads."""
    before = threading.excepthook

    def log_thread(failed: threading.ExceptHookArgs) -> None:
        name = failed.thread.name if failed.thread else "without a name"
        _log.critical("thread %s ended by an error", name, exc_info=failed.exc_value)

    threading.excepthook = log_thread
    try:
        yield
    except PxlError as error:
        _log.critical("the service ends: %s", error)
        raise
    except Exception:
        _log.critical("the service ends by an error", exc_info=True)
        raise
    finally:
        threading.excepthook = before

"""The logs of a process, opened and closed.

Invariant: between opening and closing the root logger has our handlers and no others; closing writes out what was taken.
"""

import contextlib
import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from logos_pxl_engine import LineWriter, RequestLog

from logos_pxl.errors import ConfigurationError, PxlError
from logos_pxl.logs.escaping import escaped
from logos_pxl.logs.formats import Form, formatter
from logos_pxl.logs.names import ACCESS_LOG, SERVER_LOG
from logos_pxl.logs.times import iso
from logos_pxl.service_settings import ServiceSettings

_LEVELS = {"DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARN": logging.WARNING, "ERROR": logging.ERROR}
_CLOSE_S = 3.0
_STDERR_BYTES = 1 << 20

# What uvicorn says, and is left out: of a request without an id, whose line in access.log has one; and of process ids, for the
# operations manual counts refused signatures by ``grep -c 401``.
_UVICORN = "uvicorn.error"
_LEFT_OUT = frozenset(("Invalid HTTP request received.", "Started server process [%d]", "Finished server process [%d]"))

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Logs:
    """The open logs. ``requests`` takes a line for each request; everything else goes through ``logging``."""

    requests: RequestLog
    _writers: tuple[LineWriter, ...]

    @classmethod
    @contextmanager
    def open(cls, settings: ServiceSettings) -> "Iterator[Logs]":
        """Open the files in ``PXL_LOG_DIR``, and take what goes through ``logging``. Raises ConfigurationError."""
        with ExitStack() as stack:
            access = _started(stack, settings, ACCESS_LOG)
            server = [_started(stack, settings, SERVER_LOG)]
            if settings.log_stderr:
                server.append(_writer(stack, "standard error", None, settings.log_format, max_pending_bytes=_STDERR_BYTES))
            level = _LEVELS[settings.log_level]
            requests = RequestLog(settings.log_format, access, server, level=level)
            stack.enter_context(_taking_records(server, settings.log_format, level))
            stack.enter_context(_telling_unforeseen_errors())
            yield cls(requests, (access, *server))

    def set_level(self, name: str) -> None:
        """From now on tell what has this level (``LOG_LEVEL``) or a higher one."""
        logging.getLogger().setLevel(_LEVELS[name])
        self.requests.level = _LEVELS[name]

    def lost_lines(self) -> dict[str, int]:
        """How many lines of each file, and of standard error, were lost since the start."""
        return {writer.name: writer.lost for writer in self._writers}

    def reopen(self) -> None:
        """Open the files anew, after they were renamed."""
        for writer in self._writers:
            writer.reopen()


def note_failed_start(message: str) -> None:
    """Leave the reason in pxl-server.log, as far as its place is known without settings; never raises."""
    folder = Path(os.environ.get("PXL_LOG_DIR") or "logs")
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / SERVER_LOG).open("a", encoding="utf-8") as log:
            log.write(_failed_start_line(message, os.environ.get("LOG_FORMAT", "text").lower() == "json"))


def _failed_start_line(message: str, as_json: bool) -> str:
    now = iso(time.time())
    if as_json:
        return json.dumps({"timestamp": now, "level": "CRITICAL", "event": f"the service did not start: {message}"}) + "\n"
    return f"{now} CRITICAL start: the service did not start: {escaped(message)}\n"


def _started(stack: ExitStack, settings: ServiceSettings, name: str) -> LineWriter:
    folder = settings.log_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _writer(stack, name, folder / name, settings.log_format)
    except OSError as error:
        raise ConfigurationError(
            f"PXL_LOG_DIR={str(folder)!r}: {name} cannot be written there: {error.strerror}; give a folder that this user may write"
        ) from error


def _writer(stack: ExitStack, name: str, path: Path | None, form: Form, *, max_pending_bytes: int = 16 << 20) -> LineWriter:
    lost_line, changed = partial(_lost_line, name, formatter(form)), partial(_tell_change, name, max_pending_bytes)
    writer = LineWriter(name, path, lost_line, changed, max_pending_bytes=max_pending_bytes)
    stack.callback(writer.close, timeout_s=_CLOSE_S)
    return writer


def _tell_change(name: str, max_pending_bytes: int, failure: str | None) -> None:
    if failure is None:
        _log.warning("%s is written again", name)
    else:
        _log.error("%s cannot be written: %s; its lines wait in memory, up to %d bytes", name, failure, max_pending_bytes)


def _lost_line(name: str, form: logging.Formatter, lost: int) -> bytes:
    message = "%d lines were lost before this one: %s could not be written, and no more room was left for them in memory"
    return form.format(logging.LogRecord(__name__, logging.ERROR, __file__, 0, message, (lost, name), None)).encode() + b"\n"


class _LineHandler(logging.Handler):
    """Hands records to writers."""

    def __init__(self, writers: list[LineWriter]) -> None:
        super().__init__()
        self._writers = writers

    def emit(self, record: logging.LogRecord) -> None:
        """Format once, write everywhere."""
        if record.name == _UVICORN and record.msg in _LEFT_OUT:
            return
        try:
            line = self.format(record).encode() + b"\n"
        except Exception:  # noqa: BLE001 - logging's own convention: a line that cannot be made is no reason to fail its writer
            self.handleError(record)
            return
        for writer in self._writers:
            writer.write(line, urgent=record.levelno >= logging.ERROR)


@contextmanager
def _taking_records(writers: list[LineWriter], form: Form, level: int) -> Iterator[None]:
    root = logging.getLogger()
    before, level_before = root.handlers[:], root.level
    handler = _LineHandler(writers)
    handler.setFormatter(formatter(form))
    root.handlers[:] = [handler]
    root.setLevel(level)
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level_before)


@contextmanager
def _telling_unforeseen_errors() -> Iterator[None]:
    """What ends the process, or one of its threads, is told before."""
    before = threading.excepthook

    def tell(failed: threading.ExceptHookArgs) -> None:
        name = failed.thread.name if failed.thread else "of no name"
        _log.critical("thread %s ended by an error", name, exc_info=failed.exc_value)

    threading.excepthook = tell
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

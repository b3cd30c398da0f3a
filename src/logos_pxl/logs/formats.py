"""Formatters for log records, text and JSON, and the parts of a log line: escaped text and times.

Invariant: escaped text has no line break, no control character and no bidirectional control, and can be encoded as UTF-8.

A record is one line, and text from outside is escaped in it. In the text form a traceback follows on lines of its own; each
begins with ``|`` and the request's id. A traceback names the error's class. The error's message may quote a client, so it is written only
at the level DEBUG or outside of requests.
"""

import logging
import re
import time
import traceback
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Literal

from pydantic_core import to_json

Form = Literal["text", "json"]

REQUEST_ID: ContextVar[str] = ContextVar("logos_pxl.request_id")
"""The id of the request being answered. Set by the access log; unset outside of requests."""

# Uvicorn logs everything to "uvicorn.error", and operators search the log for the word error.
_NAMES = {"uvicorn.error": "uvicorn"}

# C0, DEL, C1, line and paragraph separators, bidirectional controls, surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def escaped(text: str) -> str:
    r"""``text`` with every unsafe character replaced by its Python escape, such as ``\x1b``."""
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(lambda found: ascii(found.group())[1:-1], text)


def quoted(text: str) -> str:
    """``text`` escaped and in double quotes; double quotes and backslashes in it are escaped too."""
    return '"' + escaped(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def iso(timestamp_s: float) -> str:
    """A time in seconds since 1970 as ISO 8601 in UTC, such as ``2026-01-31T09:30:00Z``."""
    return _of_second(int(timestamp_s))[0]


def common(timestamp_s: float) -> str:
    """The same in the common log format, such as ``31/Jan/2026:09:30:00 +0000``."""
    return _of_second(int(timestamp_s))[1]


@lru_cache(maxsize=8)
def _of_second(second: int) -> tuple[str, str]:
    utc = time.gmtime(second)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", utc), time.strftime("%d/%b/%Y:%H:%M:%S +0000", utc)


class TextFormatter(logging.Formatter):
    """Time, level, logger, message, request id."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line, with its traceback below it."""
        request_id = REQUEST_ID.get(None)
        marked = "".join(f"\n  | {request_id or '-'} {line}" for line in _trace(record))
        shown_id = f" request_id={request_id}" if request_id else ""
        logger = _logger(record).removeprefix("logos_pxl.")
        return f"{iso(record.created)} {record.levelname} {logger}: {escaped(record.getMessage())}{shown_id}{marked}"


class JsonFormatter(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        document: dict[str, Any] = {
            "timestamp": iso(record.created),
            "level": record.levelname,
            "logger": _logger(record),
            "event": escaped(record.getMessage()),
        }
        if request_id := REQUEST_ID.get(None):
            document["request_id"] = request_id
        if trace := _trace(record):
            document["trace"] = trace
        return to_json(document).decode()


def formatter(form: Form) -> logging.Formatter:
    """The formatter for ``LOG_FORMAT``."""
    return TextFormatter() if form == "text" else JsonFormatter()


def _logger(record: logging.LogRecord) -> str:
    return _NAMES.get(record.name, record.name)


def _trace(record: logging.LogRecord) -> list[str]:
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return []
    described = traceback.TracebackException.from_exception(error, capture_locals=False)
    if REQUEST_ID.get(None) is not None and logging.getLogger().getEffectiveLevel() > logging.DEBUG:
        _withhold_messages(described)
    return [escaped(line) for piece in described.format() for line in piece.rstrip("\n").split("\n")]


def _withhold_messages(described: traceback.TracebackException) -> None:
    remaining: list[traceback.TracebackException | None] = [described]
    while remaining:
        one = remaining.pop()
        if one is not None:
            # ``_str`` is the message, and has no public setter.
            one._str = "(LOG_LEVEL=DEBUG shows the message)"  # type: ignore[attr-defined]
            one.__notes__ = None
            remaining.extend((one.__cause__, one.__context__, *(one.exceptions or ())))

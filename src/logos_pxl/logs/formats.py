"""Formatters for log records: text and JSON.

Invariant: a record is one line, and text from outside is escaped in it. In the text form a traceback follows on lines of its own; each
begins with ``|`` and the request's id. A traceback names the error's class. The error's message may quote a client, so it is written only
at the level DEBUG or outside of requests.
"""

import logging
import traceback
from contextvars import ContextVar
from typing import Any, Literal

from pydantic_core import to_json

from logos_pxl.logs.text import escaped, iso

Form = Literal["text", "json"]

REQUEST_ID: ContextVar[str] = ContextVar("logos_pxl.request_id")
"""The id of the request being answered. Set by the access log; unset outside of requests."""

# Uvicorn logs everything to "uvicorn.error", and operators search the log for the word error.
_NAMES = {"uvicorn.error": "uvicorn"}


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

"""Log records as lines: text, or JSON.

Invariant: a record is one line, and what came from outside is escaped in it. In text a trace takes further lines, each marked with ``|``
and the request's id. A trace shows where, and the class of the error; the error's message, which may quote what a client sent, is shown at
the level DEBUG, or when no request is being answered.
"""

import logging
import traceback
from collections.abc import MutableMapping
from typing import Any, Literal

from pydantic_core import to_json
from structlog.stdlib import ProcessorFormatter

from logos_pxl.logs.context import with_request_id
from logos_pxl.logs.escaping import escaped, quoted
from logos_pxl.logs.times import iso

Form = Literal["text", "json"]
Event = MutableMapping[str, Any]

# Its name says nothing of what it tells, and operators search for the word.
_NAMES = {"uvicorn.error": "uvicorn"}
_OWN = ("event", "timestamp", "level", "logger", "trace")


def formatter(form: Form) -> logging.Formatter:
    """A formatter for the records of ``logging``."""
    return ProcessorFormatter(
        foreign_pre_chain=[with_request_id, _described],
        processors=[ProcessorFormatter.remove_processors_meta, _as_text if form == "text" else _as_json],
    )


def _described(_logger: Any, _method: str, event: Event) -> Event:
    """Add what the record knows: time, level, logger, trace."""
    record: logging.LogRecord = event["_record"]
    event["timestamp"] = iso(record.created)
    event["level"] = record.levelname
    event["logger"] = _NAMES.get(record.name, record.name)
    exc_info = event.pop("exc_info", None)
    if exc_info and exc_info[1] is not None:
        hidden = "request_id" in event and logging.getLogger().getEffectiveLevel() > logging.DEBUG
        event["trace"] = trace_lines(exc_info[1], messages=not hidden)
    return event


def trace_lines(error: BaseException, *, messages: bool) -> list[str]:
    """The trace of ``error`` and of what caused it; without ``messages``, the errors' classes alone."""
    lines: list[str] = []
    described = traceback.TracebackException.from_exception(error, capture_locals=False)
    if not messages:
        _withhold(described)
    for piece in described.format():
        lines.extend(escaped(line) for line in piece.rstrip("\n").split("\n"))
    return lines


def _withhold(described: traceback.TracebackException) -> None:
    seen: list[traceback.TracebackException | None] = [described]
    while seen:
        one = seen.pop()
        if one is not None:
            # SyntaxError quotes what it could not read; ``_str`` is the message, and has no public setter.
            one._str = "(LOG_LEVEL=DEBUG shows the message)"  # type: ignore[attr-defined]
            one.__notes__ = None
            seen.extend((one.__cause__, one.__context__, *(one.exceptions or ())))


def _as_text(_logger: Any, _method: str, event: Event) -> str:
    # The module's own package says nothing that the reader does not know.
    logger = event["logger"].removeprefix("logos_pxl.")
    more = "".join(f" {name}={_value(value)}" for name, value in event.items() if name not in _OWN)
    line = f"{event['timestamp']} {event['level']} {logger}: {escaped(str(event['event']))}{more}"
    marked = "".join(f"\n  | {event.get('request_id', '-')} {trace}" for trace in event.get("trace", ()))
    return line + marked


def _as_json(_logger: Any, _method: str, event: Event) -> str:
    ordered = {name: event[name] for name in ("timestamp", "level", "logger", "event")}
    ordered["event"] = escaped(str(ordered["event"]))
    for name, value in event.items():
        if name not in ordered:
            ordered[name] = escaped(value) if isinstance(value, str) else value
    return to_json(ordered, fallback=lambda value: escaped(str(value))).decode()


def _value(value: object) -> str:
    text = str(value)
    return text if text.isascii() and text.isalnum() else quoted(text) if not _plain(text) else text


def _plain(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and not any(character in text for character in ' "=\\')

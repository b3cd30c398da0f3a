"""Which request is being answered: known to whatever runs on its behalf, also in other threads that got a copy of its context."""

from contextvars import ContextVar
from typing import Any

from structlog.typing import EventDict

REQUEST_ID: ContextVar[str] = ContextVar("logos_pxl.request_id")
"""Set by the outermost layer. Unset outside of requests."""


def with_request_id(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Structlog's processor that adds it."""
    request_id = REQUEST_ID.get(None)
    if request_id is not None:
        event["request_id"] = request_id
    return event

"""Errors as answers: problem details (RFC 9457).

Invariant: every refusal of this service is ``application/problem+json`` with a type, a title, a status and a detail that says what, where
and what would be right. Status and title belong to the error's code (``logos_pxl.wire.problems``).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from logos_pxl.errors import (
    GoalTooLarge,
    KernelUnavailable,
    MalformedGoal,
    Overloaded,
    PxlError,
    RequestError,
    RequestTooLarge,
    SessionError,
    StorageUnavailable,
)
from logos_pxl.wire.http import PROBLEM
from logos_pxl.wire.problems import PROBLEMS, TYPE_PREFIX
from logos_pxl.wire.signing import ALGORITHM, Refusal


class AmbiguousRequest(RequestError):
    """Two readers could take the request differently (HTTP 400)."""

    code = "ambiguous-request"


class Unauthenticated(RequestError):
    """The request is not signed as it must be (HTTP 401). ``str(error)`` is the reason; ``detail`` is for the log alone."""

    code = "unauthenticated"

    def __init__(self, refusal: Refusal, *, detail: str) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
        self.detail = detail


class QuotaExceeded(RequestError):
    """The client made more requests than it may (HTTP 429); after ``retry_after_s`` seconds it may go on."""

    code = "quota-exceeded"

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotAcceptable(RequestError):
    """The client accepts no form that the resource has."""

    code = "not-acceptable"


class UnsupportedMediaType(RequestError):
    """The body is not ``application/json`` in UTF-8, or it is compressed."""

    code = "unsupported-media-type"


class InvalidJson(RequestError):
    """The body is not JSON, or not the JSON that everybody reads alike."""

    code = "invalid-json"


class InvalidFields(RequestError):
    """The body is JSON, but its members are not what the endpoint takes. ``errors`` has one entry for each."""

    code = "invalid-fields"

    def __init__(self, message: str, errors: list[dict[str, str]]) -> None:
        super().__init__(message)
        self.errors = errors


class SlowBody(RequestError):
    """The body did not arrive in time."""

    code = "request-timeout"


class NotFound(RequestError):
    """No endpoint has this path (HTTP 404)."""

    code = "not-found"


class MethodNotAllowed(RequestError):
    """The endpoints of this path do not take this method (HTTP 405). ``allowed`` are the methods that they take."""

    code = "method-not-allowed"

    def __init__(self, message: str, *, allowed: Sequence[str]) -> None:
        super().__init__(message)
        self.allowed = allowed


def problem(code: str, detail: str, *, members: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """A problem document; ``code`` gives its status and title, ``members`` are its extension members."""
    status, title = PROBLEMS[code]
    document = {"type": TYPE_PREFIX + code, "title": title, "status": status, "detail": detail, **(members or {})}
    return Response(to_json(document), status_code=status, media_type=PROBLEM, headers=headers)


def problem_of(error: PxlError) -> Response:
    """The answer that an error amounts to."""
    members, headers = _extras(error)
    if isinstance(error, SlowBody | AmbiguousRequest) or type(error) is RequestTooLarge:
        # What is left of the body is not read, or nobody knows where it ends: the connection cannot be used again.
        headers = {**headers, "Connection": "close"}
    detail = error.detail if isinstance(error, MalformedGoal) else str(error)
    return problem(error.code, detail, members=members, headers=headers)


def _extras(error: PxlError) -> tuple[dict[str, Any], dict[str, str]]:
    match error:
        case MalformedGoal():
            position = {"offset": error.offset, "line": error.line, "column": error.column}
            return {"position": position, "found": error.found, "expected": list(error.expected), "caret": error.caret}, {}
        case GoalTooLarge():
            return {"limit": error.limit, "maximum": error.maximum}, {}
        case InvalidFields():
            return {"errors": error.errors}, {}
        case Unauthenticated():
            return {"reason": error.refusal.code}, {"WWW-Authenticate": ALGORITHM}
    return {}, _extra_headers(error)


def _extra_headers(error: PxlError) -> dict[str, str]:
    match error:
        case MethodNotAllowed():
            return {"Allow": ", ".join(error.allowed)}
        case (
            KernelUnavailable(retry_after_s=float() | int() as wait)
            | Overloaded(retry_after_s=float() | int() as wait)
            | QuotaExceeded(retry_after_s=wait)
        ):
            return {"Retry-After": retry_after(wait)}
        case SessionError() | Overloaded() | StorageUnavailable():
            return {"Retry-After": retry_after(None)}
    return {}


def retry_after(wait_s: float | None) -> str:
    """The field's value: whole seconds, not fewer than ``wait_s``, at least 1."""
    return str(max(1, math.ceil(wait_s or 1)))


def defect() -> Response:
    """The answer to an unexpected error."""
    return problem("internal", "the service failed on this request; its log says where", headers={"Connection": "close"})

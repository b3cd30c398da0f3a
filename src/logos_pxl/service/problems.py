"""Errors as answers: problem details (RFC 9457), by one table.

Invariant: every refusal of this service is ``application/problem+json`` with a type, a title, a status and a detail that says what, where
and what would be right. ``STATUSES`` is the only place that gives an error class its status.
"""

import math
from collections.abc import Mapping
from typing import Any

from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from logos_pxl.errors import (
    BatchTooLarge,
    CertificateNotFound,
    ConfigurationError,
    GoalTooLarge,
    JobNotFound,
    KernelUnavailable,
    MalformedGoal,
    Overloaded,
    PxlError,
    RequestError,
    RequestTooLarge,
    SessionError,
    SoundnessAlarm,
    StorageUnavailable,
)
from logos_pxl.service.refusals import AmbiguousRequest, QuotaExceeded, Unauthenticated
from logos_pxl.shared_state import NoncesFull
from logos_pxl.wire.signing import ALGORITHM

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:pxl:problem:"


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


STATUSES: tuple[tuple[type[PxlError], int, str], ...] = (
    (Unauthenticated, 401, "The request is not authenticated"),
    (CertificateNotFound, 404, "No such certificate"),
    (JobNotFound, 404, "No such job"),
    (NotAcceptable, 406, "No acceptable form"),
    (SlowBody, 408, "The body came too slowly"),
    (GoalTooLarge, 413, "The goal is too large"),
    (BatchTooLarge, 413, "The batch is too large"),
    (RequestTooLarge, 413, "The request is too large"),
    (UnsupportedMediaType, 415, "Unsupported media type"),
    (QuotaExceeded, 429, "Too many requests of this client"),
    (AmbiguousRequest, 400, "The request is ambiguous"),
    (MalformedGoal, 400, "The goal is malformed"),
    (InvalidJson, 400, "The body is not valid JSON"),
    (InvalidFields, 400, "Wrong fields"),
    (RequestError, 400, "The request cannot be answered"),
    (Overloaded, 503, "The service has no capacity now"),
    (StorageUnavailable, 503, "The certificate store is not available"),
    (NoncesFull, 503, "No more signed requests can be told apart"),
    (SessionError, 503, "The proof kernel is not available"),
    (SoundnessAlarm, 500, "Search and kernel disagree"),
    (ConfigurationError, 500, "The service is set up wrongly"),
    (PxlError, 500, "Internal error"),
)
"""Error class, status, title; the first class that fits counts."""

_HTTP_TITLES: Mapping[int, tuple[str, str, str]] = {
    404: ("not-found", "No such resource", "there is nothing under {path}; /openapi.json lists what there is"),
    405: ("method-not-allowed", "Method not allowed", "{path} does not answer to {method}; see the Allow field"),
}


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document; ``members`` are its extension members."""
    document = {"type": TYPE_PREFIX + code, "title": title, "status": status, "detail": detail, **(members or {})}
    return Response(to_json(document), status_code=status, media_type=MEDIA_TYPE, headers=headers)


def problem_of(error: PxlError) -> Response:
    """The answer that an error amounts to."""
    status, title = next((status, title) for kind, status, title in STATUSES if isinstance(error, kind))
    members, headers = _extras(error)
    if isinstance(error, SlowBody | AmbiguousRequest) or type(error) is RequestTooLarge:
        # What is left of the body is not read, or nobody knows where it ends: the connection cannot be used again.
        headers = {**headers, "Connection": "close"}
    detail = error.detail if isinstance(error, MalformedGoal) else str(error)
    return problem(status, error.code, title, detail, members=members, headers=headers)


def _extras(error: PxlError) -> tuple[dict[str, Any], dict[str, str]]:
    match error:
        case MalformedGoal():
            position = {"offset": error.offset, "line": error.line, "column": error.column}
            return {"position": position, "found": error.found, "expected": list(error.expected), "caret": error.caret}, {}
        case GoalTooLarge():
            return {"limit": error.limit, "maximum": error.maximum}, {}
        case InvalidFields():
            return {"errors": error.errors}, {}
    return {}, _extra_headers(error)


def _extra_headers(error: PxlError) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {"WWW-Authenticate": ALGORITHM}
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


async def on_pxl_error(_: Request, error: Exception) -> Response:
    """For errors of ours that leave a handler."""
    if not isinstance(error, PxlError):
        raise error
    return problem_of(error)


def http_code(error: HTTPException) -> str:
    """The short name of what the router itself refuses."""
    return _HTTP_TITLES[error.status_code][0] if error.status_code in _HTTP_TITLES else "http"


async def on_http_exception(request: Request, error: Exception) -> Response:
    """For what the router itself refuses."""
    if not isinstance(error, HTTPException):
        raise error
    code, title, detail = _HTTP_TITLES.get(error.status_code, ("http", error.detail, error.detail))
    shown = detail.format(path=request.url.path, method=request.method)
    return problem(error.status_code, code, title, shown, headers=error.headers)


async def on_defect(_: Request, __: Exception) -> Response:
    """For errors that nobody foresaw; the log has the trace, the caller has none of it."""
    return defect()


def defect() -> Response:
    """What a caller is told of an error that nobody foresaw."""
    return problem(
        500, "internal", "Internal error", "the service failed on this request; its log says where", headers={"Connection": "close"}
    )

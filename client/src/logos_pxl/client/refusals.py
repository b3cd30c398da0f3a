"""Refusals of the service as errors, by one table."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from logos_pxl.client.errors import (
    ConnectionFailed,
    NotAuthorised,
    Overloaded,
    ProtocolError,
    QuotaExceeded,
    RequestError,
    ServiceFailed,
    ServiceUnavailable,
)
from logos_pxl.client.models import Problem
from logos_pxl.client.retrying import seconds_of
from logos_pxl.wire.errors import (
    BatchTooLarge,
    CertificateNotFound,
    GoalTooLarge,
    JobNotFound,
    MalformedGoal,
    PxlError,
    RequestTooLarge,
    SoundnessAlarm,
    TimeoutTooLong,
)

_BY_CODE: Mapping[str, type[PxlError]] = MappingProxyType(
    {
        "certificate-not-found": CertificateNotFound,
        "job-not-found": JobNotFound,
        "batch-too-large": BatchTooLarge,
        "request-too-large": RequestTooLarge,
        "timeout-too-long": TimeoutTooLong,
        "kernel-rejected": SoundnessAlarm,
        "request-timeout": ConnectionFailed,
    }
)
_SIGNATURES: Mapping[str, str] = MappingProxyType(
    {
        "Missing signature": "requests must be signed: give the client the service's key (HMAC_SECRET_KEY)",
        "Invalid signature": "the key is another one than the service's, or something between changes paths or bodies",
        "Timestamp outside window": "the clocks of this machine and of the service are more than a minute apart: set the wrong one",
        "Nonce reused": "something between sends requests twice",
    }
)
_SERVER_ERROR = 500
_UNAUTHORISED, _QUOTA, _GATEWAYS = (401, 403), 429, (502, 503, 504)
_SHOWN_CHARACTERS = 200


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> PxlError:
    """The error that a reply other than the awaited one amounts to."""
    retry_after_s = seconds_of(headers.get("retry-after"))
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/problem+json":
        return _of_something_else(status, headers.get("location"), retry_after_s, body)
    try:
        return refusal_of(Problem.model_validate_json(body), status, retry_after_s)
    except ValidationError:
        return ProtocolError(f"the service answered {status} with a problem document that cannot be read: {_shown(body)}")


def refusal_of(problem: Problem, status: int, retry_after_s: float | None = None) -> PxlError:
    """The error that a problem document amounts to; ``status`` is the HTTP status that it came with, or would have come with."""
    detail, code = problem.detail or problem.title, problem.code
    error: PxlError
    if code in _SPECIAL:
        error = _SPECIAL[code](problem) or ProtocolError(f"the service refused with {code}, and does not say all: {detail}")
    elif status in _UNAUTHORISED:
        error = NotAuthorised(f"{detail}: {_SIGNATURES.get(detail, 'the service refuses this client')}")
    elif status == _QUOTA:
        error = QuotaExceeded(detail, retry_after_s=retry_after_s)
    elif code in _BY_CODE:
        error = _BY_CODE[code](detail)
    elif status in _GATEWAYS:
        kind = Overloaded if code in ("overloaded", "too-many-connections") else ServiceUnavailable
        error = kind(detail, retry_after_s=retry_after_s)
    elif status >= _SERVER_ERROR:
        error = ServiceFailed(f"{detail} ({code}, {status})")
    else:
        error = RequestError(f"{detail} ({code}, {status})")
    return error


def _of_something_else(status: int, location: str | None, retry_after_s: float | None, body: bytes) -> PxlError:
    """What stands in front of the service, or in its place, said something of its own."""
    if status in _UNAUTHORISED:
        return NotAuthorised(f"something in front of the service refuses this client ({status}): {_shown(body)}")
    if status == _QUOTA:
        return QuotaExceeded(f"something in front of the service refuses more requests for now ({status})", retry_after_s=retry_after_s)
    if status in _GATEWAYS:
        return ServiceUnavailable(f"something in front of the service does not reach it ({status})", retry_after_s=retry_after_s)
    if location is not None:
        return ProtocolError(f"the answer is {status} and points to {location}: if the service is there, give that address to the client")
    return ProtocolError(f"the answer is {status} and none of a PXL service: is the address right? {_shown(body)}")


def _malformed(problem: Problem) -> PxlError | None:
    members = problem.model_extra or {}
    caret = members.get("caret", "")
    try:
        position: Any = members["position"]
        offset, line, column = (int(position[name]) for name in ("offset", "line", "column"))
        expected = [str(word) for word in members.get("expected", ())]
    except (TypeError, KeyError, ValueError):
        return None
    message = f"line {line}, column {column}: {problem.detail}" + (f"\n{caret}" if caret else "")
    return MalformedGoal(
        message,
        detail=problem.detail,
        offset=offset,
        line=line,
        column=column,
        found=str(members.get("found", "")),
        expected=expected,
        caret=str(caret),
    )


def _too_large(problem: Problem) -> PxlError | None:
    members = problem.model_extra or {}
    limit, maximum = members.get("limit"), members.get("maximum")
    if not isinstance(limit, str) or not isinstance(maximum, int):
        return None
    return GoalTooLarge(problem.detail, limit=limit, maximum=maximum)


_SPECIAL: Mapping[str, Callable[[Problem], PxlError | None]] = MappingProxyType(
    {"malformed-goal": _malformed, "goal-too-large": _too_large}
)


def _shown(body: bytes) -> str:
    return body[:_SHOWN_CHARACTERS].decode("utf-8", "replace").strip()

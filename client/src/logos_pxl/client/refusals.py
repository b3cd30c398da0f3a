"""Refusals of the service as errors, by their codes; a code that this version does not know goes by the HTTP status."""

from collections.abc import Mapping
from types import MappingProxyType

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
from logos_pxl.client.retrying import seconds_of
from logos_pxl.wire import errors, http
from logos_pxl.wire.errors import GoalTooLarge, MalformedGoal, PxlError
from logos_pxl.wire.problems import Problem
from logos_pxl.wire.signing import Refusal

_BY_CODE: Mapping[str, type[PxlError]] = MappingProxyType(
    {
        "batch-too-large": errors.BatchTooLarge,
        "certificate-not-found": errors.CertificateNotFound,
        "job-not-found": errors.JobNotFound,
        "kernel-rejected": errors.SoundnessAlarm,
        "request-timeout": ConnectionFailed,
        "request-too-large": errors.RequestTooLarge,
        "timeout-too-long": errors.TimeoutTooLong,
    }
)
_SIGNATURE_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        Refusal.MISSING.code: "requests must be signed: give the client the service's key (HMAC_SECRET_KEY)",
        Refusal.INVALID.code: "the key is not the service's, or something between changes paths or bodies",
        Refusal.WINDOW.code: "the clocks of this machine and of the service differ by more than a minute: set the wrong one",
        Refusal.REUSED.code: "something between sends requests twice",
    }
)
_OVERLOADED = ("overloaded", "too-many-connections")
_SERVER_ERROR = 500
_UNAUTHORISED, _QUOTA, _UNAVAILABLE = (401, 403), 429, (502, 503, 504)
_SHOWN_BYTES = 200


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> PxlError:
    """The error for a reply with an unexpected status. The names of ``headers`` are in lower case."""
    retry_after_s = seconds_of(headers.get(http.RETRY_AFTER))
    if headers.get("content-type", "").partition(";")[0].strip().lower() != http.PROBLEM:
        return _of_another_server(status, headers.get("location"), retry_after_s, body)
    try:
        return refusal_of(Problem.model_validate_json(body), status, retry_after_s)
    except ValidationError:
        return ProtocolError(f"the service answered {status} with a problem document that cannot be read: {_shown(body)}")


def refusal_of(problem: Problem, status: int, retry_after_s: float | None = None) -> PxlError:
    """The error for a problem document; ``status`` is the HTTP status that it came with, or would have come with."""
    detail, code = problem.detail or problem.title, problem.code
    error: PxlError
    if code == MalformedGoal.code:
        error = _malformed(problem)
    elif code == GoalTooLarge.code:
        error = _too_large(problem)
    elif status in _UNAUTHORISED:
        reason = problem.reason or ""
        error = NotAuthorised(f"{detail}: {_SIGNATURE_ADVICE.get(reason, 'the service refuses this client')}", reason=reason)
    elif status == _QUOTA:
        error = QuotaExceeded(detail, retry_after_s=retry_after_s)
    elif code in _BY_CODE:
        error = _BY_CODE[code](detail)
    elif status in _UNAVAILABLE:
        kind = Overloaded if code in _OVERLOADED else ServiceUnavailable
        error = kind(detail, retry_after_s=retry_after_s)
    else:
        error = (ServiceFailed if status >= _SERVER_ERROR else RequestError)(f"{detail} ({code}, {status})")
    return error


def _of_another_server(status: int, location: str | None, retry_after_s: float | None, body: bytes) -> PxlError:
    """A proxy, or another server, answered in words of its own."""
    if status in _UNAUTHORISED:
        return NotAuthorised(f"something in front of the service refuses this client ({status}): {_shown(body)}")
    if status == _QUOTA:
        return QuotaExceeded(f"something in front of the service refuses more requests for now ({status})", retry_after_s=retry_after_s)
    if status in _UNAVAILABLE:
        return ServiceUnavailable(f"something in front of the service does not reach it ({status})", retry_after_s=retry_after_s)
    if location is not None:
        return ProtocolError(f"the answer is {status} and points to {location}: if the service is there, give that address to the client")
    return ProtocolError(f"the answer is {status} and not one of a PXL service: is the address right? {_shown(body)}")


def _malformed(problem: Problem) -> PxlError:
    position = problem.position
    if position is None:
        return _incomplete(problem)
    caret = problem.caret or ""
    message = f"line {position.line}, column {position.column}: {problem.detail}" + (f"\n{caret}" if caret else "")
    return MalformedGoal(
        message,
        detail=problem.detail,
        offset=position.offset,
        line=position.line,
        column=position.column,
        found=problem.found or "",
        expected=problem.expected or (),
        caret=caret,
    )


def _too_large(problem: Problem) -> PxlError:
    if problem.limit is None or problem.maximum is None:
        return _incomplete(problem)
    return GoalTooLarge(problem.detail, limit=problem.limit, maximum=problem.maximum)


def _incomplete(problem: Problem) -> ProtocolError:
    return ProtocolError(f"the service refused with {problem.code}, and members of the problem are missing: {problem.detail}")


def _shown(body: bytes) -> str:
    return body[:_SHOWN_BYTES].decode("utf-8", "replace").strip()

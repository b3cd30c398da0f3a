"""The client's errors, and problem documents as errors.

The classes of ``logos_pxl.wire.errors`` are raised too: a refused goal is the same error in the client as in the service. A code that this
version does not know is read by its HTTP status.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType

from pydantic import ValidationError

from logos_pxl.wire import errors, http
from logos_pxl.wire.errors import GoalTooLarge, MalformedGoal, Overloaded, PxlError, RequestError
from logos_pxl.wire.problems import Problem
from logos_pxl.wire.signing import Refusal


class _Later(PxlError):
    """``retry_after_s``: seconds after which the same request may succeed; None when the service named none."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotAuthorised(PxlError):
    """The request is not signed, or its signature is refused (401, 403).

    ``reason`` is the code of a ``logos_pxl.wire.signing.Refusal``; empty when the refusal is not the service's.
    """

    code = "unauthenticated"

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class QuotaExceeded(_Later):
    """The client made more requests than its quota (429)."""

    code = "quota-exceeded"


class ServiceUnavailable(_Later):
    """The service cannot decide goals now (503), or a proxy does not reach it (502, 504)."""

    code = "service-unavailable"


class ConnectionFailed(PxlError):
    """No answer arrived: nothing listens, the connection broke, or the time ran out."""

    code = "connection-failed"


class ServiceFailed(PxlError):
    """A defect of the service (5xx other than 502 to 504). Its log has the trace."""

    code = "service-failed"


class ProtocolError(PxlError):
    """The answer is not one of this service, or it contradicts itself. No verdict is taken from it."""

    code = "protocol-error"


class JobCancelled(PxlError):
    """The job was cancelled, by a client that knows its id or because the service ended."""

    code = "job-cancelled"


TRANSIENT: tuple[type[PxlError], ...] = (ConnectionFailed, ServiceUnavailable, Overloaded, QuotaExceeded)
"""After one of these the same request may succeed."""

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
        Refusal.INVALID.code: "the key is not the service's, or a proxy changes paths or bodies",
        Refusal.WINDOW.code: "the clocks of this machine and of the service differ by more than a minute: set the wrong one",
        Refusal.REUSED.code: "a proxy sends requests twice",
    }
)
_OVERLOADED = ("overloaded", "too-many-connections")
_SERVER_ERROR = 500
_UNAUTHORISED, _QUOTA, _UNAVAILABLE = (401, 403), 429, (502, 503, 504)
_SHOWN_BYTES = 200


def reply_error(status: int, headers: Mapping[str, str], body: bytes) -> PxlError:
    """The error for a reply with an unexpected status. The names of ``headers`` are in lower case."""
    retry_after_s = _seconds(headers.get(http.RETRY_AFTER))
    if headers.get("content-type", "").partition(";")[0].strip().lower() != http.PROBLEM:
        return _other_server_error(status, headers.get("location"), retry_after_s, body)
    try:
        return problem_error(Problem.model_validate_json(body), status, retry_after_s)
    except ValidationError:
        return ProtocolError(f"the service answered {status} with a problem document that cannot be read: {_shown(body)}")


def problem_error(problem: Problem, status: int, retry_after_s: float | None = None) -> PxlError:
    """The error for a problem document. ``status`` is the reply's; for a problem in a batch or a job, the one that ``prove`` would get."""
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


def _other_server_error(status: int, location: str | None, retry_after_s: float | None, body: bytes) -> PxlError:
    """The error for a reply of a proxy or another server."""
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
    position, caret = problem.position, problem.caret or ""
    if position is None:
        return _incomplete(problem)
    return MalformedGoal(
        f"line {position.line}, column {position.column}: {problem.detail}" + (f"\n{caret}" if caret else ""),
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


def _seconds(retry_after: str | None) -> float | None:
    """The seconds of a ``Retry-After`` field; None for a date, which this service never sends."""
    try:
        seconds = float(retry_after or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _shown(body: bytes) -> str:
    return body[:_SHOWN_BYTES].decode("utf-8", "replace").strip()

"""Errors that only the client raises; each message says what to do.

What the service says of a goal is the same class here as in the service: see ``logos_pxl.wire.errors``, whose ``PxlError`` is the root.
"""

from logos_pxl.wire.errors import Overloaded, PxlError, RequestError


class _Later(PxlError):
    """``retry_after_s``: seconds after which the same request may succeed; None when nobody said."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotAuthorised(PxlError):
    """The service demands a signature that it did not get, or refuses this one (401, 403).

    ``reason`` is the service's word for it (``logos_pxl.wire.signing.Refusal``); empty when something else refused.
    """

    code = "unauthenticated"

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class QuotaExceeded(_Later):
    """The client made more requests than it may (429)."""

    code = "quota-exceeded"


class ServiceUnavailable(_Later):
    """The service answers, and cannot decide goals now (503, or a proxy's 502 or 504)."""

    code = "service-unavailable"


class ConnectionFailed(PxlError):
    """No answer arrived: nothing listens, the connection broke, or the time ran out."""

    code = "connection-failed"


class ServiceFailed(PxlError):
    """A defect of the service (5xx other than 502 to 504): its log has the trace."""

    code = "service-failed"


class ProtocolError(PxlError):
    """The answer is not one that this service gives, or it contradicts itself. No verdict is taken from it."""

    code = "protocol-error"


class JobCancelled(PxlError):
    """The job was cancelled, by a client that knows its id or because the service ended."""

    code = "job-cancelled"


TRANSIENT: tuple[type[PxlError], ...] = (ConnectionFailed, ServiceUnavailable, Overloaded, QuotaExceeded)
"""After one of these the same request may succeed."""

__all__ = [
    "TRANSIENT",
    "ConnectionFailed",
    "JobCancelled",
    "NotAuthorised",
    "Overloaded",
    "ProtocolError",
    "PxlError",
    "QuotaExceeded",
    "RequestError",
    "ServiceFailed",
    "ServiceUnavailable",
]

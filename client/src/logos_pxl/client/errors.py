"""What can go wrong between a client and the service; each message says what to do.

The root is ``logos_pxl.wire.errors.PxlError``, and what the service says of a goal is the same class here as in the engine's own process:
``MalformedGoal``, ``GoalTooLarge``, ``TimeoutTooLong``, ``BatchTooLarge``, ``CertificateNotFound``, ``JobNotFound``, ``SoundnessAlarm``.
"""

from logos_pxl.wire.errors import Overloaded, PxlError, RequestError


class NotAuthorised(PxlError):
    """The service wants a signature that it did not get, or does not accept this one (401, 403)."""

    code = "unauthenticated"


class QuotaExceeded(PxlError):
    """The client made more requests than it may (429). ``retry_after_s``: when it may go on, in seconds; None when nobody said."""

    code = "quota-exceeded"

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ServiceUnavailable(PxlError):
    """The service answers, and cannot decide goals now (503, or a proxy's 502 or 504). ``retry_after_s`` as in ``QuotaExceeded``."""

    code = "service-unavailable"

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ConnectionFailed(PxlError):
    """No answer arrived: nobody listens, the connection broke, or the time ran out."""

    code = "connection-failed"


class ServiceFailed(PxlError):
    """A defect of the service (5xx other than 503): its log has the trace."""

    code = "service-failed"


class ProtocolError(PxlError):
    """The answer is none that this service gives, or contradicts itself. No verdict is taken from it."""

    code = "protocol-error"


class JobCancelled(PxlError):
    """The job was cancelled, by someone who knows its id or by the service's end."""

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

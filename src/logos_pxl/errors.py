"""What can go wrong, and whose fault it is.

Invariant: every error that this package raises on purpose is a ``PxlError``, and its class says who can fix it: the caller
(``RequestError``), the operator (``ConfigurationError``), Coq or the machine (``SessionError``, worth another try), or this project
(``SoundnessAlarm``). HTTP and the command line map these classes to answers; nothing else decides a status.
"""

from logos_pxl.wire.errors import (
    BatchTooLarge,
    CertificateNotFound,
    GoalTooLarge,
    JobNotFound,
    MalformedGoal,
    Overloaded,
    PxlError,
    RequestError,
    RequestTooLarge,
    SoundnessAlarm,
    TimeoutTooLong,
)

__all__ = [
    "BatchTooLarge",
    "CertificateNotFound",
    "ConfigurationError",
    "GoalTooLarge",
    "JobNotFound",
    "KernelNotBuilt",
    "KernelTimeout",
    "KernelUnavailable",
    "MalformedCertificate",
    "MalformedGoal",
    "Overloaded",
    "ProtocolViolation",
    "PxlError",
    "QueueFull",
    "RequestError",
    "RequestTooLarge",
    "SessionCrashed",
    "SessionError",
    "SessionExhausted",
    "SessionStartError",
    "SoundnessAlarm",
    "StorageUnavailable",
    "TimeoutTooLong",
]


class MalformedCertificate(RequestError):
    """A certificate's file or bytes cannot be read."""

    code = "malformed-certificate"


class StorageUnavailable(PxlError):
    """The certificate store cannot be read now: a disk fails, or is too slow (HTTP 503)."""

    code = "storage-unavailable"


class ConfigurationError(PxlError):
    """The operator's fault, found at start: a setting is wrong or a part is not built. The process must not serve."""

    code = "configuration"


class KernelNotBuilt(ConfigurationError):
    """Compiled kernel files or the Coq program are missing."""

    code = "kernel-not-built"


class SessionError(PxlError):
    """Coq's or the machine's fault: another try may succeed (HTTP 503)."""

    code = "session"


class KernelUnavailable(SessionError):
    """No Coq session can be had: none starts, or the pool is closed.

    ``retry_after_s`` is how long to wait before another try makes sense, in seconds; ``None`` when it never will (the pool is closed).
    """

    code = "kernel-unavailable"

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class QueueFull(KernelUnavailable):
    """As many checks wait for a session as ``PXL_QUEUE_LIMIT`` allows."""

    code = "queue-full"


class KernelTimeout(SessionError):
    """The deadline passed before the kernel answered. The session at work, if there was one, is dead.

    ``waiting`` tells whether the check was still waiting for a session.
    """

    code = "kernel-timeout"

    def __init__(self, message: str, *, waiting: bool) -> None:
        super().__init__(message)
        self.waiting = waiting


class SessionCrashed(SessionError):
    """The session died in the middle of the check, and so did the one of the second try."""

    code = "session-crashed"


class SessionExhausted(SessionError):
    """The check needs more memory or stack than a session may have; the same check would exhaust the next session too."""

    code = "session-exhausted"


class ProtocolViolation(SessionError):
    """A session broke its protocol. Nothing that it says is believed any more, and it is killed."""

    code = "protocol-violation"


class SessionStartError(SessionError):
    """A Coq session did not start. The message holds the end of what Coq wrote on standard error."""

    code = "session-start"

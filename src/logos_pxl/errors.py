"""What can go wrong, and whose fault it is.

Invariant: every error that this package raises on purpose is a ``PxlError``, and its class tells who can mend it: the caller
(``RequestError``), the operator (``ConfigurationError``), Coq or the machine (``SessionError``, worth another try), or we ourselves
(``SoundnessAlarm``). Doors (HTTP, command line) map these classes to answers; nothing else decides a status.
"""

from collections.abc import Sequence
from typing import ClassVar


class PxlError(Exception):
    """The root. ``str(error)`` is a whole sentence: what happened, where, and what would be right."""

    code: ClassVar[str] = "error"
    """A short name in kebab case, stable between versions: for problem types, log fields and metric labels."""


class RequestError(PxlError):
    """The caller's fault: the same request will never succeed (HTTP 400)."""

    code = "bad-request"


class RequestTooLarge(RequestError):
    """The request passes a limit on its size (HTTP 413)."""

    code = "request-too-large"


class MalformedGoal(RequestError):
    """The goal's text is not a formula. ``str(error)`` ends with the source line and a caret under the place.

    ``offset`` counts bytes from 0, ``line`` and ``column`` count lines and characters from 1; ``expected`` is what could have stood there.
    """

    code = "malformed-goal"

    def __init__(
        self, message: str, *, detail: str, offset: int, line: int, column: int, found: str, expected: Sequence[str], caret: str
    ) -> None:
        super().__init__(message)
        self.detail = detail
        self.offset = offset
        self.line = line
        self.column = column
        self.found = found
        self.expected = tuple(expected)
        self.caret = caret


class GoalTooLarge(RequestTooLarge):
    """The goal passes a limit on its text or its formula; ``limit`` names which, ``maximum`` is the limit's value."""

    code = "goal-too-large"

    def __init__(self, message: str, *, limit: str, maximum: int) -> None:
        super().__init__(message)
        self.limit = limit
        self.maximum = maximum


class TimeoutTooLong(RequestError):
    """The request asks for more time than ``PXL_MAX_TIMEOUT_MS`` allows."""

    code = "timeout-too-long"


class MalformedCertificate(RequestError):
    """A certificate's file or bytes cannot be read."""

    code = "malformed-certificate"


class CertificateNotFound(RequestError):
    """No certificate is kept under this id (HTTP 404)."""

    code = "certificate-not-found"


class JobNotFound(RequestError):
    """No job has this id (any more) (HTTP 404)."""

    code = "job-not-found"


class BatchTooLarge(RequestTooLarge):
    """The batch holds more goals than ``PXL_BATCH_MAX_GOALS`` allows (HTTP 413)."""

    code = "batch-too-large"


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


class Overloaded(PxlError):
    """As many goals, jobs or the like are in work as may be (HTTP 503). ``retry_after_s``: when there is room again, in seconds."""

    code = "overloaded"

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


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


class SoundnessAlarm(PxlError):
    """Our fault, the worst kind: the prover and the kernel disagree (HTTP 500). Never answered with a verdict."""

    code = "soundness-alarm"

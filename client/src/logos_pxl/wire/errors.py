"""Errors of both sides: the service raises them and answers with problems, and the client raises the same classes.

``PxlError`` is the root of all errors of both distributions. Errors that only the service raises are in ``logos_pxl.errors``, those that
only the client raises in ``logos_pxl.client.errors``. Needs the standard library only.
"""

from collections.abc import Sequence
from typing import ClassVar


class PxlError(Exception):
    """The root. ``str(error)`` says what happened, where, and what would be right."""

    code: ClassVar[str] = "error"
    """A short name in kebab case, stable between versions: for problem types, log fields and metric labels."""


class RequestError(PxlError):
    """The request is wrong: it will never succeed (HTTP 400)."""

    code = "bad-request"


class RequestTooLarge(RequestError):
    """The request exceeds a limit on its size (HTTP 413)."""

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
    """The goal exceeds a limit on its text or its formula; ``limit`` names which, ``maximum`` is the limit's value."""

    code = "goal-too-large"

    def __init__(self, message: str, *, limit: str, maximum: int) -> None:
        super().__init__(message)
        self.limit = limit
        self.maximum = maximum


class BatchTooLarge(RequestTooLarge):
    """The batch holds more goals than ``PXL_BATCH_MAX_GOALS`` allows (HTTP 413)."""

    code = "batch-too-large"


class TimeoutTooLong(RequestError):
    """The request asks for more time than ``PXL_MAX_TIMEOUT_MS`` allows."""

    code = "timeout-too-long"


class CertificateNotFound(RequestError):
    """No certificate is kept under this id (HTTP 404)."""

    code = "certificate-not-found"


class JobNotFound(RequestError):
    """No job has this id (any more) (HTTP 404)."""

    code = "job-not-found"


class Overloaded(PxlError):
    """The service has as many goals or jobs in work as it may (HTTP 503). ``retry_after_s``: seconds until there may be room again."""

    code = "overloaded"

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SoundnessAlarm(PxlError):
    """Prover and kernel disagree, a defect of the service (HTTP 500). Never answered with a verdict."""

    code = "soundness-alarm"

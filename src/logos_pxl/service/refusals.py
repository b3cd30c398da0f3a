"""What is refused before any route: ambiguity, a signature, a quota. The layers of ``gate`` raise these; ``problems.py`` answers them."""

from enum import Enum

from logos_pxl.errors import RequestError


class AmbiguousRequest(RequestError):
    """Two readers could take the request differently (HTTP 400)."""

    code = "ambiguous-request"


class Refusal(Enum):
    """Why a signature was refused; the value is all that the caller is told."""

    MISSING = "Missing signature"
    WINDOW = "Timestamp outside window"
    INVALID = "Invalid signature"
    REUSED = "Nonce reused"

    @property
    def code(self) -> str:
        """The reason as a metric's label."""
        return self.value.lower().replace(" ", "-")


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

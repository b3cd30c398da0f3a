"""What is refused before any route: ambiguity, a signature, a quota. The layers of ``gate`` raise these; ``problems.py`` answers them."""

from logos_pxl.errors import RequestError
from logos_pxl.wire.signing import Refusal

__all__ = ["AmbiguousRequest", "QuotaExceeded", "Refusal", "Unauthenticated"]


class AmbiguousRequest(RequestError):
    """Two readers could take the request differently (HTTP 400)."""

    code = "ambiguous-request"


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

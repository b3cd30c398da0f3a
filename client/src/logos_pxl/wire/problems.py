"""Problem details (RFC 9457), and the table of their codes.

A problem's ``type`` is ``TYPE_PREFIX`` and its code. Programs read the code, and the status when they do not know the code; titles and
details are for people.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from pydantic import ConfigDict, Field

from logos_pxl.wire.base import Answer
from logos_pxl.wire.verdicts import Timings

TYPE_PREFIX = "urn:pxl:problem:"


class ProblemType(NamedTuple):
    """The HTTP status and the title that belong to a code."""

    status: int
    title: str


_NO_CAPACITY = "The service has no capacity now"
_NO_KERNEL = "The proof kernel is not available"
_DISAGREEMENT = "Search and kernel disagree"
_WRONG_SET_UP = "The service is set up wrongly"
_REFUSED = "The request cannot be answered"

PROBLEMS: Mapping[str, ProblemType] = MappingProxyType(
    {
        "ambiguous-request": ProblemType(400, "The request is ambiguous"),
        "bad-request": ProblemType(400, _REFUSED),
        "invalid-fields": ProblemType(400, "Wrong fields"),
        "invalid-json": ProblemType(400, "The body is not valid JSON"),
        "malformed-certificate": ProblemType(400, _REFUSED),
        "malformed-goal": ProblemType(400, "The goal is malformed"),
        "timeout-too-long": ProblemType(400, _REFUSED),
        "invalid-http": ProblemType(400, "Not an HTTP request"),
        "unauthenticated": ProblemType(401, "The request is not authenticated"),
        "certificate-not-found": ProblemType(404, "No such certificate"),
        "job-not-found": ProblemType(404, "No such job"),
        "not-found": ProblemType(404, "No such resource"),
        "method-not-allowed": ProblemType(405, "Method not allowed"),
        "not-acceptable": ProblemType(406, "No acceptable form"),
        "request-timeout": ProblemType(408, "The body came too slowly"),
        "batch-too-large": ProblemType(413, "The batch is too large"),
        "goal-too-large": ProblemType(413, "The goal is too large"),
        "request-too-large": ProblemType(413, "The request is too large"),
        "unsupported-media-type": ProblemType(415, "Unsupported media type"),
        "quota-exceeded": ProblemType(429, "Too many requests of this client"),
        "head-too-large": ProblemType(431, "The request's head is too large"),
        "configuration": ProblemType(500, _WRONG_SET_UP),
        "error": ProblemType(500, "Internal error"),
        "internal": ProblemType(500, "Internal error"),
        "kernel-not-built": ProblemType(500, _WRONG_SET_UP),
        "kernel-rejected": ProblemType(500, _DISAGREEMENT),
        "soundness-alarm": ProblemType(500, _DISAGREEMENT),
        "cancelled": ProblemType(503, "The service is shutting down"),
        "kernel-timeout": ProblemType(503, _NO_KERNEL),
        "kernel-unavailable": ProblemType(503, _NO_KERNEL),
        "nonces-full": ProblemType(503, "No more signed requests can be told apart"),
        "overloaded": ProblemType(503, _NO_CAPACITY),
        "protocol-violation": ProblemType(503, _NO_KERNEL),
        "queue-full": ProblemType(503, _NO_KERNEL),
        "session": ProblemType(503, _NO_KERNEL),
        "session-crashed": ProblemType(503, _NO_KERNEL),
        "session-exhausted": ProblemType(503, _NO_KERNEL),
        "session-start": ProblemType(503, _NO_KERNEL),
        "storage-unavailable": ProblemType(503, "The certificate store is not available"),
        "too-many-connections": ProblemType(503, "Too many connections"),
    }
)
"""Every code of this service."""


class Position(Answer):
    """A position in a goal's text."""

    offset: int = Field(description="Bytes from 0.")
    line: int = Field(description="From 1.")
    column: int = Field(description="Characters from 1.")


class Problem(Answer):
    """Problem details (RFC 9457). Members beyond the first four belong to the problem's type."""

    model_config = ConfigDict(strict=False)

    type: str = Field(description=f"`{TYPE_PREFIX}` and the problem's code.")
    title: str = ""
    status: int = 0
    detail: str = ""
    position: Position | None = Field(default=None, description="Only for malformed-goal, as found, expected and caret.")
    found: str | None = None
    expected: list[str] | None = None
    caret: str | None = Field(default=None, description="The goal's line, and under it a caret at the position.")
    limit: str | None = Field(default=None, description="Only for goal-too-large: which limit it exceeds.")
    maximum: int | None = Field(default=None, description="Only for goal-too-large: the limit's value.")
    reason: str | None = Field(default=None, description="What is wrong with the signature, or why there is no verdict.")

    errors: list[dict[str, str]] | None = Field(default=None, description="Only for invalid-fields: each wrong `field` with a `message`.")
    ok: bool | None = Field(default=None, description="False for a goal that got no verdict; then the next members tell how far it came.")
    verdict: str | None = None
    queue_ms: float | None = None
    search_ms: float | None = None
    kernel_ms: float | None = None
    timings_ms: Timings | None = None

    @property
    def code(self) -> str:
        """The code, such as ``malformed-goal``."""
        return self.type.removeprefix(TYPE_PREFIX)

"""Verdicts as responses.

Invariant: which unknown verdicts are answers (200: the caller's own budget or bounds ran out) and which are failures of the service (5xx)
is decided here, in ``FAILURES``.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from logos_pxl.proving import UnknownReason, Verdict
from logos_pxl.proving.documents import stage_members, timings_members
from logos_pxl.service.problems import problem, retry_after

_RETRY = frozenset({UnknownReason.KERNEL_UNAVAILABLE, UnknownReason.OVERLOADED, UnknownReason.CANCELLED})
FAILURES = _RETRY | {UnknownReason.KERNEL_REJECTED}
"""Unknown verdicts that are answered as problems, with ``Retry-After`` for those in ``_RETRY``. All other reasons are answered with 200."""

DocumentOf = Callable[[Verdict], dict[str, Any]]
"""Makes the JSON document of one kind of answer."""


def json_response(document: Mapping[str, Any], *, status: int = 200) -> Response:
    """``document`` as JSON."""
    return JsonText(to_json(document), status=status)


class JsonText(Response):
    """A response of JSON text. It equals Starlette's ``Response`` and is made in a quarter of the time."""

    def __init__(self, text: bytes, *, status: int = 200) -> None:
        self.status_code = status
        self.background = None
        self.body = text
        self.raw_headers = [(b"content-length", b"%d" % len(text)), (b"content-type", b"application/json")]


def verdict_response(verdict: Verdict, document_of: DocumentOf) -> Response:
    """The verdict's document, or the problem that it amounts to."""
    if verdict.reason is None or verdict.reason not in FAILURES:
        return JsonText(to_json(document_of(verdict)))
    members = {
        "ok": False,
        "verdict": verdict.kind,
        "reason": verdict.reason,
        **stage_members(verdict.timings),
        "timings_ms": timings_members(verdict.timings),
    }
    headers = {"Retry-After": retry_after(verdict.retry_after_s)} if verdict.reason in _RETRY else None
    return problem(verdict.reason.replace("_", "-"), verdict.detail, members=members, headers=headers)

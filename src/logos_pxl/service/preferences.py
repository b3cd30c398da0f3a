"""The ``Prefer`` request field (RFC 7240), as far as this service knows preferences.

Invariant: a preference that is not understood is ignored, as the RFC has it; it is never an error.
"""

import re
from dataclasses import dataclass

from starlette.requests import Request

from logos_pxl.service.context import RequestContext

# A preference is a token, perhaps with a value; parameters after a semicolon are for preferences that are not known here.
_PREFERENCE = re.compile(
    r"""\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*))?\s*(?:;(?:[^,"]|"(?:[^"\\]|\\.)*")*)?(?:,|$)"""
)
_LONGEST_WAIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Preferences:
    """``respond_async``: answer with a job at once. ``wait_s``: ... unless the verdict is there within so many seconds."""

    respond_async: bool
    wait_s: int | None


NONE = Preferences(respond_async=False, wait_s=None)


def preferences_of(request: Request) -> Preferences:
    """What the request prefers. Of a preference that is given twice the first counts."""
    if b"prefer" not in RequestContext.of(request.scope).headers:
        return NONE
    fields = request.headers.getlist("prefer")
    found: dict[str, str] = {}
    for name, value in _PREFERENCE.findall(", ".join(fields)):
        found.setdefault(name.lower(), value.strip('"'))
    wait = found.get("wait", "")
    # isdecimal alone would let digits of other scripts through.
    seconds = min(int(wait[:10]), _LONGEST_WAIT) if wait.isascii() and wait.isdecimal() else None
    return Preferences(respond_async="respond-async" in found, wait_s=seconds)

"""Ambiguous requests are refused: a proxy, the signature check and the routes must all see the same request.

Invariant: in an accepted request every header that decides anything occurs once, the target is a plain path, and ``scope["path"]`` is what
the client wrote, decoded only where nothing but the text of a name can be meant.
"""

import re
from functools import lru_cache
from typing import Any

from logos_pxl.service.context import RequestContext
from logos_pxl.service.problems import AmbiguousRequest

_ONCE = frozenset(
    (
        b"host",
        b"content-length",
        b"content-type",
        b"content-encoding",
        b"transfer-encoding",
        b"expect",
        b"authorization",
        b"x-timestamp",
        b"x-nonce",
        b"x-signature",
    )
)
# Percent-encodings of unreserved characters (RFC 3986), of path separators and of control characters.
_NEEDLESS = rb"%(?:2[def]|3[0-9]|4[1-9a-f]|5[0-9acf]|6[1-9a-f]|7[0-9aef]|[01][0-9a-f]|25)"
# Nearly all paths have this form, which is faster to check.
_PLAIN = re.compile(rb"/(?:[a-z0-9_]+(?:/[a-z0-9_]+)*)?")
_TRICKS = re.compile(_NEEDLESS + rb"|%(?![0-9a-f]{2})|\\|//|/\.{1,2}(?:/|$)|[^!-~]", re.IGNORECASE)
_SHORT_TARGET = 64
_NO_PATH = "the target is not a path that begins with /"


def refuse_ambiguity(scope: Any, context: RequestContext) -> None:
    """Raises AmbiguousRequest, which says what has two readings."""
    found = _in_headers(scope["http_version"] == "1.0", context) or _in_target(scope, context.target)
    if found is not None:
        raise AmbiguousRequest(f"{found}; send a request that can be read in one way only")


def _in_headers(old: bool, context: RequestContext) -> str | None:
    for name in context.repeated:
        if name in _ONCE:
            return f"the header {name.decode('ascii')} came more than once"
    headers = context.headers
    coding = headers.get(b"transfer-encoding")
    if coding is not None and (old or b"content-length" in headers or coding.lower() != b"chunked"):
        return "Transfer-Encoding is something else than chunked, or came with Content-Length or with HTTP/1.0"
    if not old and b"host" not in headers:
        return "the header host is missing"
    return None


def _in_target(scope: Any, target: bytes) -> str | None:
    if target == b"*" and scope["method"] != "OPTIONS":
        return _NO_PATH
    check = _cached_trick if len(target) <= _SHORT_TARGET else _trick
    return check(target, scope["raw_path"])


def _trick(target: bytes, path: bytes) -> str | None:
    if not target.startswith(b"/") and target != b"*":
        return _NO_PATH
    if b"#" in target:
        return "the target has a fragment"
    if not _PLAIN.fullmatch(path) and _TRICKS.search(path):
        return "the path has dot segments, empty segments, a backslash or percent-encodings that it does not need"
    return None


_cached_trick = lru_cache(maxsize=256)(_trick)

"""Requests that two readers could take differently are refused: what a proxy, a signature check and a route saw must be the same thing.

Invariant: where nothing was refused a header that decides anything came once, the target is a path without tricks, and ``scope["path"]`` is
what the client wrote, decoded where nothing but the text of a name can be meant.
"""

import re
from functools import lru_cache
from typing import Any

from logos_pxl.service.context import RequestContext
from logos_pxl.service.refusals import AmbiguousRequest

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
# Percent-encodings of what need not be encoded (the unreserved characters of RFC 3986), of what divides paths, and of control characters.
_NEEDLESS = rb"%(?:2[def]|3[0-9]|4[1-9a-f]|5[0-9acf]|6[1-9a-f]|7[0-9aef]|[01][0-9a-f]|25)"
# Nearly all paths are of this form, which is quicker to see.
_PLAIN = re.compile(rb"/(?:[a-z0-9_]+(?:/[a-z0-9_]+)*)?")
_SHORT_TARGET = 64
_NO_PATH = "the target is not a path that begins with /"
_TRICKS = re.compile(_NEEDLESS + rb"|%(?![0-9a-f]{2})|\\|//|/\.{1,2}(?:/|$)|[^!-~]", re.IGNORECASE)


def refuse_ambiguity(scope: Any, context: RequestContext) -> None:
    """Raises AmbiguousRequest, which says what can be taken in two ways."""
    found = _in_headers(scope, context) or _in_target(scope, context)
    if found is not None:
        raise AmbiguousRequest(f"{found}; send a request that can be read in one way only")


def _in_headers(scope: Any, context: RequestContext) -> str | None:
    for name in context.repeated:
        if name in _ONCE:
            return f"the header {name.decode('ascii')} came more than once"
    old = scope["http_version"] == "1.0"
    headers = context.headers
    coding = headers.get(b"transfer-encoding")
    if coding is not None and (old or b"content-length" in headers or coding.lower() != b"chunked"):
        return "Transfer-Encoding is something else than chunked, or came with Content-Length or with HTTP/1.0"
    if not old and b"host" not in headers:
        return "the header host is missing"
    return None


def _in_target(scope: Any, context: RequestContext) -> str | None:
    path: bytes = scope["raw_path"]
    target = context.target
    if target == b"*" and scope["method"] != "OPTIONS":
        return _NO_PATH
    # The same paths are asked for again and again.
    return _trick_once(target, path) if len(target) <= _SHORT_TARGET else _trick_in(target, path)


def _trick_in(target: bytes, path: bytes) -> str | None:
    if not target.startswith(b"/") and target != b"*":
        return _NO_PATH
    if b"#" in target:
        return "the target has a fragment"
    if not _PLAIN.fullmatch(path) and _TRICKS.search(path):
        return "the path has dot segments, empty segments, a backslash or percent-encodings that it does not need"
    return None


_trick_once = lru_cache(maxsize=256)(_trick_in)

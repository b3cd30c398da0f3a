"""Signed requests: what is signed, how, and why a signature is refused. Needs the standard library only.

Invariant: different requests have different canonical strings, because no part can contain the line feed that separates the parts. The
format, with test vectors, is in docs/signed-requests.md.
"""

import hashlib
import hmac
import re
import secrets
import time
from enum import Enum

ALGORITHM = "HMAC-SHA256"
WINDOW_S = 60
"""How far a request's timestamp may be from the service's clock, in seconds, either way."""

MIN_KEY_BYTES = 32

_FORMS = {"method": r"[A-Z]{1,20}", "target": r"/[!-~]*", "timestamp": r"[1-9][0-9]{8,11}", "nonce": r"[A-Za-z0-9_-]{16,64}"}
# A part with a line feed of its own would make a fifth line.
_LINES = re.compile("\n".join(_FORMS.values()))
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")


TIMESTAMP_HEADER, NONCE_HEADER, SIGNATURE_HEADER = "X-Timestamp", "X-Nonce", "X-Signature"


class Refusal(Enum):
    """Why a signature was refused. The value is the problem's detail; ``code`` is its member ``reason``, for programs."""

    MISSING = "Missing signature"
    WINDOW = "Timestamp outside window"
    INVALID = "Invalid signature"
    REUSED = "Nonce reused"

    @property
    def code(self) -> str:
        """The reason in kebab case, stable between versions: in the problem document and as a metric's label."""
        return self.value.lower().replace(" ", "-")


class NotSignable(ValueError):
    """A part of the request has a form that the canonical string cannot hold; the message names it."""


def key_of_hex(text: str) -> bytes:
    """The key in ``text``, hexadecimal digits. Raises ValueError, whose message does not contain the text."""
    if not _HEX.fullmatch(text):
        raise ValueError("it is not an even number of hexadecimal digits (0-9, a-f)")
    key = bytes.fromhex(text)
    if len(key) < MIN_KEY_BYTES:
        raise ValueError(f"it has {len(key) * 8} bits, and a signature key needs at least {MIN_KEY_BYTES * 8}")
    return key


def canonical_string(method: str, target: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What is signed: five lines, separated by line feeds.

    ``target`` is the path with the query exactly as the request line has it, ``timestamp`` seconds since 1970 in decimal digits. Raises
    NotSignable.
    """
    lines = f"{method}\n{target}\n{timestamp}\n{nonce}"
    if not _LINES.fullmatch(lines):
        for (name, form), value in zip(_FORMS.items(), (method, target, timestamp, nonce), strict=True):
            if not re.fullmatch(form, value):
                raise NotSignable(f"the {name} does not have the form {form}")
    return f"{lines}\n{hashlib.sha256(body).hexdigest()}".encode("ascii")


def signature(key: bytes, canonical: bytes) -> str:
    """HMAC-SHA256 (RFC 2104, FIPS 180-4) as 64 lower-case hexadecimal digits."""
    return hmac.digest(key, canonical, "sha256").hex()


def signed_headers(
    key_hex: str, method: str, target: str, body: bytes = b"", *, timestamp_s: int | None = None, nonce: str | None = None
) -> dict[str, str]:
    """The three headers that sign one request. Each call generates a new nonce, because the service accepts a nonce once.

    ``target`` is the path with the query as it is sent, such as ``/prove``. Raises ValueError for a malformed key, NotSignable.
    """
    key = key_of_hex(key_hex)
    timestamp = str(int(time.time()) if timestamp_s is None else timestamp_s)
    chosen = secrets.token_hex(16) if nonce is None else nonce
    canonical = canonical_string(method, target, timestamp, chosen, body)
    return {TIMESTAMP_HEADER: timestamp, NONCE_HEADER: chosen, SIGNATURE_HEADER: signature(key, canonical)}

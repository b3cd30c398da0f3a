"""Secrets that anybody could guess.

Invariant: what is said of a secret names its variable and its fault, and nothing that would help to find it.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from logos_pxl.settings.sources import ENVIRONMENT, Sourced

KEYS = ("HMAC_SECRET_KEY", "HMAC_SECRET_KEY_NEW", "HMAC_SECRET_KEY_OLD")

# That of docs/signed-requests.md, which is on everybody's disk.
_PUBLISHED = {bytes(range(32))}
_SECRET_NAME = re.compile(r"(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY)$", re.IGNORECASE)
_DEFAULTS = {
    "admin", "administrator", "changeme", "change-me", "default", "example", "foobared", "grafana", "guest", "letmein", "password",
    "prom-operator", "redis", "root", "secret", "test", "toor", "welcome",
}  # fmt: skip
_SHORT = 12
_KEY_BYTES, _MIN_DIFFERENT = 32, 20
_LOCAL = ("localhost", "127.0.0.1", "::1")


def weak_key(text: str) -> str:
    """What is wrong with a signature key (hexadecimal digits); empty when nothing is seen to be."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        return "it is not hexadecimal"
    faults = (
        (any(key[: len(known)] == known for known in _PUBLISHED), "it is the one of the documentation"),
        (any(_repeats(key, length) for length in range(1, len(key) // 2 + 1)), "it repeats itself"),
        (len({(one - other) % 256 for one, other in pairwise(key)}) == 1, "it counts up or down"),
        (key.isascii() and key.decode("ascii", "replace").isprintable(), "it is text that somebody wrote"),
        # Of 32 random bytes 30 are different on average, and fewer than 20 hardly ever.
        (len(set(key)) < _MIN_DIFFERENT * min(len(key), _KEY_BYTES) / _KEY_BYTES, "too few of its bytes differ for a random one"),
    )
    return next((fault for holds, fault in faults if holds), "")


def _repeats(key: bytes, length: int) -> bool:
    return key == (key[:length] * len(key))[: len(key)]


def weak_secrets(found: Mapping[str, Sourced]) -> list[tuple[str, str]]:
    """Variable and fault of each weak secret in files, and of keys wherever they come from."""
    faults = [(name, weak_key(found[name].value)) for name in KEYS if name in found]
    values = [found[name].value.lower() for name in KEYS if name in found]
    if len(set(values)) < len(values):
        faults.append(("HMAC_SECRET_KEY", "two of the keys in force are the same"))
    if "PXL_REDIS_URL" in found:
        faults.append(("PXL_REDIS_URL", _weak_url(found["PXL_REDIS_URL"].value)))
    for name, held in found.items():
        # The environment is full of other programs' secrets, which are none of this service's business.
        if held.origin != ENVIRONMENT and name not in KEYS and _SECRET_NAME.search(name):
            faults.append((name, _weak_password(held.value)))
    return [(name, fault) for name, fault in faults if fault]


def _weak_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.password is None:
        return "" if parts.hostname in (*_LOCAL, None) else "Redis is on another machine, and there is no password in it"
    return _weak_password(unquote(parts.password))


def _weak_password(value: str) -> str:
    plain = value.strip().lower().rstrip("0123456789!")
    if plain in _DEFAULTS or not plain:
        return "it is a well-known default"
    if len(value) < _SHORT or len(set(value)) < _SHORT / 2:
        return f"it is short: fewer than {_SHORT} characters, or the same few again"
    return ""

"""Clients: their addresses, also behind proxies, and the keys that they sign with.

Invariant: of ``X-Forwarded-For`` only what trusted proxies wrote counts. It is read from the right: each proxy appends the address that it
saw, so everything left of the first address that is no trusted proxy may be invented.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from logos_pxl.errors import ConfigurationError
from logos_pxl.observing import HmacKey
from logos_pxl.settings import Network, ServiceSettings
from logos_pxl.wire.signing import key_of_hex, signature

UNKNOWN = "-"

_FORWARDED = b"x-forwarded-for"
# The owner of an IPv6 network has at least 2^64 addresses.
_IPV6_HOST_BITS = 64


class Clients:
    """Finds addresses; ``trusted`` are the networks of the proxies in front of the service."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    def address(self, scope: Any) -> str:
        """The client's address, or ``-`` where a connection has none (a Unix socket)."""
        peer = scope.get("client")
        if peer is None:
            return UNKNOWN
        text: str = peer[0]
        if not self._trusted:
            return text
        address = _parsed(text)
        if address is None or not self._is_trusted(address):
            return text
        return str(self._forwarded(scope, address))

    def _forwarded(self, scope: Any, proxy: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
        fields = b",".join(value for name, value in scope["headers"] if name == _FORWARDED)
        nearest = proxy
        for part in reversed(fields.split(b",")):
            address = _parsed(part.decode("latin-1").strip())
            if address is None:
                break
            nearest = address
            if not self._is_trusted(address):
                break
        return nearest

    def _is_trusted(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


def quota_bucket(address: str) -> str:
    """What a quota is counted against: an IPv4 address, or the /64 network of an IPv6 address."""
    if ":" not in address:
        return address
    parsed = _parsed(address)
    if not isinstance(parsed, IPv6Address):
        return address if parsed is None else str(parsed)
    return str(IPv6Address(int(parsed) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS)) + f"/{_IPV6_HOST_BITS}"


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The signature keys by name. A ring does not change; a rotation replaces it. Where signatures are required it has at least one key."""

    _keys: dict[HmacKey, bytes] = field(repr=False)

    @classmethod
    def of(cls, settings: ServiceSettings) -> "KeyRing":
        """The keys in ``settings``. Raises ConfigurationError when signatures are required and there is none."""
        given = {"current": settings.hmac_key, "new": settings.hmac_key_new, "old": settings.hmac_key_old}
        keys = {name: key_of_hex(secret.get_secret_value()) for name, secret in given.items() if secret is not None}
        if settings.hmac_auth_enabled and not keys:
            raise ConfigurationError(
                "HMAC_SECRET_KEY is not set, and ENABLE_HMAC_AUTH=true requires signatures; give at least 64 hexadecimal digits (256 bits) "
                "such as 'openssl rand -hex 32' prints, or set ENABLE_HMAC_AUTH=false"
            )
        return cls(keys)  # type: ignore[arg-type]

    def key_of(self, canonical: bytes, given: bytes) -> HmacKey | None:
        """The name of the first key whose signature of ``canonical`` is ``given``. All are tried: the time does not show which fits."""
        fitting = [name for name, key in self._keys.items() if compare_digest(signature(key, canonical).encode("ascii"), given)]
        return fitting[0] if fitting else None

    def names(self) -> str:
        """The names of the keys, for messages."""
        return ", ".join(self._keys) or "none"

"""Whose request it is: the client's address, also behind proxies.

Invariant: ``X-Forwarded-For`` counts only as far as trusted proxies wrote it. It is read from the right: each proxy appends the address
that it saw, so what stands left of the first address that is no trusted proxy may have been written by anybody.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from logos_pxl.service_settings import Network

UNKNOWN = "-"

_FORWARDED = b"x-forwarded-for"
# Whoever has an IPv6 network has at least 2^64 addresses.
_IPV6_HOST_BITS = 64


class Clients:
    """Tells addresses; ``trusted`` are the networks of the proxies in front of the service."""

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
    """Whom a quota is counted against: an IPv4 address, or the /64 network of an IPv6 address."""
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

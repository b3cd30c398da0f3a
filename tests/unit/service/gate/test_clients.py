"""Whose request it is, behind proxies and without."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logos_pxl.service.gate.clients import Clients, quota_bucket

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


def address(peer: str | None, *forwarded: str, trusted: list | None = None) -> str:  # type: ignore[type-arg]
    headers = [(b"x-forwarded-for", field.encode("latin-1")) for field in forwarded]
    client = None if peer is None else (peer, 12345)
    return Clients(TRUSTED if trusted is None else trusted).address({"client": client, "headers": headers})


@pytest.mark.parametrize(
    ("peer", "forwarded", "wanted"),
    [
        ("203.0.113.1", ["198.51.100.1"], "203.0.113.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.1, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["192.0.2.1,,"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:8080"], "10.0.0.1"),
        ("10.0.0.1", ["\u00b2"], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("fd00::1", ["2001:DB8:0::1"], "2001:db8::1"),
        (None, ["198.51.100.1"], "-"),
    ],
)
def test_the_nearest_address_that_is_no_proxy_counts(peer: str | None, forwarded: list[str], wanted: str) -> None:
    """What stands further left was written by anybody."""
    assert address(peer, *forwarded) == wanted


def test_without_proxies_nobody_is_believed() -> None:
    """Not even this machine."""
    assert address("127.0.0.1", "198.51.100.1", trusted=[]) == "127.0.0.1"


@given(st.binary(max_size=60))
def test_no_header_makes_more_than_an_address(field: bytes) -> None:
    """Whatever is written in it: an address comes out, and nothing is raised."""
    found = Clients(TRUSTED).address({"client": ("10.0.0.1", 1), "headers": [(b"x-forwarded-for", field)]})
    assert all(character in "0123456789abcdef.:%" or found.count("%") for character in found)


@pytest.mark.parametrize(
    ("client", "bucket"),
    [
        ("203.0.113.1", "203.0.113.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:0:0:1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("::ffff:203.0.113.1", "203.0.113.1"),
        ("-", "-"),
    ],
)
def test_a_quota_is_that_of_whoever_has_the_address(client: str, bucket: str) -> None:
    """An IPv6 client has a whole network of them."""
    assert quota_bucket(client) == bucket

"""Where the service says that it can be reached."""

import pytest

from logos_pxl.service.listening import address_of


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8088/"),
        ("0.0.0.0", "http://localhost:8088/"),
        ("::", "http://localhost:8088/"),
        ("::1", "http://[::1]:8088/"),
        ("192.0.2.7", "http://192.0.2.7:8088/"),
    ],
)
def test_the_address_can_be_opened_as_it_stands(host: str, address: str) -> None:
    """Also that of a wildcard, which is no address to go to, and of IPv6, which wants brackets."""
    assert address_of(host, 8088) == address

"""The listening sockets: how one stops listening without a loss."""

import socket

import pytest

from logos_pxl.service.listening import turn_newcomers_away


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_newcomers_are_turned_away_and_those_who_wait_are_not(address: str) -> None:
    """Who was connected is accepted and heard later; who comes afterwards hears nothing, until the port is closed and refuses."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listener, socket.socket(family) as waiting, socket.socket(family) as newcomer:
        listener.bind((address, 0))
        listener.listen(16)
        waiting.connect(listener.getsockname())
        turn_newcomers_away([listener])
        newcomer.settimeout(0.3)
        with pytest.raises(TimeoutError):
            newcomer.connect(listener.getsockname())
        waiting.sendall(b"heard")
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.recv(16) == b"heard"
            accepted.sendall(b"answered")
            assert waiting.recv(16) == b"answered"
        name = listener.getsockname()
        listener.close()
        with socket.socket(family) as late, pytest.raises(ConnectionRefusedError):
            late.connect(name)

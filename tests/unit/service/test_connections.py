"""What is written is sent when the event loop has gone round."""

import asyncio

from logos_pxl.service.connections import AnsweringTransport


class Wire(asyncio.Transport):
    """Remembers each sending."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closed = self.ended = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send."""
        assert not self.closed
        self.sent.append(bytes(data))

    def write_eof(self) -> None:
        """Send no more."""
        self.ended = True

    def resume_reading(self) -> None:
        """Read what comes."""

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.closed

    def close(self) -> None:
        """Close."""
        self.closed = True

    def abort(self) -> None:
        """Close at once."""
        self.closed = True


def opened(*, unread: bool = False) -> tuple[Wire, AnsweringTransport]:
    """A wire, and the transport on it."""
    wire = Wire()
    return wire, AnsweringTransport(wire, lambda: unread, asyncio.get_running_loop())


async def test_a_head_and_its_body_are_sent_together() -> None:
    """And nothing of them before all that was ready has been answered; what comes later is sent as well."""
    wire, transport = opened()
    transport.write(b"head ")
    transport.write(b"body")
    assert wire.sent == []
    await asyncio.sleep(0)
    assert wire.sent == [b"head body"]
    transport.write(b" more")
    await asyncio.sleep(0)
    assert wire.sent == [b"head body", b" more"]


async def test_a_long_answer_is_not_held() -> None:
    """It is for the transport to say that it has enough, which it cannot about what it has not got."""
    wire, transport = opened()
    for _ in range(100):
        transport.write(b"x" * 1_000)
    assert sum(map(len, wire.sent)) > 80_000
    await asyncio.sleep(0)
    assert b"".join(wire.sent) == b"x" * 100_000


async def test_what_is_held_goes_before_the_close() -> None:
    """With input left unread or without; after that nothing is sent."""
    for unread in (False, True):
        wire, transport = opened(unread=unread)
        transport.write(b"last words")
        transport.close()
        assert wire.sent == [b"last words"]
        assert (wire.closed, wire.ended) == (not unread, unread)
        await asyncio.sleep(0)
        if unread:
            transport.write(b"too late")
            transport.close()
        await asyncio.sleep(0)
        assert wire.sent == [b"last words"]
        assert wire.closed


async def test_a_lost_connection_is_not_written_to() -> None:
    """What was held for it is dropped."""
    wire, transport = opened()
    transport.write(b"for nobody")
    transport.gone()
    wire.closed = True
    await asyncio.sleep(0)
    assert wire.sent == []

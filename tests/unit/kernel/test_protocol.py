"""The session protocol, as bytes."""

import hashlib
import struct
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from logos_pxl.errors import ProtocolViolation, RequestTooLarge
from logos_pxl.kernel.interface import CheckKind, CheckRequest
from logos_pxl.kernel.protocol import Closed, Event, Hello, NeedData, Reply, ReplyKind, SessionProtocol, State

REQUEST = CheckRequest(CheckKind.PROOF, b"goal", b"certificate", statement=True)
BARE = CheckRequest(CheckKind.COUNTERMODEL, b"", b"", statement=False)
HELLO = struct.pack(">IBBQ", 10 + 12, 1, 128, 0) + b"8.16.1 1.0.0"


def reply(sent: bytes, kind: int = 129, text: bytes = b"Prov A", *, number: int = 1, version: int = 1, kernel_us: int = 7) -> bytes:
    body = hashlib.md5(sent[4:]).digest() + struct.pack(">Q", kernel_us) + text
    return struct.pack(">IBBQ", 10 + len(body), version, kind, number) + body


def opened() -> SessionProtocol:
    protocol = SessionProtocol()
    protocol.receive_data(HELLO)
    assert protocol.next_event() == Hello("8.16.1", "1.0.0")
    return protocol


def events(protocol: SessionProtocol, pieces: list[bytes]) -> list[Event | str]:
    """All events that the pieces bring; a violation ends them, and stands as the word ``violation``."""
    seen: list[Event | str] = []
    try:
        for piece in pieces:
            protocol.receive_data(piece)
            while not isinstance(event := protocol.next_event(), NeedData):
                seen.append(event)
    except ProtocolViolation:
        seen.append("violation")
    return seen


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """``data`` in pieces; no piece is empty, for an empty piece is the end of the output."""
    bounds = [0, *sorted({place for place in places if 0 < place < len(data)}), len(data)]
    return [data[start:end] for start, end in pairwise(bounds) if start < end]


def test_a_request_is_framed_as_the_document_says() -> None:
    """A request is its length, version 1, kind, number, flags, the goal's length, goal and certificate."""
    assert opened().request(REQUEST) == bytes.fromhex("0000001e010100000000000000010300000004") + b"goalcertificate"


def test_an_accepted_reply_is_read() -> None:
    """A reply that carries the request's number and MD5 is the answer."""
    protocol = opened()
    sent = protocol.request(REQUEST)
    assert events(protocol, [reply(sent)]) == [Reply(ReplyKind.ACCEPTED, 7, "Prov A")]
    assert protocol.state is State.IDLE


@pytest.mark.parametrize("kind", [ReplyKind.REJECTED, ReplyKind.MALFORMED])
def test_a_refusal_leaves_the_session_ready(kind: ReplyKind) -> None:
    """After a rejected or malformed certificate the next request is numbered 2 and answered."""
    protocol = opened()
    sent = protocol.request(REQUEST)
    assert events(protocol, [reply(sent, kind.value, b"bad step")]) == [Reply(kind, 7, "bad step")]
    again = protocol.request(BARE)
    assert events(protocol, [reply(again, 129, b"", number=2)]) == [Reply(ReplyKind.ACCEPTED, 7, "")]


def test_a_failed_session_is_never_asked_again() -> None:
    """After *failed* no request can be made and no frame is accepted."""
    protocol = opened()
    sent = protocol.request(REQUEST)
    assert events(protocol, [reply(sent, 132, b"Stack overflow")]) == [Reply(ReplyKind.FAILED, 7, "Stack overflow")]
    with pytest.raises(ProtocolViolation):
        protocol.request(REQUEST)
    assert events(protocol, [b"\0"]) == ["violation"]


def wrong_replies() -> dict[str, bytes]:
    sent = opened().request(REQUEST)
    right = reply(sent)
    return {
        "another version": reply(sent, version=2),
        "an unknown kind": reply(sent, kind=133),
        "a request's kind": reply(sent, kind=1),
        "a second hello": HELLO,
        "the number of an earlier request": reply(sent, number=0),
        "the number of a later request": reply(sent, number=2),
        "the MD5 of other bytes": reply(sent + b" "),
        "the MD5 of the frame with its length": reply(b"1234" + sent),
        "a body that is too short": struct.pack(">IBBQ", 10 + 23, 1, 129, 1) + bytes(23),
        "a frame without a header": struct.pack(">I", 9) + bytes(9),
        "an oversized frame": struct.pack(">I", (1 << 28) + 1),
        "text that is not UTF-8": reply(sent, text=b"\xff"),
        "no statement although asked": reply(sent, text=b""),
        "a reply and one byte more": right + b"\0",
        "the reply twice": right + right,
        "Coq's own text": b"Welcome to Coq 8.16.1\n",
    }


@pytest.mark.parametrize("wrong", wrong_replies().values(), ids=wrong_replies().keys())
def test_a_wrong_reply_breaks_the_session_for_good(wrong: bytes) -> None:
    """A reply that is not beyond doubt the answer is a violation, and the right reply after it is refused too."""
    protocol = opened()
    sent = protocol.request(REQUEST)
    assert events(protocol, [wrong])[-1] == "violation"
    assert protocol.state is State.BROKEN
    with pytest.raises(ProtocolViolation):
        protocol.receive_data(reply(sent))
    with pytest.raises(ProtocolViolation):
        protocol.request(REQUEST)


def test_a_statement_that_was_not_asked_for_is_a_violation() -> None:
    """An accepted reply carries a statement exactly when the request asked for one."""
    protocol = opened()
    sent = protocol.request(BARE)
    assert events(protocol, [reply(sent, text=b"Prov B")]) == ["violation"]


@pytest.mark.parametrize("early", [reply(b"1234"), reply(b"1234", number=0)], ids=["number 1", "number 0"])
def test_a_reply_before_any_request_is_a_violation(early: bytes) -> None:
    """A session that answers before it is asked is not believed."""
    assert events(opened(), [early]) == ["violation"]


@pytest.mark.parametrize("hello", [b"", b"8.16.1", b"8.16.1 ", b" 1.0.0"])
def test_a_hello_without_both_versions_is_a_violation(hello: bytes) -> None:
    """The hello names the versions of Coq and of the plugin."""
    protocol = SessionProtocol()
    assert events(protocol, [struct.pack(">IBBQ", 10 + len(hello), 1, 128, 0) + hello]) == ["violation"]


def test_a_request_out_of_turn_changes_nothing() -> None:
    """A second request while one is open is refused, and the open one is still answered."""
    protocol = opened()
    sent = protocol.request(REQUEST)
    with pytest.raises(ProtocolViolation):
        protocol.request(REQUEST)
    assert events(protocol, [reply(sent)]) == [Reply(ReplyKind.ACCEPTED, 7, "Prov A")]


def test_a_request_over_the_protocols_limit_is_the_callers_fault() -> None:
    """A frame of more than 2^30 bytes is refused before anything is sent, and the session stays ready."""

    class Huge(bytes):
        def __len__(self) -> int:
            return 1 << 30

    protocol = opened()
    with pytest.raises(RequestTooLarge, match="1073741824"):
        protocol.request(CheckRequest(CheckKind.PROOF, b"", Huge(), statement=False))
    assert protocol.state is State.IDLE


def test_the_end_of_output_in_a_reply_is_no_reply() -> None:
    """Output that ends in the middle of a frame closes the session without an answer."""
    protocol = opened()
    sent = protocol.request(REQUEST)
    assert events(protocol, [reply(sent)[:-1], b""]) == [Closed()]
    with pytest.raises(ProtocolViolation):
        protocol.request(REQUEST)


@given(
    kind=st.sampled_from([129, 130, 131, 132]),
    text=st.text(min_size=1),
    tail=st.binary(max_size=40),
    places=st.lists(st.integers(0, 200), max_size=20),
)
def test_any_chunking_gives_the_same_events(kind: int, text: str, tail: bytes, places: list[int]) -> None:
    """However the bytes are cut, the same events come, in the same order, up to the same violation."""
    whole, pieced = opened(), opened()
    sent = whole.request(REQUEST)
    pieced.request(REQUEST)
    data = reply(sent, kind, text.encode()) + tail
    assert events(whole, [data]) == events(pieced, cut(data, places))
    assert whole.state is pieced.state


@given(garbage=st.binary(min_size=1, max_size=300), places=st.lists(st.integers(0, 300), max_size=10))
def test_garbage_never_yields_a_verdict(garbage: bytes, places: list[int]) -> None:
    """No bytes but the reply to this very request bring an answer."""
    protocol = opened()
    sent = protocol.request(REQUEST)
    md5 = hashlib.md5(sent[4:]).digest()
    assume(md5 not in garbage)
    assert not [event for event in events(protocol, cut(garbage, places)) if isinstance(event, Reply)]


@given(position=st.integers(0, 4 + 10 + 16 - 1), change=st.integers(1, 255))
def test_one_changed_byte_in_the_head_is_never_accepted(position: int, change: int) -> None:
    """A flip in length, version, kind, number or MD5 leaves no acceptance that a violation does not follow in the same bytes."""
    protocol = opened()
    data = bytearray(reply(protocol.request(REQUEST)))
    data[position] ^= change
    outcome = events(protocol, [bytes(data), b""])
    accepted = [event for event in outcome if isinstance(event, Reply) and event.kind is ReplyKind.ACCEPTED]
    assert not accepted or outcome[-1] == "violation"


@given(text=st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable() or "\n" in text))
def test_text_is_only_text(text: str) -> None:
    """Whatever stands in a reply's text, frames included, it comes out as that text and brings no event of its own."""
    protocol = opened()
    sent = protocol.request(REQUEST)
    hostile = reply(sent).decode("latin-1") + text
    assert events(protocol, [reply(sent, 130, hostile.encode())]) == [Reply(ReplyKind.REJECTED, 7, hostile)]

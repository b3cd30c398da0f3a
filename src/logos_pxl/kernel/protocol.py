"""The session protocol (docs/session-protocol.md) without input or output: bytes in, events out.

Invariant: at most one request is open, and its answer is believed only when version, kind, number and MD5 are those of this very request
and not one byte follows it. Anything else raises ``ProtocolViolation``, and from then on nothing is accepted. An illegal call changes
nothing.

The shape (``receive_data``, ``next_event``, a transition table) is that of h11.
"""

import hashlib
import struct
from dataclasses import dataclass
from enum import Enum, auto

from logos_pxl.errors import ProtocolViolation, RequestTooLarge
from logos_pxl.kernel.interface import CheckRequest

VERSION = 1
MAX_FRAME_BYTES = 1 << 30
MAX_REPLY_BYTES = 1 << 28

_LENGTH = struct.Struct(">I")
_HEADER = struct.Struct(">BBQ")
_REQUEST = struct.Struct(">IBBQBI")
_VERDICT = struct.Struct(">16sQ")
_FLAG_STATEMENT = 1
_FLAG_REASON = 2


class State(Enum):
    """Where the conversation is."""

    AWAITING_HELLO = auto()
    IDLE = auto()
    AWAITING_REPLY = auto()
    SPENT = auto()  # the process said that it must not be asked again
    CLOSED = auto()  # its output ended
    BROKEN = auto()  # it broke the protocol


class ReplyKind(Enum):
    """The kinds of frames that a session sends."""

    HELLO = 128
    ACCEPTED = 129
    REJECTED = 130
    MALFORMED = 131
    FAILED = 132


@dataclass(frozen=True, slots=True)
class Hello:
    """The session is ready."""

    coq_version: str
    plugin_version: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to the open request. ``text`` is the statement, the reason or the exception, by ``kind``."""

    kind: ReplyKind
    kernel_us: int
    text: str


@dataclass(frozen=True, slots=True)
class Closed:
    """The session's output ended; a request that was open stays without an answer."""


class NeedData(Enum):
    """The bytes so far hold no further event."""

    NEED_DATA = auto()


NEED_DATA = NeedData.NEED_DATA
Event = Hello | Reply | Closed

_AFTER: dict[tuple[State, ReplyKind], State] = {
    (State.AWAITING_HELLO, ReplyKind.HELLO): State.IDLE,
    (State.AWAITING_REPLY, ReplyKind.ACCEPTED): State.IDLE,
    (State.AWAITING_REPLY, ReplyKind.REJECTED): State.IDLE,
    (State.AWAITING_REPLY, ReplyKind.MALFORMED): State.IDLE,
    (State.AWAITING_REPLY, ReplyKind.FAILED): State.SPENT,
}
_SPEAKING = frozenset(state for state, _ in _AFTER)
_KINDS = {kind.value: kind for kind in ReplyKind}


class SessionProtocol:
    """One side, the driver's, of one session's conversation."""

    def __init__(self, *, max_reply_bytes: int = MAX_REPLY_BYTES) -> None:
        self._state = State.AWAITING_HELLO
        self._max_reply_bytes = max_reply_bytes
        self._buffer = bytearray()
        self._ended = False
        self._number = 0
        self._md5 = b""
        self._statement_asked = False

    @property
    def state(self) -> State:
        """Where the conversation is."""
        return self._state

    def request(self, request: CheckRequest) -> bytes:
        """Open a request: the bytes to send. Raises RequestTooLarge; and ProtocolViolation when this is no moment to ask."""
        if self._state is not State.IDLE or self._buffer or self._ended:
            raise ProtocolViolation(f"a request was made while the session was in state {self._state.name}, not IDLE")
        length = _HEADER.size + 5 + len(request.goal_wire) + len(request.certificate)
        if length > MAX_FRAME_BYTES:
            raise RequestTooLarge(
                f"goal and certificate take {length} bytes on the session protocol; at most {MAX_FRAME_BYTES} can be checked"
            )
        number = self._number + 1
        flags = _FLAG_REASON | (_FLAG_STATEMENT if request.statement else 0)
        head = _REQUEST.pack(length, VERSION, request.kind.value, number, flags, len(request.goal_wire))
        frame = b"".join((head, request.goal_wire, request.certificate))
        self._md5 = hashlib.md5(memoryview(frame)[_LENGTH.size :], usedforsecurity=False).digest()
        self._number = number
        self._statement_asked = request.statement
        self._state = State.AWAITING_REPLY
        return frame

    def receive_data(self, data: bytes) -> None:
        """Take in what the session wrote; empty when its output ended. Raises ProtocolViolation once the protocol is broken."""
        self._refuse_when_broken()
        if data:
            self._buffer += data
        else:
            self._ended = True

    def next_event(self) -> Event | NeedData:
        """The next event in the bytes so far. Raises ProtocolViolation."""
        self._refuse_when_broken()
        try:
            return self._next_event()
        except ProtocolViolation:
            self._state = State.BROKEN
            self._buffer.clear()
            raise

    def _refuse_when_broken(self) -> None:
        if self._state is State.BROKEN:
            raise ProtocolViolation("the session broke the protocol before; nothing more is accepted from it")

    def _next_event(self) -> Event | NeedData:
        buffer = self._buffer
        if buffer and self._state not in _SPEAKING:
            raise ProtocolViolation(f"{len(buffer)} bytes came that nobody asked for: {bytes(buffer[:40])!r}")
        length = self._frame_length()
        if length is not None:
            end = _LENGTH.size + length
            kind = self._frame_kind()
            if kind is not None and len(buffer) >= end:
                event = self._decode(kind, bytes(buffer[_LENGTH.size + _HEADER.size : end]))
                del buffer[:end]
                self._state = _AFTER[self._state, kind]
                return event
        if self._ended and self._state is not State.CLOSED:
            self._state = State.CLOSED
            buffer.clear()
            return Closed()
        return NEED_DATA

    def _frame_length(self) -> int | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        length: int = _LENGTH.unpack_from(self._buffer)[0]
        if not _HEADER.size <= length <= self._max_reply_bytes:
            raise ProtocolViolation(
                f"a frame of {length} bytes was announced, from {_HEADER.size} to {self._max_reply_bytes} are legal; "
                f"what came begins with {bytes(self._buffer[:40])!r}"
            )
        return length

    def _frame_kind(self) -> ReplyKind | None:
        """The kind of the first frame, judged as soon as its header is there."""
        if len(self._buffer) < _LENGTH.size + _HEADER.size:
            return None
        version, kind_code, number = _HEADER.unpack_from(self._buffer, _LENGTH.size)
        if version != VERSION:
            raise ProtocolViolation(f"protocol version {version} came; this driver speaks version {VERSION}: build both from one release")
        kind = _KINDS.get(kind_code)
        if kind is None or (self._state, kind) not in _AFTER:
            raise ProtocolViolation(f"a frame of kind {kind_code} came in state {self._state.name}")
        if number != self._number:
            raise ProtocolViolation(f"a reply to request {number} came; request {self._number} is open")
        return kind

    def _decode(self, kind: ReplyKind, body: bytes) -> Event:
        if kind is ReplyKind.HELLO:
            return _decode_hello(body)
        if len(body) < _VERDICT.size:
            raise ProtocolViolation(f"a reply's body has {len(body)} bytes; at least {_VERDICT.size} belong to it")
        md5, kernel_us = _VERDICT.unpack_from(body)
        if md5 != self._md5:
            raise ProtocolViolation(f"the reply to request {self._number} carries the MD5 of other bytes")
        text = _text(body[_VERDICT.size :])
        if kind is ReplyKind.ACCEPTED and bool(text) is not self._statement_asked:
            raise ProtocolViolation(f"a statement was {'' if self._statement_asked else 'not '}asked for; {text[:80]!r} came")
        return Reply(kind, kernel_us, text)


def _decode_hello(body: bytes) -> Hello:
    coq_version, space, plugin_version = _text(body).partition(" ")
    if not (coq_version and space and plugin_version):
        raise ProtocolViolation(f"the hello is {body[:80]!r}; Coq's version, a space and the plugin's version belong in it")
    return Hello(coq_version, plugin_version)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ProtocolViolation(f"a frame's text is not UTF-8: {error}") from error

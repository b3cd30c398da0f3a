"""Connections within bounds: how many, how long a request's head may take and be, how long an answer may lie unread.

Invariant: a connection that does nothing useful ends by itself. The bound on requests in flight follows from the bound on connections,
for a connection serves one request at a time.
"""

import socket
from asyncio import AbstractEventLoop, Handle, TimerHandle, Transport
from collections.abc import Callable
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from logos_pxl.draining import Draining
from logos_pxl.service.context import TARGET
from logos_pxl.service.disconnects import CONNECTION, Connection
from logos_pxl.service.problems import problem
from logos_pxl.wire.problems import PROBLEMS

ReportUnreadable = Callable[[str | None, int, str], str]
"""Takes the client's address, the status and the code of the refusal; returns the request id for the answer."""

MAX_HEAD_BYTES = 65_536
LINGER_S = 2.0
# Connections over the limit are told so when they have asked; this many times the limit are told at once, and closed unheard.
_SILENT_FACTOR = 2
_PROBES = 3
_HELD_BYTES = 16_384


class AnsweringTransport:
    """A transport that sends what is written when the event loop has gone round, and whose ``close`` lets the peer read the last answer.

    Whatever is ready to be answered is answered first and sent then, heads and bodies together: each sending may wake the peer, and
    waking one that has just fallen asleep costs more than making a short answer. More than ``_HELD_BYTES`` are never held back.

    Closing a socket that holds unread input resets the connection, and the peer may lose what was sent last: the very answer that refuses
    its body. So when ``unread()`` says that there is input to come, only the sending side is closed; what comes in is dropped, for
    ``LINGER_S`` at most.
    """

    def __init__(self, transport: Transport, unread: Callable[[], bool], loop: AbstractEventLoop) -> None:
        self._transport = transport
        self._unread = unread
        self._loop = loop
        self._timer: TimerHandle | None = None
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._sending: Handle | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    @property
    def lingering(self) -> bool:
        """Whether input is only dropped from now on."""
        return self._timer is not None

    def write(self, data: bytes) -> None:
        """Send, unless the last answer has been sent: a request whose body turned out broken may still be at work, and answers too late."""
        if self.lingering:
            return
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > _HELD_BYTES:
            self._send_held()
        elif self._sending is None:
            self._sending = self._loop.call_soon(self._send_held)

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self.lingering or self._transport.is_closing()

    def close(self) -> None:
        """Close, or begin to linger; the second call ends the lingering."""
        self._send_held()
        if self.lingering or self._transport.is_closing() or not self._unread():
            self.gone()
            self._transport.close()
            return
        self._timer = self._loop.call_later(LINGER_S, self._transport.abort)
        self._transport.write_eof()
        self._transport.resume_reading()

    def gone(self) -> None:
        """The connection has ended, or will at once."""
        if self._timer is not None:
            self._timer.cancel()
        self._take_held()

    def _send_held(self) -> None:
        held = self._take_held()
        if held:
            self._transport.write(held)

    def _take_held(self) -> bytes:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
        held = b"".join(self._held)
        self._held.clear()
        self._held_bytes = 0
        return held


class BoundedHttpProtocol(HttpToolsProtocol):
    """Uvicorn's protocol with the bounds that it lacks."""

    def __init__(
        self,
        *,
        connection_limit: int,
        head_timeout_s: float,
        over_limit: ASGIApp | None = None,
        report_unreadable: ReportUnreadable | None = None,
        draining: Draining | None = None,
        **uvicorns: Any,
    ) -> None:
        """``over_limit`` answers connections over the limit; ``report_unreadable`` is called for requests that could not be read as HTTP.

        While ``draining`` is active, each answer is the last of its connection.
        """
        super().__init__(**uvicorns)
        self._over_limit = over_limit or too_many_connections
        self._report_unreadable = report_unreadable
        self._draining = draining or Draining()
        self._connection_limit = connection_limit
        self._head_timeout_s = head_timeout_s
        self._head_timer: TimerHandle | None = None
        self._head_bytes = 0
        self._in_head = False
        self._refused = False
        self._connection = Connection()

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Take the connection, or one that will only be told that there are too many."""
        super().connection_made(transport)
        self._lingering = AnsweringTransport(transport, self._input_is_unread, self.loop)
        self.transport = self._lingering  # type: ignore[assignment]
        opened = transport.get_extra_info("socket")
        if opened is not None and opened.family in (socket.AF_INET, socket.AF_INET6):
            _notice_death(opened, self._head_timeout_s)
        if len(self.connections) > self._connection_limit * _SILENT_FACTOR:
            transport.write(_FAR_TOO_MANY)
            transport.close()
            return
        if len(self.connections) > self._connection_limit:
            self.app = self._over_limit
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Parse, unless the head grows past its bound, or nothing is listened to any more."""
        if self._lingering.lingering:
            return
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self._head_ends_in(data):
                self._refuse("head-too-large", f"the head is longer than {MAX_HEAD_BYTES} bytes")
                return
        super().data_received(data)
        # Most heads come whole, and need no timer.
        if self._in_head and not self._lingering.is_closing():
            self._expect_head()

    def on_message_begin(self) -> None:
        """A request's head begins."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """A request's head ends."""
        self._head_done()
        # Uvicorn tells its path only, and a target may be more than that.
        self.scope[TARGET] = self.url  # type: ignore[literal-required]
        self.scope[CONNECTION] = self._connection  # type: ignore[literal-required]
        super().on_headers_complete()
        if self._draining.active:
            self.cycle.keep_alive = False

    def end_with_its_answer(self) -> None:
        """Close the connection after the answer that is being made, if its head, which says so, has not been sent."""
        if self.cycle is not None and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._head_done()
        self._lingering.gone()
        super().connection_lost(exc)
        self._connection.lost()

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: the request is answered as if it had not asked, and its line in the log is enough."""

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are no HTTP request."""
        self._refuse("invalid-http", msg)

    def _expect_head(self) -> None:
        if self._head_timer is None:
            self._head_bytes = 0
            self._head_timer = self.loop.call_later(self._head_timeout_s, self.transport.close)

    def _head_done(self) -> None:
        self._in_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    @staticmethod
    def _head_ends_in(data: bytes) -> bool:
        # The first bytes of a large body may come with the head.
        return 0 <= data.find(b"\r\n\r\n") < MAX_HEAD_BYTES

    def _input_is_unread(self) -> bool:
        return self._refused or (self.cycle is not None and self.cycle.response_complete and self.cycle.more_body)

    def _refuse(self, code: str, detail: str) -> None:
        status, title = PROBLEMS[code]
        headers = {"Connection": "close"}
        if self._report_unreadable is not None:
            headers["X-Request-Id"] = self._report_unreadable(self.client[0] if self.client else None, status, code)
        response = problem(code, detail, headers=headers)
        head = b"".join(b"%b: %b\r\n" % field for field in response.raw_headers)
        self._refused = True
        self.transport.write(b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (status, title.encode(), head, bytes(response.body)))
        self.transport.close()


def _notice_death(opened: socket.socket, within_s: float) -> None:
    """Have the system find out that the peer is gone without a word: when it is sent something, and when it is not."""
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(within_s * 1000))
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    pause_s = max(1, int(within_s / (_PROBES + 1)))
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, pause_s)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, pause_s)


def _too_many() -> Response:
    return problem(
        "too-many-connections",
        "as many connections are open as PXL_CONNECTION_LIMIT allows",
        headers={"Connection": "close", "Retry-After": "1"},
    )


async def too_many_connections(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell a connection that there is no room for it."""
    await _too_many()(scope, receive, send)


def _as_bytes(response: Response) -> bytes:
    head = b"".join(b"%b: %b\r\n" % field for field in response.raw_headers)
    return b"HTTP/1.1 %d Refused\r\n%b\r\n%b" % (response.status_code, head, bytes(response.body))


_FAR_TOO_MANY = _as_bytes(_too_many())

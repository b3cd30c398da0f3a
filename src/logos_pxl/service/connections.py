"""Connections within bounds: how many, how long a request's head may take and be, how long an answer may lie unread.

Invariant: a connection that does nothing useful ends by itself. The bound on requests in flight follows from the bound on connections,
for a connection serves one request at a time.
"""

import socket
from asyncio import TimerHandle, Transport
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from logos_pxl.service.problems import problem

MAX_HEAD_BYTES = 65_536
# Connections over the limit are told so, which takes a connection; this many times the limit are closed without a word.
_SILENT_FACTOR = 2


class BoundedHttpProtocol(HttpToolsProtocol):
    """Uvicorn's protocol with the bounds that it lacks."""

    def __init__(self, *, connection_limit: int, head_timeout_s: float, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._connection_limit = connection_limit
        self._head_timeout_s = head_timeout_s
        self._head_timer: TimerHandle | None = None
        self._head_bytes = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Take the connection, or one that will only be told that there are too many."""
        super().connection_made(transport)
        opened = transport.get_extra_info("socket")
        if opened is not None and opened.family in (socket.AF_INET, socket.AF_INET6):
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self._head_timeout_s * 1000))
        if len(self.connections) > self._connection_limit * _SILENT_FACTOR:
            transport.abort()
            return
        if len(self.connections) > self._connection_limit:
            self.app = _too_many_connections
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Parse, unless the head grows past its bound."""
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self._head_ends_in(data):
                self._refuse(431, "head-too-large", "The request's head is too large", f"the head is longer than {MAX_HEAD_BYTES} bytes")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request's head begins."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """A request's head ends."""
        self._head_done()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._head_done()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are no HTTP request."""
        self._refuse(400, "invalid-http", "Not an HTTP request", msg)

    def _expect_head(self) -> None:
        if self._head_timer is None:
            self._head_bytes = 0
            self._head_timer = self.loop.call_later(self._head_timeout_s, self.transport.close)

    def _head_done(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    @staticmethod
    def _head_ends_in(data: bytes) -> bool:
        # The first bytes of a large body may come with the head.
        return 0 <= data.find(b"\r\n\r\n") < MAX_HEAD_BYTES

    def _refuse(self, status: int, code: str, title: str, detail: str) -> None:
        response = problem(status, code, title, detail, headers={"Connection": "close"})
        head = b"".join(b"%b: %b\r\n" % field for field in response.raw_headers)
        self.transport.write(b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (status, title.encode(), head, bytes(response.body)))
        self.transport.close()


async def _too_many_connections(scope: Scope, receive: Receive, send: Send) -> None:
    response = problem(
        503,
        "too-many-connections",
        "Too many connections",
        "as many connections are open as PXL_CONNECTION_LIMIT allows",
        headers={"Connection": "close", "Retry-After": "1"},
    )
    await response(scope, receive, send)

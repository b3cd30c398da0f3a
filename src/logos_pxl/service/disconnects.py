"""Work and streamed responses that end when the client disconnects.

The connection reports the disconnect. Watching for it with ASGI's ``receive`` would take two tasks for each request, which is a tenth of
the cost of a new goal.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

CONNECTION = "logos_pxl.connection"
"""The scope key of a request's ``Connection``, which the protocol stores there."""

# Without these, caches and buffering proxies would hold the pieces of a stream back.
_STREAM_HEADERS: Mapping[str, str] = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Connection:
    """Whether the client is connected. One listener at a time."""

    __slots__ = ("_listener", "gone")

    def __init__(self) -> None:
        self.gone = False
        self._listener: Callable[[], object] | None = None

    def listen(self, listener: Callable[[], object] | None) -> None:
        """Call ``listener`` when the client disconnects; ``None`` removes the listener."""
        self._listener = listener

    def lost(self) -> None:
        """The client has disconnected."""
        self.gone = True
        if self._listener is not None:
            self._listener()


async def while_connected(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of ``work``.

    When the client of ``request`` disconnects first, ``work`` is cancelled. Raises ClientDisconnect.
    """
    connection: Connection = request.scope[CONNECTION]
    task = asyncio.current_task()
    if connection.gone or task is None:
        work.close()
        raise ClientDisconnect
    # As in asyncio.timeout: the cancellation is ours if no other was requested.
    cancelling = task.cancelling()
    connection.listen(task.cancel)
    try:
        return await work
    except asyncio.CancelledError:
        if connection.gone and task.uncancel() <= cancelling:
            raise ClientDisconnect from None
        raise
    finally:
        connection.listen(None)


class StreamedResponse(Response):
    """A response that is sent in ``pieces``, each as soon as it is made.

    A piece is made only when the one before has been written to the connection, whose buffer is bounded, so that a slow client slows the
    work down. When the client disconnects, or reads nothing for ``send_timeout_s``, the work is cancelled.
    """

    def __init__(self, request: Request, pieces: AsyncGenerator[bytes, None], *, media_type: str, send_timeout_s: float) -> None:
        self._request = request
        self._pieces = pieces
        self._send_timeout_s = send_timeout_s
        self.status_code = 200
        self.background = None
        self.media_type = media_type
        self.init_headers(_STREAM_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the protocol's signature
        """Send everything, or as much as the client reads."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            await while_connected(self._request, self._send_all(send))
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            # Requests are cancelled only when the service ends. The client sees that the stream is incomplete.
            _log.warning("a stream was cut off: the service ends")
        except TimeoutError:
            _log.info("a stream was ended: its client did not read for %g s (CONNECTION_TIMEOUT)", self._send_timeout_s)

    async def _send_all(self, send: Send) -> None:
        async with aclosing(self._pieces) as pieces:
            async for piece in pieces:
                async with asyncio.timeout(self._send_timeout_s):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

"""Answers in pieces, made while they are sent.

Invariant: a piece is made only when the one before has gone to the connection, whose buffer is bounded: a slow reader slows the making.
When the client goes away, or does not read for the time-out, the making ends at once, whatever it waits for.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from logos_pxl.service.disconnects import while_connected

_log = logging.getLogger(__name__)

# Caches and buffering proxies would hold the pieces back.
_HEADERS: Mapping[str, str] = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class StreamedResponse(Response):
    """The ``pieces``, each sent as soon as it is there."""

    def __init__(self, request: Request, pieces: AsyncGenerator[bytes, None], *, media_type: str, send_timeout_s: float) -> None:
        self._request = request
        self._pieces = pieces
        self._send_timeout_s = send_timeout_s
        self.status_code = 200
        self.background = None
        self.media_type = media_type
        self.init_headers(_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the protocol's signature
        """Send everything, or as much as the client reads."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        try:
            await while_connected(self._request, self._send_all(send))
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            # Only the server's end cancels requests; the client sees that the stream is cut, for its end is missing.
            _log.warning("a stream was cut off: the service ends")
        except TimeoutError:
            _log.info("a stream was ended: its client did not read for %g s (CONNECTION_TIMEOUT)", self._send_timeout_s)

    async def _send_all(self, send: Send) -> None:
        async with aclosing(self._pieces) as pieces:
            async for piece in pieces:
                async with asyncio.timeout(self._send_timeout_s):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

"""The access log, the outermost layer: creates the request context, and logs and measures each request when it has ended.

Invariant: every request has exactly one line in access.log, also when its handler fails or its client goes away. Its response, if there
is one, carries the request id of that line.
"""

import logging
import time
from collections.abc import Awaitable
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from logos_pxl.logs.formats import REQUEST_ID
from logos_pxl.logs.requests import RequestLine, RequestLog
from logos_pxl.service.context import RequestContext, new_request_id
from logos_pxl.service.gate.clients import UNKNOWN, Clients
from logos_pxl.service.problems import defect
from logos_pxl.service.routes import Routes
from logos_pxl.wire import http

_log = logging.getLogger(__name__)

_CLIENT_CLOSED_REQUEST = 499
_REQUEST_ID_HEADER = http.REQUEST_ID.encode()
UNREADABLE = "(unreadable)"
# The name in metrics and the path in the log of a request that is for no endpoint: never text of the client's.
_NO_ENDPOINT = ("other", "(no endpoint)")


class RequestMetrics(Protocol):
    """Counts requests."""

    def begun(self) -> None:
        """A request has begun."""

    def ended(self, endpoint: str, status: int, seconds: float) -> None:
        """A request to ``endpoint`` has ended after ``seconds``."""


class AccessLog:
    """The layer. Without ``lines`` nothing is logged, without ``metrics`` nothing is counted."""

    def __init__(
        self, app: ASGIApp, lines: RequestLog | None, clients: Clients, routes: Routes, metrics: RequestMetrics | None = None
    ) -> None:
        self._app = app
        self._lines = lines
        self._clients = clients
        self._routes = routes
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and log it afterwards."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context = RequestContext.create(scope, self._clients.address(scope))
        context.match = self._routes.find(scope["method"], scope["path"])
        REQUEST_ID.set(context.request_id)
        status = body_bytes = 0
        request_id = (_REQUEST_ID_HEADER, context.request_id.encode("ascii"))

        # A plain function that returns the server's awaitable: a coroutine around it would cost more than all of this layer.
        def observed(message: Message) -> Awaitable[None]:
            nonlocal status, body_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], request_id, *context.response_headers]
            else:
                body_bytes += len(message.get("body", b""))
            return send(message)

        if self._metrics is not None:
            self._metrics.begun()
        try:
            await self._app(scope, receive, observed)
        except Exception:  # noqa: BLE001 - no layer outside of this one would log it
            _log.exception("a request failed with an unexpected error")
            if not status:
                await defect()(scope, receive, observed)
        finally:
            # Without a status no response was sent: the client went away, or the service ends.
            self._ended(scope, context, status or _CLIENT_CLOSED_REQUEST, body_bytes)

    def _ended(self, scope: Scope, context: RequestContext, status: int, body_bytes: int) -> None:
        seconds = time.monotonic() - context.started
        match = context.match
        name, path = (match.endpoint.name, match.endpoint.path) if match else _NO_ENDPOINT
        if self._metrics is not None:
            self._metrics.ended(name, status, seconds)
        if self._lines is not None:
            self._lines.write(
                RequestLine(
                    context.client,
                    scope["method"],
                    scope["raw_path"],
                    path,
                    scope["http_version"],
                    context.request_id,
                    context.headers.get(b"user-agent", b""),
                    status,
                    body_bytes,
                    time.time(),
                    seconds,
                    context.key or "",
                    context.note,
                )
            )

    def log_unreadable(self, client: str | None, status: int, reason: str) -> str:
        """Log a request that could not be read as HTTP; returns the id that it gets."""
        request_id = new_request_id()
        if self._lines is not None:
            self._lines.write(
                RequestLine(client or UNKNOWN, "-", b"-", UNREADABLE, "-", request_id, b"", status, 0, time.time(), 0.0, "", reason)
            )
        return request_id

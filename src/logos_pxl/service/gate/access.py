"""The outermost layer: a request gets its id, and, when it has been answered, its line in the log and its place in the figures.

Invariant: every request has exactly one line, also when it fails or is given up; its answer, when there is one, carries the id of the line.
"""

import logging
import time
from collections.abc import Awaitable, Iterable
from typing import Protocol

from logos_pxl_engine import RequestLog
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from logos_pxl.logs.context import REQUEST_ID
from logos_pxl.logs.escaping import escaped
from logos_pxl.service.context import RequestContext, new_request_id
from logos_pxl.service.gate.clients import UNKNOWN, Clients
from logos_pxl.service.problems import defect

_log = logging.getLogger(__name__)

_GIVEN_UP = 499
_OTHER = "(no endpoint)"
UNREADABLE = "(unreadable)"


class Measures(Protocol):
    """Keeps figures of requests."""

    def begun(self) -> None:
        """A request is being answered."""

    def ended(self, scope: Scope, status: int, seconds: float) -> None:
        """It has been answered, or given up, after ``seconds``."""


class AccessLog:
    """The layer. Figures and log are told by one layer: each layer of asynchronous calls costs as much as either of them."""

    def __init__(
        self, app: ASGIApp, lines: RequestLog | None, clients: Clients, endpoints: "Endpoints", measures: Measures | None = None
    ) -> None:
        """Without ``lines`` nothing is written, without ``measures`` nothing is counted."""
        self._app = app
        self._lines = lines
        self._clients = clients
        self._endpoints = endpoints
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and tell of it afterwards."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context = RequestContext.create(scope, self._clients.address(scope))
        REQUEST_ID.set(context.request_id)
        status = body_bytes = 0
        request_id = (b"x-request-id", context.request_id.encode("ascii"))

        # No coroutine of its own around each of the server's, which would cost more than what is done here.
        def told(message: Message) -> Awaitable[None]:
            nonlocal status, body_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], request_id, *context.response_headers]
            else:
                body_bytes += len(message.get("body", b""))
            return send(message)

        if self._measures is not None:
            self._measures.begun()
        try:
            await self._app(scope, receive, told)
        except Exception:  # noqa: BLE001 - nothing is outside this layer to tell it
            _log.exception("a request failed by an error that nobody foresaw")
            if not status:
                await defect()(scope, receive, told)
        finally:
            # Without a status nothing was answered: the client is gone, or the service ends.
            status = status or _GIVEN_UP
            seconds = time.monotonic() - context.started
            if self._measures is not None:
                self._measures.ended(scope, status, seconds)
            if self._lines is not None:
                self._lines.tell(
                    context.client,
                    scope["method"],
                    scope["raw_path"],
                    self._endpoints.name(scope["path"]),
                    scope["http_version"],
                    context.request_id,
                    context.headers.get(b"user-agent", b""),
                    status,
                    body_bytes,
                    seconds,
                    context.key,
                    escaped(context.note) if context.note else "",
                    time.time(),
                )

    def tell_unread(self, client: str | None, status: int, reason: str) -> str:
        """A request could not be read, and so has no more than this; gives the id that its line has."""
        request_id = new_request_id()
        if self._lines is not None:
            self._lines.tell(
                client or UNKNOWN, "-", b"-", UNREADABLE, "-", request_id, b"", status, 0, 0.0, None, escaped(reason), time.time()
            )
        return request_id


class Endpoints:
    """The endpoints by their paths, so that pxl-server.log holds no text of strangers."""

    def __init__(self, routes: Iterable[Route] = ()) -> None:
        templates = [route.path for route in routes]
        self._fixed = frozenset(path for path in templates if "{" not in path)
        self._by_first = {path.split("/")[1]: path for path in templates if "{" in path}

    def name(self, path: str) -> str:
        """The endpoint's path, such as ``/certificates/{name}``."""
        if path in self._fixed:
            return path
        first = path.split("/", 2)[1:2]
        return self._by_first.get(first[0], _OTHER) if first else _OTHER

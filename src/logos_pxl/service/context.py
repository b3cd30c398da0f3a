"""The request context: what the layers and handlers share about one request.

Invariant: the access log, the outermost layer, creates the context and stores it in the ASGI scope. Every other layer and handler finds it
there with ``RequestContext.of``.
"""

import random
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logos_pxl.observing import HmacKey
from logos_pxl.wire import http
from logos_pxl.wire.ids import REQUEST_ID_PATTERN

if TYPE_CHECKING:
    from logos_pxl.service.routes import Match

TARGET = "logos_pxl.target"
"""Scope key for the target of the request line, which the connection stores there; uvicorn passes on only the path and the query."""

_KEY = "logos_pxl.request_context"
_REQUEST_ID = http.REQUEST_ID.encode()
_WELL_FORMED_ID = re.compile(REQUEST_ID_PATTERN.encode())
_ID_BITS = 128


@dataclass(slots=True)
class RequestContext:
    """One request.

    ``client`` is the client's address. ``headers`` has the last value of each header by its name in lower case; ``repeated`` lists the
    names that occur more than once. ``target`` is the path with the query as in the request line. ``started`` is the start time in
    ``time.monotonic()`` seconds.

    The access log sets ``match``, the endpoint that the request is for; it stays ``None`` when there is none.

    Later layers set ``key`` (which key signed the request), ``body`` (when it was read before the handler), ``note`` (text for the line in
    pxl-server.log, such as the reason of a refusal) and ``response_headers``, which the access log adds to the response.
    """

    client: str
    request_id: str
    headers: dict[bytes, bytes]
    repeated: tuple[bytes, ...]
    target: bytes
    started: float
    match: "Match | None" = None
    key: HmacKey | None = None
    body: bytes | None = None
    note: str = ""
    response_headers: tuple[tuple[bytes, bytes], ...] = ()

    @classmethod
    def create(cls, scope: Any, client: str) -> "RequestContext":
        """Create the context of the request in ``scope`` and store it there."""
        started = time.monotonic()
        headers: dict[bytes, bytes] = {}
        repeated: tuple[bytes, ...] = ()
        for name, value in scope["headers"]:
            if name in headers:
                repeated = (*repeated, name)
            headers[name] = value
        context = scope[_KEY] = cls(client, _request_id(headers, repeated), headers, repeated, _target(scope), started)
        return context

    @staticmethod
    def of(scope: Any) -> "RequestContext":
        """The context of the request in ``scope``."""
        context: RequestContext = scope[_KEY]
        return context

    def header(self, name: bytes) -> str:
        """The last value of a header as text; empty when the request does not have it."""
        return self.headers.get(name, b"").decode("latin-1")


def new_request_id() -> str:
    """A random id of 32 hexadecimal digits.

    It never contains 401: the operations manual counts refused signatures in pxl-server.log with ``grep -c 401``.
    """
    # Unique is enough: an id is no secret, and a system call for each would take three times as long.
    while "401" in (request_id := f"{random.getrandbits(_ID_BITS):032x}"):
        pass
    return request_id


def _request_id(headers: dict[bytes, bytes], repeated: tuple[bytes, ...]) -> str:
    given = headers.get(_REQUEST_ID, b"")
    if given and _REQUEST_ID not in repeated and _WELL_FORMED_ID.fullmatch(given):
        return given.decode("ascii")
    return new_request_id()


def _target(scope: Any) -> bytes:
    target: bytes | None = scope.get(TARGET)
    if target:
        return target
    query: bytes = scope.get("query_string", b"")
    path: bytes = scope.get("raw_path", b"")
    return path + b"?" + query if query else path

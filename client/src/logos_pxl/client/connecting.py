"""What both clients are made of: the address, the signature, the time, and errors of the connection in our words."""

import time
from collections.abc import Generator
from dataclasses import dataclass, field

import httpx2

from logos_pxl.client.calls import Call, T
from logos_pxl.client.errors import ConnectionFailed, ProtocolError, RequestError
from logos_pxl.client.retrying import Retrying
from logos_pxl.wire.signing import key_of_hex, signed_headers

MAX_REPLY_BYTES = 1 << 28
"""A longer reply is not read."""

_CONNECT_S = 5.0
# What the way and the reading of a reply may take beyond the service's own time.
_SLACK_S = 10.0
_SMALLEST_S = 0.05


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the service is, and how this client speaks to it. ``default_s``: how long a goal without a ``timeout_ms`` is waited for."""

    url: str
    key: str | None = field(repr=False)
    retrying: Retrying
    default_s: float

    def __post_init__(self) -> None:
        """Raises RequestError for an address or a key that is none."""
        try:
            parsed = httpx2.URL(self.url)
        except httpx2.InvalidURL as error:
            raise RequestError(f"{self.url!r} is no address: {error}; give one such as http://127.0.0.1:8088") from error
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise RequestError(f"{self.url!r} is no address of a service: give one such as http://127.0.0.1:8088")
        if self.key is not None:
            try:
                key_of_hex(self.key)
            except ValueError as error:
                raise RequestError(f"the signature key is none: {error}; 'openssl rand -hex 32' makes one") from None

    @property
    def auth(self) -> "Signing | None":
        """What signs the requests."""
        return None if self.key is None else Signing(self.key)

    def deadline(self, call: Call[T]) -> float:
        """Until when a call may go on, retries included (``time.monotonic()`` seconds)."""
        return time.monotonic() + call.wait_s + _SLACK_S + self.retrying.total_s

    def timeout(self, call: Call[T], deadline: float) -> httpx2.Timeout:
        """The bounds of one attempt."""
        left_s = max(_SMALLEST_S, deadline - time.monotonic())
        return httpx2.Timeout(min(call.wait_s + _SLACK_S, left_s), connect=min(_CONNECT_S, left_s))

    def failed(self, error: httpx2.RequestError) -> ConnectionFailed:
        """The error in our words."""
        match error:
            case httpx2.ConnectError() | httpx2.ConnectTimeout():
                return ConnectionFailed(
                    f"{self.url} cannot be reached ({error or type(error).__name__}): is the service up, and this its address?"
                )
            case httpx2.TimeoutException():
                return ConnectionFailed(f"{self.url} did not answer in time: give the goal more timeout_ms, or ask as a job")
        return ConnectionFailed(f"the connection to {self.url} broke before the answer was whole ({error or type(error).__name__})")


class Signing(httpx2.Auth):
    """Signs each request anew as it is sent, so that a retry has a nonce of its own."""

    requires_request_body = True

    def __init__(self, key: str) -> None:
        self._key = key

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Sign and send."""
        target = request.url.raw_path.decode("ascii")
        request.headers.update(signed_headers(self._key, request.method, target, request.content))
        yield request


class Body:
    """A reply's body, piece by piece, within its bounds."""

    def __init__(self, deadline: float) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._deadline = deadline

    def add(self, piece: bytes) -> None:
        """Raises ProtocolError when it is too long, ConnectionFailed when it comes too slowly."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > MAX_REPLY_BYTES:
            raise ProtocolError(f"the answer is longer than {MAX_REPLY_BYTES} bytes")
        if time.monotonic() > self._deadline:
            raise ConnectionFailed("the answer came too slowly to be waited for any longer")

    def whole(self) -> bytes:
        """All of it."""
        return b"".join(self._pieces)

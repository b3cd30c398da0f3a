"""What both clients share about connections: address, signature, deadlines and retries."""

import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import uniform
from typing import Any

import httpx2
import stamina

from logos_pxl.client.calls import Call, Reply, T
from logos_pxl.client.errors import TRANSIENT, ConnectionFailed, ProtocolError
from logos_pxl.client.streams import BatchState, Watching
from logos_pxl.wire.errors import RequestError
from logos_pxl.wire.signing import key_of_hex, signed_headers

MAX_REPLY_BYTES = 1 << 28
_CONNECT_S = 5.0
# Time for the network, beyond the service's own.
_SLACK_S = 10.0
_MIN_TIMEOUT_S = 0.05
_TOO_SLOW = "the answer did not arrive completely in time"


@dataclass(frozen=True, slots=True)
class Retrying:
    """When requests are sent again.

    At most ``attempts`` times. All attempts and waits together take at most ``total_s`` seconds beyond the goal's own time. The waits
    double from ``initial_s`` to ``longest_s``; a ``Retry-After`` of the service replaces them, and ends the attempts when it is longer
    than the time left. Up to ``jitter_s`` is added to each wait at random.
    """

    attempts: int = 8
    total_s: float = 60.0
    initial_s: float = 0.1
    longest_s: float = 5.0
    jitter_s: float = 0.5

    def tries(self, deadline: float) -> Iterator[stamina.Attempt]:
        """Attempts until one succeeds or fails for good, or until ``deadline`` (``time.monotonic()`` seconds)."""
        return iter(stamina.retry_context(self.hook(deadline), **self._bounds(deadline)))

    def tries_async(self, deadline: float) -> AsyncIterator[stamina.Attempt]:
        """As ``tries``, for ``async for``."""
        return aiter(stamina.retry_context(self.hook(deadline), **self._bounds(deadline)))

    def hook(self, deadline: float) -> Callable[[Exception], bool | float]:
        """Decides whether an error is followed by another attempt, and after how many seconds (True: the usual wait)."""

        def again(error: Exception) -> bool | float:
            left_s = deadline - time.monotonic()
            if not isinstance(error, TRANSIENT) or left_s <= 0:
                return False
            retry_after_s: float | None = getattr(error, "retry_after_s", None)
            if retry_after_s is None:
                return True
            return False if retry_after_s > left_s else retry_after_s + uniform(0, self.jitter_s)  # noqa: S311 - not a secret

        return again

    def _bounds(self, deadline: float) -> dict[str, Any]:
        return {
            "attempts": self.attempts,
            "timeout": max(0.001, deadline - time.monotonic()),
            "wait_initial": self.initial_s,
            "wait_max": self.longest_s,
            "wait_jitter": self.jitter_s,
        }


NEVER = Retrying(attempts=1, total_s=0.0)
"""Each request is sent once."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The service's address and how it is used. ``default_s``: the time for a goal without a ``timeout_ms``, in seconds."""

    url: str
    key: str | None = field(repr=False)
    retrying: Retrying
    default_s: float

    def __post_init__(self) -> None:
        """Raises RequestError for a malformed address or key."""
        try:
            parsed = httpx2.URL(self.url)
        except httpx2.InvalidURL as error:
            raise RequestError(f"{self.url!r} is not a valid address: {error}; give one such as http://127.0.0.1:8088") from error
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise RequestError(f"{self.url!r} is not an HTTP address: give one such as http://127.0.0.1:8088")
        if self.key is not None:
            try:
                key_of_hex(self.key)
            except ValueError as error:
                raise RequestError(f"the signature key is malformed: {error}; 'openssl rand -hex 32' generates one") from None

    @property
    def auth(self) -> "Signing | None":
        """Signs the requests, when there is a key."""
        return None if self.key is None else Signing(self.key)

    def deadline(self, call: Call[T]) -> float:
        """The end of a call, retries included (``time.monotonic()`` seconds)."""
        return time.monotonic() + call.wait_s + _SLACK_S + self.retrying.total_s

    def options(self, call: Call[T], deadline: float) -> dict[str, Any]:
        """The arguments of httpx2's ``build_request`` for one attempt."""
        left_s = max(_MIN_TIMEOUT_S, deadline - time.monotonic())
        timeout = httpx2.Timeout(min(call.wait_s + _SLACK_S, left_s), connect=min(_CONNECT_S, left_s))
        return {"method": call.method, "url": call.target, "content": call.body, "headers": call.headers, "timeout": timeout}

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raises httpx2's errors as ConnectionFailed."""
        try:
            yield
        except TimeoutError as error:
            raise ConnectionFailed(_TOO_SLOW) from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise self._connection_failed(error) from error

    @contextmanager
    def reading(self, stream: BatchState | Watching) -> Iterator[None]:
        """Reports the end of a stream to ``stream``, which raises when it cannot go on."""
        try:
            yield
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            stream.ended(self._connection_failed(error))
        else:
            stream.ended(None)

    def _connection_failed(self, error: httpx2.RequestError) -> ConnectionFailed:
        match error:
            case httpx2.ConnectError() | httpx2.ConnectTimeout():
                return ConnectionFailed(
                    f"{self.url} cannot be reached ({error or type(error).__name__}): is the service up, and is the address right?"
                )
            case httpx2.TimeoutException():
                return ConnectionFailed(f"{self.url} did not answer in time: give the goal more timeout_ms, or ask as a job")
        return ConnectionFailed(f"the connection to {self.url} broke before the answer was complete ({error or type(error).__name__})")


class Signing(httpx2.Auth):
    """Signs each request when it is sent: a retry needs a new nonce."""

    requires_request_body = True

    def __init__(self, key: str) -> None:
        self._key = key

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """Sign and send."""
        target = request.url.raw_path.decode("ascii")
        request.headers.update(signed_headers(self._key, request.method, target, request.content))
        yield request


class Body:
    """Collects the body of a response, within its bounds of size and time."""

    def __init__(self, response: httpx2.Response, deadline: float) -> None:
        self._response = response
        self._pieces: list[bytes] = []
        self._size = 0
        self._deadline = deadline

    def add(self, piece: bytes) -> None:
        """Raises ProtocolError when the body is too long, ConnectionFailed after the deadline."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > MAX_REPLY_BYTES:
            raise ProtocolError(f"the answer is longer than {MAX_REPLY_BYTES} bytes")
        if time.monotonic() > self._deadline:
            raise ConnectionFailed(_TOO_SLOW)

    def reply(self) -> Reply:
        """The response with its whole body."""
        headers = {name.lower(): value for name, value in self._response.headers.items()}
        return Reply(self._response.status_code, headers, b"".join(self._pieces))

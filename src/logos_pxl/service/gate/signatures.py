"""Signed requests: who may pass, and why not.

Invariant: behind this layer a request is to an open path (GET and HEAD only), or its method, target and body are those that a holder of a
key signed, within the window, for the first time. A refusal tells the caller one of four reasons and nothing else; the log has the detail.

A nonce is claimed after the signature was found right: strangers can neither use up nonces nor learn which were used.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from logos_pxl.errors import PxlError
from logos_pxl.observing import Observer
from logos_pxl.service.bodies import BODY, read_body
from logos_pxl.service.gate.ambiguity import TARGET
from logos_pxl.service.gate.arrivals import Arrival
from logos_pxl.service.gate.keys import KeyRing
from logos_pxl.service.problems import problem_of
from logos_pxl.service.refusals import Refusal, Unauthenticated
from logos_pxl.shared_state import SharedState
from logos_pxl.signing import WINDOW_S, NotSignable, canonical_string

_HEADERS = {b"x-timestamp": "X-Timestamp", b"x-nonce": "X-Nonce", b"x-signature": "X-Signature"}
_TIMESTAMP_DIGITS = 12
# Beyond the window of the signature itself: clocks of replicas may differ by a little.
_NONCE_MARGIN_S = 5
_OPEN_METHODS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Signed:
    """The three headers of a request that carries a signature within the window."""

    timestamp: str
    nonce: str
    signature: str


class SignedRequests:
    """The layer. ``keys`` may be replaced at any time; ``clock`` gives seconds since 1970."""

    def __init__(
        self,
        app: ASGIApp,
        keys: KeyRing,
        state: SharedState,
        observer: Observer,
        *,
        open_paths: Sequence[str],
        max_body_bytes: int,
        body_timeout_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.keys = keys
        self._app = app
        self._state = state
        self._observer = observer
        self._open = OpenPaths(open_paths)
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s = body_timeout_s
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on that may pass."""
        if scope["type"] != "http" or self._open.allow(scope):
            await self._app(scope, receive, send)
            return
        arrival = Arrival.found_in(scope)
        try:
            signed = self._signed(arrival)
            body = await self._body(scope, arrival, receive)
            await self._check(scope, arrival, signed, body)
        except ClientDisconnect:
            return
        except PxlError as error:
            self._tell(arrival, error)
            response = problem_of(error)
            if b"transfer-encoding" in arrival.headers or arrival.headers.get(b"content-length", b"0") != b"0":
                # The body may not have been read: the connection cannot be used again.
                response.headers["Connection"] = "close"
            await response(scope, receive, send)
            return
        scope[BODY] = body
        await self._app(scope, _replaying(body, receive), send)

    def _signed(self, arrival: Arrival) -> Signed:
        missing = [shown for name, shown in _HEADERS.items() if not arrival.headers.get(name)]
        if missing:
            raise Unauthenticated(Refusal.MISSING, detail=f"{' and '.join(missing)} did not come")
        timestamp, nonce, signature = (arrival.headers[name].decode("latin-1") for name in _HEADERS)
        # Digits of other scripts are digits to int().
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= _TIMESTAMP_DIGITS):
            raise Unauthenticated(Refusal.WINDOW, detail="X-Timestamp is no whole number of seconds since 1970")
        ahead_s = int(timestamp) - self._clock()
        if abs(ahead_s) > WINDOW_S:
            away = f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} this clock"
            raise Unauthenticated(Refusal.WINDOW, detail=f"X-Timestamp is {away}, and {WINDOW_S} s are allowed")
        return Signed(timestamp, nonce, signature)

    async def _body(self, scope: Scope, arrival: Arrival, receive: Receive) -> bytes:
        if b"content-length" not in arrival.headers and b"transfer-encoding" not in arrival.headers:
            return b""
        return await read_body(Request(scope, receive), max_bytes=self._max_body_bytes, timeout_s=self._body_timeout_s)

    async def _check(self, scope: Scope, arrival: Arrival, signed: Signed, body: bytes) -> None:
        target: bytes = scope.get(TARGET) or scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        try:
            canonical = canonical_string(scope["method"], target.decode("ascii"), signed.timestamp, signed.nonce, body)
        except (NotSignable, UnicodeDecodeError) as error:
            raise Unauthenticated(Refusal.INVALID, detail=f"X-Signature cannot be right: {error}") from error
        key = self.keys.key_of(canonical, signed.signature)
        if key is None:
            raise Unauthenticated(Refusal.INVALID, detail=f"X-Signature fits no key (tried: {self.keys.names()})")
        # As long as the timestamp stays within the window: the future part of it counts too.
        ttl_s = int(signed.timestamp) + WINDOW_S - self._clock() + _NONCE_MARGIN_S
        if not await self._state.claim_nonce(signed.nonce, ttl_s):
            raise Unauthenticated(Refusal.REUSED, detail=f"X-Signature is right (key {key}), X-Nonce came before")
        arrival.key = key
        self._observer.authenticated(key)

    def _tell(self, arrival: Arrival, error: PxlError) -> None:
        self._observer.rejected(error.code)
        if isinstance(error, Unauthenticated):
            arrival.remark = f"HMAC authentication failed: {error}; {error.detail}"
            self._observer.authentication_failed(error.refusal.code)


class OpenPaths:
    """Paths that GET and HEAD reach without a signature; ``/health/*`` stands for everything below ``/health/``."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._exact = frozenset(path for path in paths if not path.endswith("/*"))
        self._below = tuple(path[:-1] for path in paths if path.endswith("/*"))

    def allow(self, scope: Scope) -> bool:
        """Whether the request is to one of them."""
        path: str = scope["path"]
        return scope["method"] in _OPEN_METHODS and (path in self._exact or path.startswith(self._below))


def _replaying(body: bytes, receive: Receive) -> Receive:
    """A receive channel that gives the body that was read, and then what comes."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay

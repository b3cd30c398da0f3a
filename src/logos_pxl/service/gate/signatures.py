"""Signed requests: who may pass, and why not.

Invariant: a request for which nothing was raised has a method, a target and a body that a holder of a key signed, within the window, for
the first time. A refusal tells the caller one of four reasons and nothing else; the log has the detail.

A nonce is claimed after the signature was found right: strangers can neither use up nonces nor learn which were used.
"""

import time
from collections.abc import Callable
from typing import Any

from starlette.types import Receive

from logos_pxl.observing import HmacKey
from logos_pxl.service.bodies import read_body
from logos_pxl.service.context import RequestContext
from logos_pxl.service.gate.keys import KeyRing
from logos_pxl.service.refusals import Refusal, Unauthenticated
from logos_pxl.shared_state import SharedState
from logos_pxl.wire.signing import WINDOW_S

_HEADERS = {b"x-timestamp": "X-Timestamp", b"x-nonce": "X-Nonce", b"x-signature": "X-Signature"}
_TIMESTAMP_DIGITS = 12
# Beyond the window of the signature itself: clocks of replicas may differ by a little.
_NONCE_MARGIN_S = 5


class Signatures:
    """Checks them. ``keys`` may be replaced at any time; ``clock`` gives seconds since 1970."""

    def __init__(
        self, keys: KeyRing, state: SharedState, *, max_body_bytes: int, body_timeout_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        self.keys = keys
        self._state = state
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s = body_timeout_s
        self._clock = clock

    async def check(self, scope: Any, receive: Receive, context: RequestContext) -> tuple[HmacKey, bytes]:
        """The key that the request was signed with, and its body.

        Raises Unauthenticated, RequestTooLarge, SlowBody, NoncesFull; ClientDisconnect when the client went away.
        """
        now = self._clock()
        headers = context.headers
        timestamp, nonce, signature = headers.get(b"x-timestamp"), headers.get(b"x-nonce"), headers.get(b"x-signature")
        if not (timestamp and nonce and signature):
            missing = [shown for name, shown in _HEADERS.items() if not headers.get(name)]
            raise Unauthenticated(Refusal.MISSING, detail=f"{' and '.join(missing)} did not come")
        signed_s = _within_window(timestamp, now)
        body = b""
        if b"content-length" in headers or b"transfer-encoding" in headers:
            announced = context.header(b"content-length")
            body = await read_body(receive, announced, max_bytes=self._max_body_bytes, timeout_s=self._body_timeout_s)
        key = self._key_of(scope["method"], context, body)
        # For as long as the timestamp stays within the window, which may be twice as long.
        if not await self._state.claim_nonce(nonce.decode("ascii"), signed_s + WINDOW_S + _NONCE_MARGIN_S - now):
            raise Unauthenticated(Refusal.REUSED, detail=f"X-Signature is right (key {key}), X-Nonce came before")
        return key, body

    def _key_of(self, method: str, context: RequestContext, body: bytes) -> HmacKey:
        timestamp, nonce, signature = (context.headers[name] for name in _HEADERS)
        try:
            key = self.keys.key_of(method, context.target, timestamp, nonce, body, signature=signature)
        except ValueError as error:
            raise Unauthenticated(Refusal.INVALID, detail=f"X-Signature cannot be right: {error}") from error
        if key is None:
            raise Unauthenticated(Refusal.INVALID, detail=f"X-Signature fits no key (tried: {self.keys.names()})")
        return key


def _within_window(timestamp: bytes, now: float) -> int:
    if not (timestamp.isdigit() and len(timestamp) <= _TIMESTAMP_DIGITS):
        raise Unauthenticated(Refusal.WINDOW, detail="X-Timestamp is no whole number of seconds since 1970")
    signed_s = int(timestamp)
    away_s = signed_s - now
    if abs(away_s) > WINDOW_S:
        away = f"{abs(away_s):.0f} s {'ahead of' if away_s > 0 else 'behind'} this clock"
        raise Unauthenticated(Refusal.WINDOW, detail=f"X-Timestamp is {away}, and {WINDOW_S} s are allowed")
    return signed_s

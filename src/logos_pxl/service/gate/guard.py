"""The guard: the layer that refuses requests for ambiguity, a missing or wrong signature, or an exhausted quota.

It is one layer, because each layer of asynchronous calls costs more than the three checks together.

Invariant: a request that passes is unambiguous. It is a GET or HEAD of an open path; or, where signatures are required, a holder of a key
signed its method, target and body within the window and for the first time, and, where there is a quota, its client has not exceeded it.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from logos_pxl.errors import PxlError
from logos_pxl.observing import HmacKey, Observer
from logos_pxl.service.bodies import read_body
from logos_pxl.service.context import RequestContext
from logos_pxl.service.gate.ambiguity import refuse_ambiguity
from logos_pxl.service.gate.clients import KeyRing, quota_bucket
from logos_pxl.service.problems import QuotaExceeded, Unauthenticated, problem_of
from logos_pxl.settings import ServiceSettings
from logos_pxl.shared_state import RateDecision, SharedState
from logos_pxl.wire.signing import NONCE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, WINDOW_S, NotSignable, Refusal, canonical_string

QUOTA_WINDOW_S = 60

_OPEN_METHODS = ("GET", "HEAD")
_TIMESTAMP, _NONCE, _SIGNATURE = (name.lower().encode() for name in (TIMESTAMP_HEADER, NONCE_HEADER, SIGNATURE_HEADER))
_HEADERS = {_TIMESTAMP: TIMESTAMP_HEADER, _NONCE: NONCE_HEADER, _SIGNATURE: SIGNATURE_HEADER}
_TIMESTAMP_DIGITS = 12
# A nonce is remembered a little longer than its timestamp is accepted: the clocks of replicas may differ.
_NONCE_MARGIN_S = 5


class Guard:
    """The layer. ``signatures`` is ``None`` where none are required. ``quota`` may be replaced at any time."""

    def __init__(
        self,
        app: ASGIApp,
        signatures: "Signatures | None",
        quota: "Quota",
        state: SharedState,
        observer: Observer,
        *,
        open_paths: Sequence[str],
    ) -> None:
        self.quota = quota
        self._app = app
        self._signatures = signatures
        self._state = state
        self._observer = observer
        self._open = OpenPaths(open_paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer with its refusal."""
        if scope["type"] == "http":
            context = RequestContext.of(scope)
            try:
                refuse_ambiguity(scope, context)
                if not self._open.allow(scope):
                    if self._signatures is not None:
                        context.key, context.body = await self._signatures.check(scope["method"], receive, context)
                        self._observer.authenticated(context.key)
                    quota = self.quota
                    if quota.enabled:
                        quota.settle(context, await self._state.take_token(quota.bucket_of(context), quota.per_minute, QUOTA_WINDOW_S))
            except ClientDisconnect:
                return
            except PxlError as error:
                await self._refuse(context, error, scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _refuse(self, context: RequestContext, error: PxlError, scope: Scope, receive: Receive, send: Send) -> None:
        self._observer.rejected(error.code)
        context.note = str(error)
        response = problem_of(error)
        if isinstance(error, Unauthenticated):
            context.note = f"HMAC authentication failed: {error}; {error.detail}"
            self._observer.authentication_failed(error.refusal.code)
            if context.body is None and (b"transfer-encoding" in context.headers or context.header(b"content-length") not in ("", "0")):
                # The body was not read, so the connection cannot be used again.
                response.headers["Connection"] = "close"
        elif isinstance(error, QuotaExceeded):
            context.note = "over its quota"
            self._observer.rate_limited()
        await response(scope, receive, send)


class OpenPaths:
    """Paths that GET and HEAD reach without a signature; ``/health/*`` stands for everything below ``/health/``."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._exact = frozenset(path for path in paths if not path.endswith("/*"))
        self._below = tuple(path[:-1] for path in paths if path.endswith("/*"))

    def allow(self, scope: Scope) -> bool:
        """Whether the request is for one of them."""
        if scope["method"] not in _OPEN_METHODS:
            return False
        path: str = scope["path"]
        return path in self._exact or path.startswith(self._below)


class Signatures:
    """Checks signatures. ``keys`` may be replaced at any time; ``clock`` gives seconds since 1970.

    The nonce is claimed after the signature was found right, so that only holders of a key can use up nonces or learn which were used. The
    client is told one of four reasons and nothing else; the log has the detail.
    """

    def __init__(
        self, keys: KeyRing, state: SharedState, *, max_body_bytes: int, body_timeout_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        self.keys = keys
        self._state = state
        self._max_body_bytes = max_body_bytes
        self._body_timeout_s = body_timeout_s
        self._clock = clock

    async def check(self, method: str, receive: Receive, context: RequestContext) -> tuple[HmacKey, bytes]:
        """The key that the request was signed with, and its body.

        Raises Unauthenticated, RequestTooLarge, SlowBody, NoncesFull; ClientDisconnect when the client went away.
        """
        now = self._clock()
        missing = [shown for name, shown in _HEADERS.items() if not context.headers.get(name)]
        if missing:
            raise Unauthenticated(Refusal.MISSING, detail=f"{' and '.join(missing)} did not come")
        signed_s = _signed_s(context.headers[_TIMESTAMP], now)
        body = b""
        if b"content-length" in context.headers or b"transfer-encoding" in context.headers:
            announced = context.header(b"content-length")
            body = await read_body(receive, announced, max_bytes=self._max_body_bytes, timeout_s=self._body_timeout_s)
        key = self._key_of(method, context, body)
        # As long as the timestamp is accepted: up to twice the window, for a timestamp that is ahead.
        if not await self._state.claim_nonce(context.header(_NONCE), signed_s + WINDOW_S + _NONCE_MARGIN_S - now):
            raise Unauthenticated(Refusal.REUSED, detail=f"X-Signature is right (key {key}), X-Nonce came before")
        return key, body

    def _key_of(self, method: str, context: RequestContext, body: bytes) -> HmacKey:
        target = context.target.decode("latin-1")
        try:
            canonical = canonical_string(method, target, context.header(_TIMESTAMP), context.header(_NONCE), body)
        except NotSignable as error:
            raise Unauthenticated(Refusal.INVALID, detail=f"X-Signature cannot be right: {error}") from error
        key = self.keys.key_of(canonical, context.headers[_SIGNATURE])
        if key is None:
            raise Unauthenticated(Refusal.INVALID, detail=f"X-Signature fits no key (tried: {self.keys.names()})")
        return key


def _signed_s(timestamp: bytes, now: float) -> int:
    """The time of signing in seconds since 1970. Raises Unauthenticated when it is outside of the window."""
    if not (timestamp.isdigit() and len(timestamp) <= _TIMESTAMP_DIGITS):
        raise Unauthenticated(Refusal.WINDOW, detail="X-Timestamp is no whole number of seconds since 1970")
    signed_s = int(timestamp)
    away_s = signed_s - now
    if abs(away_s) > WINDOW_S:
        away = f"{abs(away_s):.0f} s {'ahead of' if away_s > 0 else 'behind'} this clock"
        raise Unauthenticated(Refusal.WINDOW, detail=f"X-Timestamp is {away}, and {WINDOW_S} s are allowed")
    return signed_s


@dataclass(frozen=True, slots=True)
class Quota:
    """``per_minute`` requests for each client address, or for each signature key (429 beyond that).

    Responses have the fields of draft-ietf-httpapi-ratelimit-headers-10; ``policy`` is the value of ``RateLimit-Policy``.
    """

    enabled: bool
    per_minute: int
    by_key: bool
    policy: bytes

    @classmethod
    def of(cls, settings: ServiceSettings) -> "Quota":
        """The quota in ``settings``."""
        policy = b'"default";q=%d;w=%d' % (settings.rate_limit_per_minute, QUOTA_WINDOW_S)
        return cls(settings.rate_limit_enabled, settings.rate_limit_per_minute, settings.rate_limit_by == "key", policy)

    def bucket_of(self, context: RequestContext) -> str:
        """What the request is counted against."""
        return f"key:{context.key}" if self._counts_key_of(context) else f"address:{quota_bucket(context.client)}"

    def settle(self, context: RequestContext, decision: RateDecision) -> None:
        """Add the fields that say what is left. Raises QuotaExceeded when the request is one too many."""
        wait_s = math.ceil(decision.reset_s)
        context.response_headers = (
            (b"ratelimit-policy", self.policy),
            (b"ratelimit", b'"default";r=%d;t=%d' % (decision.remaining, wait_s)),
        )
        if not decision.allowed:
            whose = "this signature key" if self._counts_key_of(context) else "this client address"
            raise QuotaExceeded(
                f"{whose} may make {self.per_minute} requests in {QUOTA_WINDOW_S} s; go on in {wait_s} s", retry_after_s=decision.reset_s
            )

    def _counts_key_of(self, context: RequestContext) -> bool:
        return self.by_key and context.key is not None

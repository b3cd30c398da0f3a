"""The layer that refuses: ambiguity, then signatures, then quotas.

One layer and not three: each layer of asynchronous calls costs more than what the three do.

Invariant: behind it a request is unambiguous; it is to an open path (GET and HEAD only), or it was signed, where that is demanded, and was
within its client's quota, where there is one.
"""

from collections.abc import Sequence

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from logos_pxl.errors import PxlError
from logos_pxl.observing import Observer
from logos_pxl.service.context import RequestContext
from logos_pxl.service.gate.ambiguity import refuse_ambiguity
from logos_pxl.service.gate.quotas import WINDOW_S, Quota
from logos_pxl.service.gate.signatures import Signatures
from logos_pxl.service.problems import problem_of
from logos_pxl.service.refusals import QuotaExceeded, Unauthenticated
from logos_pxl.shared_state import SharedState

_OPEN_METHODS = ("GET", "HEAD")


class Guard:
    """The layer. ``signatures`` is ``None`` where none are demanded; ``quota`` may be replaced at any time."""

    def __init__(
        self,
        app: ASGIApp,
        signatures: Signatures | None,
        quota: Quota,
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
        """Pass a request on that may pass."""
        if scope["type"] == "http":
            context = RequestContext.of(scope)
            try:
                refuse_ambiguity(scope, context)
                if not self._open.allow(scope):
                    if self._signatures is not None:
                        context.key, context.body = await self._signatures.check(scope, receive, context)
                        self._observer.authenticated(context.key)
                    quota = self.quota
                    if quota.enabled:
                        quota.settle(context, await self._state.take_token(quota.bucket_of(context), quota.per_minute, WINDOW_S))
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
            if context.body is None and (b"transfer-encoding" in context.headers or context.headers.get(b"content-length", b"0") != b"0"):
                # The body may not have been read: the connection cannot be used again.
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
        """Whether the request is to one of them."""
        if scope["method"] not in _OPEN_METHODS:
            return False
        path: str = scope["path"]
        return path in self._exact or path.startswith(self._below)

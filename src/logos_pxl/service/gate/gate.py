"""The layers, put together, and what of them can be changed while requests run.

Order, outermost first: access log and metrics, the guard, routes.
"""

import logging
from collections.abc import Iterable

from logos_pxl_engine import RequestLog
from starlette.routing import Route
from starlette.types import ASGIApp

from logos_pxl.observing import Observer
from logos_pxl.service.gate.access import AccessLog, Endpoints, Measures
from logos_pxl.service.gate.clients import Clients
from logos_pxl.service.gate.guard import Guard
from logos_pxl.service.gate.keys import KeyRing
from logos_pxl.service.gate.quotas import Quota
from logos_pxl.service.gate.signatures import Signatures
from logos_pxl.settings import Settings
from logos_pxl.shared_state import SharedState

_log = logging.getLogger(__name__)


class Gate:
    """Makes the layers around one application."""

    def __init__(self, settings: Settings, lines: RequestLog, state: SharedState, observer: Observer) -> None:
        """Raises ConfigurationError when signatures are demanded and there is no key."""
        self._settings = settings
        self._lines: RequestLog | None = lines
        self._state = state
        self._observer = observer
        self._clients = Clients(settings.trusted_proxies)
        self._keys = KeyRing.of(settings)
        self._quota = Quota.of(settings)
        self._signatures = (
            Signatures(self._keys, state, max_body_bytes=settings.max_request_bytes, body_timeout_s=settings.connection_timeout_s)
            if settings.hmac_auth_enabled
            else None
        )
        self._guard: Guard | None = None

    def inside(self, app: ASGIApp) -> ASGIApp:
        """``app`` behind the layer that refuses."""
        self._guard = Guard(app, self._signatures, self._quota, self._state, self._observer, open_paths=self._settings.open_paths)
        return self._guard

    def outside(self, app: ASGIApp, routes: Iterable[Route] = (), measures: Measures | None = None) -> AccessLog:
        """``app`` behind the layer that names, counts and tells; ``routes`` are those whose paths may stand in pxl-server.log."""
        return AccessLog(app, self._lines, self._clients, Endpoints(routes), measures)

    def replace(self, keys: KeyRing, quota: Quota) -> None:
        """From the next request on, these keys and this quota count."""
        self._keys, self._quota = keys, quota
        if self._signatures is not None:
            self._signatures.keys = keys
        if self._guard is not None:
            self._guard.quota = quota

    def tell(self) -> None:
        """Say in the log what is demanded of clients."""
        settings = self._settings
        if settings.hmac_auth_enabled:
            _log.info(
                "HMAC authentication: ENABLED, keys: %s; open without a signature: %s", self._keys.names(), ", ".join(settings.open_paths)
            )
        else:
            _log.warning(
                "HMAC authentication: DISABLED: whoever reaches %s may ask for proofs; set ENABLE_HMAC_AUTH=true and HMAC_SECRET_KEY",
                settings.server_host,
            )
        if self._quota.enabled:
            _log.info("rate limit: %d requests a minute for each %s", self._quota.per_minute, settings.rate_limit_by)
        else:
            _log.info("rate limit: off")

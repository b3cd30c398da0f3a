"""The layers, put together, and the parts of them that a reload replaces.

Order, outermost first: access log and metrics, guard, routes.
"""

import logging

from starlette.types import ASGIApp

from logos_pxl.logs.requests import RequestLog
from logos_pxl.observing import Observer
from logos_pxl.service.gate.access import AccessLog, RequestMetrics
from logos_pxl.service.gate.clients import Clients, KeyRing
from logos_pxl.service.gate.guard import Guard, Quota, Signatures
from logos_pxl.service.routes import Routes
from logos_pxl.settings import Settings
from logos_pxl.shared_state import SharedState

_log = logging.getLogger(__name__)


class Gate:
    """Makes the layers around one application."""

    def __init__(self, settings: Settings, lines: RequestLog, state: SharedState, observer: Observer) -> None:
        """Raises ConfigurationError when signatures are required and there is no key."""
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
        """``app`` behind the guard."""
        self._guard = Guard(app, self._signatures, self._quota, self._state, self._observer, open_paths=self._settings.open_paths)
        return self._guard

    def outside(self, app: ASGIApp, routes: Routes, metrics: RequestMetrics | None = None) -> AccessLog:
        """``app`` behind the access log, which finds each request's endpoint in ``routes``."""
        return AccessLog(app, self._lines, self._clients, routes, metrics)

    def replace(self, keys: KeyRing, quota: Quota) -> None:
        """Use these keys and this quota from the next request on."""
        self._keys, self._quota = keys, quota
        if self._signatures is not None:
            self._signatures.keys = keys
        if self._guard is not None:
            self._guard.quota = quota

    def log_requirements(self) -> None:
        """Log what is required of clients."""
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

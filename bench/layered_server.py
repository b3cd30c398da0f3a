"""The service with some of its layers only: ``python -m bench.layered_server log metrics`` serves on PXL_SERVER_PORT until SIGTERM.

For measurements only. The request context and the check for ambiguity are always there; signatures and quotas depend on the settings.
"""

import sys
from collections.abc import Collection
from functools import partial
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from logos_pxl.logs.requests import RequestLog
from logos_pxl.service.context import RequestContext
from logos_pxl.service.gate import AccessLog, Gate
from logos_pxl.service.gate.access import RequestMetrics
from logos_pxl.service.routes import Routes
from logos_pxl.service.server import run_server
from logos_pxl.settings import Settings
from logos_pxl.settings.configuration import Configuration


class SomeLayers(Gate):
    """A gate without the layers ``log`` and ``metrics``, as far as ``layers`` does not name them."""

    def __init__(self, layers: Collection[str], settings: Settings, lines: RequestLog, *parts: Any) -> None:
        super().__init__(settings, lines, *parts)
        self._layers = layers
        if "log" not in layers:
            self._lines = None

    def outside(self, app: ASGIApp, routes: Routes, metrics: RequestMetrics | None = None) -> AccessLog:
        """The chosen layers around ``app``."""
        if not self._layers:
            return Bare(app, routes)
        return super().outside(app, routes, metrics if "metrics" in self._layers else None)


class Bare(AccessLog):
    """Creates the request context with its endpoint, and nothing else."""

    def __init__(self, app: ASGIApp, routes: Routes) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        context = RequestContext.create(scope, "-")
        context.match = self._routes.find(scope["method"], scope["path"])
        await self._app(scope, receive, send)


if __name__ == "__main__":
    run_server(Configuration.load(), gate_of=partial(SomeLayers, sys.argv[1:]))

"""The service with some of its layers only: ``python -m bench.layered_server log metrics`` serves on PXL_SERVER_PORT until SIGTERM.

No release runs like this: it is there to measure what a layer costs. Reading a request's head and refusing what can be read in two ways
belongs to the route; signatures and quotas are the settings' choice.
"""

import sys
from collections.abc import Collection, Iterable
from functools import partial
from typing import Any

from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from logos_pxl.configuration import Configuration
from logos_pxl.service.arrivals import Arrival, RequestIds
from logos_pxl.service.gate import AccessLog, Gate
from logos_pxl.service.server import run_server


class SomeLayers(Gate):
    """A gate that leaves out what ``layers`` does not name of ``log`` and ``metrics``."""

    def __init__(self, layers: Collection[str], *parts: Any) -> None:
        super().__init__(*parts)
        self._layers = layers
        self._guarded: ASGIApp

    def inside(self, app: ASGIApp) -> ASGIApp:
        """Remember what is guarded, so that what measures it can be left out."""
        self._guarded = super().inside(app)
        return self._guarded

    def outside(self, app: ASGIApp, routes: Iterable[Route] = ()) -> AccessLog:
        """The layers that were chosen around ``app``, which measures."""
        inner = app if "metrics" in self._layers else self._guarded
        return super().outside(inner, routes) if "log" in self._layers else Unlogged(inner)


class Unlogged(AccessLog):
    """What the access log does for the other layers, without a log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._ids = RequestIds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        Arrival.of(scope, "-", self._ids)
        await self._app(scope, receive, send)


if __name__ == "__main__":
    run_server(Configuration.load(), gate_of=partial(SomeLayers, sys.argv[1:]))

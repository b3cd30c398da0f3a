"""The service with some of its layers only: ``python -m bench.layered_server log metrics ...`` serves on PXL_SERVER_PORT until SIGTERM.

No release runs like this: it is there to measure what a layer costs. What no layer refuses is answered by the service's own routes.
"""

import gc
import sys
from collections.abc import Collection, Iterable
from functools import partial

import uvicorn
from starlette.routing import Route
from starlette.types import ASGIApp

from logos_pxl.configuration import Configuration
from logos_pxl.logs import Logs
from logos_pxl.proving.canaries import Canaries
from logos_pxl.runtime import Runtime
from logos_pxl.service.app import build_app
from logos_pxl.service.connections import BoundedHttpProtocol
from logos_pxl.service.ending import DrainingServer
from logos_pxl.service.gate import AccessLog, Gate
from logos_pxl.service.gate.arrivals import Arrival, RequestIds
from logos_pxl.service.listening import open_sockets
from logos_pxl.service.metrics import Metrics

LAYERS = ("log", "metrics", "gate")
"""``gate`` is ambiguity, signatures and quotas, as far as the settings demand them."""


class SomeLayers(Gate):
    """A gate that remembers what it was asked to guard, so that layers can be left out."""

    routes: ASGIApp
    measured: ASGIApp

    def inside(self, app: ASGIApp) -> ASGIApp:
        """Remember the routes."""
        self.routes = app
        self.guarded = super().inside(app)
        return self.guarded if "gate" in self.layers else app

    def outside(self, app: ASGIApp, routes: Iterable[Route] = ()) -> AccessLog:
        """Remember what is measured."""
        self.measured = app
        self.logged = super().outside(app, routes)
        return self.logged

    def __init__(self, layers: Collection[str], *parts: object) -> None:
        super().__init__(*parts)  # type: ignore[arg-type]
        self.layers = layers

    def chosen(self, whole: ASGIApp) -> ASGIApp:
        """The application with the chosen layers."""
        inner = self.measured if "metrics" in self.layers else self.guarded if "gate" in self.layers else self.routes
        if "log" in self.layers:
            self.logged._app = inner
            return whole
        return _arrived(inner) if "gate" in self.layers else inner


def _arrived(app: ASGIApp) -> ASGIApp:
    """The layers of the gate want the arrival, which the log's layer makes."""
    ids = RequestIds()

    async def arrive(scope: object, receive: object, send: object) -> None:
        Arrival.of(scope, "-", ids)
        await app(scope, receive, send)  # type: ignore[arg-type]

    return arrive


async def serve(layers: Collection[str]) -> None:
    """Serve until SIGTERM."""
    configuration = Configuration.load()
    settings = configuration.settings
    metrics = Metrics(window_s=settings.kpi_window_s)
    with Logs.open(settings) as logs:
        async with (
            Runtime.open(settings, observer=metrics.recorder) as runtime,
            Canaries(runtime.pool, runtime.searches, settings.canaries(), metrics.recorder) as canaries,
        ):
            metrics.watch(runtime, canaries)
            gate = SomeLayers(layers, settings, logs.requests, runtime.shared_state, metrics.recorder)
            whole = build_app(runtime, metrics, canaries, gate)
            protocol = partial(
                BoundedHttpProtocol, connection_limit=settings.connection_limit, head_timeout_s=settings.connection_timeout_s
            )
            config = uvicorn.Config(
                gate.chosen(whole),  # type: ignore[arg-type]
                http=protocol,  # type: ignore[arg-type]
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
            )
            gc.collect()
            gc.freeze()
            await DrainingServer(config, settings, runtime.draining).serve(open_sockets(settings))


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(sys.argv[1:]))

"""The server process: settings in, a listening socket, a clean end.

Invariant: after SIGTERM or SIGINT the server ends in order (``ending.py``), then the sessions stop, and the process exits with status 0.
"""

import asyncio
import gc
import logging
from collections.abc import Callable
from functools import partial

import uvicorn
from starlette.types import Receive, Scope, Send

from logos_pxl.logs.opening import Logs
from logos_pxl.logs.requests import RequestLog
from logos_pxl.observing import Observer
from logos_pxl.proving.canaries import Canaries
from logos_pxl.runtime import Runtime
from logos_pxl.service.app import build_app
from logos_pxl.service.connections import BoundedHttpProtocol, too_many_connections
from logos_pxl.service.ending import DrainingServer
from logos_pxl.service.gate import Gate, KeyRing
from logos_pxl.service.listening import address_of, allow_open_files, open_sockets
from logos_pxl.service.metrics import Metrics
from logos_pxl.service.metrics.performance import PerformanceFile
from logos_pxl.service.metrics.recorder import TOO_MANY_CONNECTIONS
from logos_pxl.service.openapi import openapi_document
from logos_pxl.service.page import Page
from logos_pxl.service.reloading import Reloading
from logos_pxl.service.routes import Routes
from logos_pxl.service.sd_notify import SdNotify
from logos_pxl.service.service import Service
from logos_pxl.settings import Settings
from logos_pxl.settings.configuration import Configuration
from logos_pxl.shared_state import SharedState

_log = logging.getLogger(__name__)


_GC_THRESHOLDS = (10_000, 20, 20)

GateMaker = Callable[[Settings, RequestLog, SharedState, Observer], Gate]


def run_server(configuration: Configuration, *, gate_of: GateMaker = Gate) -> None:
    """Serve until a signal, behind what ``gate_of`` makes. Raises ConfigurationError, or KernelUnavailable when no session starts."""
    settings = configuration.settings
    config = uvicorn.Config(
        app="",
        backlog=settings.listen_backlog,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.channel_timeout_s,  # type: ignore[arg-type]
    )
    with Logs.open(settings) as logs, asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(configuration, logs, config, gate_of))


async def _serve(configuration: Configuration, logs: Logs, config: uvicorn.Config, gate_of: GateMaker) -> None:
    settings = configuration.settings
    # Asked before sessions are started in vain.
    KeyRing.of(settings)
    page = Page.open(settings.web_dir)
    allow_open_files(settings)
    sockets = open_sockets(settings)
    metrics = Metrics(window_s=settings.kpi_window_s)
    reloading = Reloading(configuration, logs, metrics.recorder)
    async with (
        reloading.on_sighup(),
        Runtime.open(settings, observer=metrics.recorder) as runtime,
        Canaries(
            runtime.judge,
            runtime.searches,
            runtime.pool,
            alarms=runtime.alarms,
            settings=settings.canaries(),
            observer=metrics.recorder,
        ) as canaries,
        PerformanceFile(settings.log_dir, metrics.performance, metrics.recorder, interval_s=settings.performance_interval_s),
    ):
        metrics.watch(runtime, canaries, logs)
        gate = reloading.gate = gate_of(settings, logs.requests, runtime.shared_state, metrics.recorder)
        service = Service(runtime, metrics, canaries, openapi_document(settings), page)
        config.app = app = build_app(service, gate)

        async def over_limit(scope: Scope, receive: Receive, send: Send) -> None:
            runtime.observer.rejected(TOO_MANY_CONNECTIONS)
            await too_many_connections(scope, receive, send)

        def report_unreadable(client: str | None, status: int, code: str) -> str:
            runtime.observer.rejected(code)
            return app.log_unreadable(client, status, code)

        config.http = partial(  # type: ignore[assignment]
            BoundedHttpProtocol,
            connection_limit=settings.connection_limit,
            head_timeout_s=settings.connection_timeout_s,
            over_limit=gate.outside(over_limit, Routes(())),
            report_unreadable=report_unreadable,
            draining=runtime.draining,
        )
        # What lives as long as the process is kept out of garbage collections, which would stop a request for tens of milliseconds.
        gc.collect()
        gc.freeze()
        # Nearly all that a request leaves behind goes without the collector, which need not look so often.
        gc.set_threshold(*_GC_THRESHOLDS)
        configuration.tell_warnings()
        gate.log_requirements()
        for one in sockets:
            host, port = one.getsockname()[:2]
            _log.info("listening on %s, port %d: %s", host, port, address_of(host, port))
        await DrainingServer(config, settings, runtime.draining, SdNotify()).serve(sockets)

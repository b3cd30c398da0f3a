"""The server process: settings in, a listening socket, a clean end.

Invariant: after SIGTERM or SIGINT the server ends in order (``ending.py``), then the sessions stop, and the process exits with status 0.
"""

import asyncio
import gc
import logging
from functools import partial

import uvicorn

from logos_pxl.proving.canaries import Canaries
from logos_pxl.runtime import Runtime
from logos_pxl.service.app import build_app
from logos_pxl.service.connections import BoundedHttpProtocol
from logos_pxl.service.ending import DrainingServer
from logos_pxl.service.listening import allow_open_files, open_sockets
from logos_pxl.service.metrics import Metrics
from logos_pxl.service.metrics.performance import PerformanceFile
from logos_pxl.settings import Settings

_log = logging.getLogger(__name__)

_LEVELS = {"DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARN": logging.WARNING, "ERROR": logging.ERROR}


def run_server(settings: Settings) -> None:
    """Serve until a signal. Raises ConfigurationError, or KernelUnavailable when no session starts."""
    logging.basicConfig(level=_LEVELS[settings.log_level], format="%(asctime)s %(levelname)s %(name)s %(message)s")
    config = uvicorn.Config(
        app="",
        backlog=settings.listen_backlog,
        http=partial(  # type: ignore[arg-type]
            BoundedHttpProtocol, connection_limit=settings.connection_limit, head_timeout_s=settings.connection_timeout_s
        ),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.channel_timeout_s,  # type: ignore[arg-type]
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(settings, config))


async def _serve(settings: Settings, config: uvicorn.Config) -> None:
    allow_open_files(settings)
    sockets = open_sockets(settings)
    metrics = Metrics(window_s=settings.kpi_window_s)
    async with (
        Runtime.open(settings, observer=metrics.recorder) as runtime,
        Canaries(runtime.pool, runtime.searches, settings.canaries(), metrics.recorder) as canaries,
        PerformanceFile(settings.log_dir, metrics.performance, metrics.recorder, interval_s=settings.performance_interval_s),
    ):
        metrics.watch(runtime, canaries)
        config.app = build_app(runtime, metrics, canaries)
        # What lives as long as the process is kept out of garbage collections, which would stop a request for tens of milliseconds.
        gc.collect()
        gc.freeze()
        for one in sockets:
            _log.info("listening on %s, port %d", *one.getsockname()[:2])
        await DrainingServer(config, settings, runtime.draining).serve(sockets)

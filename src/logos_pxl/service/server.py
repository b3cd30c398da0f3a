"""The server process: settings in, a listening socket, a clean end.

Invariant: on SIGTERM or SIGINT no new connection is taken, requests in flight end (or are cancelled after ``PXL_SHUTDOWN_TIMEOUT``),
sessions stop, and the process exits with status 0.
"""

import asyncio
import gc
import logging
from functools import partial
from types import FrameType

import uvicorn

from logos_pxl.runtime import Runtime
from logos_pxl.service.app import build_app
from logos_pxl.service.connections import BoundedHttpProtocol
from logos_pxl.settings import Settings

_LEVELS = {"DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARN": logging.WARNING, "ERROR": logging.ERROR}


class _Server(uvicorn.Server):
    """Ends in order on a signal, and does not raise the signal again afterwards: the exit status is 0."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the base class's signature
        self.should_exit = True


def run_server(settings: Settings) -> None:
    """Serve until a signal. Raises ConfigurationError, or KernelUnavailable when no session starts."""
    logging.basicConfig(level=_LEVELS[settings.log_level], format="%(asctime)s %(levelname)s %(name)s %(message)s")
    config = uvicorn.Config(
        app="",
        host=settings.server_host,
        port=settings.server_port,
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
        timeout_graceful_shutdown=settings.shutdown_timeout_s,  # type: ignore[arg-type]
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(settings, config))


async def _serve(settings: Settings, config: uvicorn.Config) -> None:
    async with Runtime.open(settings) as runtime:
        config.app = build_app(runtime)
        # What lives as long as the process is kept out of garbage collections, which would stop a request for tens of milliseconds.
        gc.collect()
        gc.freeze()
        await _Server(config).serve()

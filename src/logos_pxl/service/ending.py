"""Draining: the server ends in order after a signal.

Invariant: the first signal makes the service unready. It goes on for ``PXL_DRAIN_DELAY``, so that a balancer notices (not after SIGINT,
which a terminal sends); then it takes no new connection and lets requests in flight end. All of this takes at most
``PXL_SHUTDOWN_TIMEOUT``: then, or at a second signal, the remaining requests are cancelled. The exit status is 0.

No request is lost. During the delay each response closes its connection (``Connection: close``), so that a proxy which keeps idle
connections for less than the delay has none left. The port is closed only after new connections have been refused and those already begun
have been accepted.
"""

import asyncio
import logging
import signal
import socket
from types import FrameType

import uvicorn
from starlette.responses import Response

from logos_pxl.draining import Draining
from logos_pxl.service.connections import BoundedHttpProtocol
from logos_pxl.service.listening import turn_newcomers_away
from logos_pxl.service.problems import problem
from logos_pxl.service.sd_notify import SdNotify
from logos_pxl.settings import Settings

_log = logging.getLogger(__name__)

# How long cancelled requests may take to send their last response.
_LAST_WORDS_S = 1.0
# How long connections that began before new ones were refused may take to be accepted.
_LAST_ARRIVALS_S = 0.1


class DrainingServer(uvicorn.Server):
    """Uvicorn's server with draining."""

    def __init__(self, config: uvicorn.Config, settings: Settings, draining: Draining, sd_notify: SdNotify) -> None:
        super().__init__(config)
        self._sd_notify = sd_notify
        self._sockets: list[socket.socket] = []
        self._delay_s = min(settings.drain_delay_s, settings.shutdown_timeout_s)
        self._timeout_s = settings.shutdown_timeout_s
        self._draining = draining
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cut = False

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until draining has ended."""
        self._loop = asyncio.get_running_loop()
        self._sockets = sockets or []
        with self._sd_notify.watchdog(self._loop):
            await super().serve(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and notify systemd."""
        await super().startup(sockets)
        self._sd_notify.send("READY=1")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the base class's signature
        """Handle a signal. Runs in the main thread, between any two of its instructions."""
        if self._loop is None:
            self.should_exit = True
        else:
            self._loop.call_soon_threadsafe(self._signalled, sig)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no new connections, let requests end, and cancel those that do not end in time."""
        remaining_s = 0.0 if self._cut else max(0.0, self._timeout_s - self._draining.for_s)
        # The base class waits as long as its configuration says.
        self.config.timeout_graceful_shutdown = remaining_s  # type: ignore[assignment]
        await super().shutdown(sockets)
        self._cut_off()
        if self.server_state.tasks:
            await asyncio.wait(tuple(self.server_state.tasks), timeout=_LAST_WORDS_S)

    def _signalled(self, sig: int) -> None:
        if not self._draining.begin():
            _log.warning("a second signal: requests in flight are cut off")
            self._cut = self.should_exit = True
            self._cut_off()
            return
        delay_s = self._delay_s if sig == signal.SIGTERM else 0.0
        _log.info("%s: not ready any more; new connections are taken for another %g s", signal.Signals(sig).name, delay_s)
        self._sd_notify.send("STOPPING=1")
        for connection in tuple(self.server_state.connections):
            if isinstance(connection, BoundedHttpProtocol):
                connection.end_with_its_answer()
        asyncio.get_running_loop().call_later(delay_s, self._turn_away)

    def _turn_away(self) -> None:
        turn_newcomers_away(self._sockets)
        asyncio.get_running_loop().call_later(_LAST_ARRIVALS_S, self._stop_listening)

    def _stop_listening(self) -> None:
        self.should_exit = True

    def _cut_off(self) -> None:
        for task in tuple(self.server_state.tasks):
            task.cancel()
        # A response that its client does not read would keep the connection open.
        for connection in tuple(self.server_state.connections):
            if connection.transport.get_write_buffer_size():
                connection.transport.abort()


def cut_off() -> Response:
    """The response to a request that was cancelled because the service ends."""
    return problem(
        "cancelled",
        "the service ended before there was a verdict; ask again, for another process may serve already",
        members={"ok": False, "verdict": "unknown", "reason": "cancelled"},
        headers={"Retry-After": "1", "Connection": "close"},
    )

"""Watching one service: whether it answers, whether it is ready, and for how long.

Invariant: a service that answered is called hung only after ``PXL_HUNG_AFTER_S`` without an answer, a starting one after
``PXL_START_TIMEOUT_S``. One that is not ready is left alone, and that is told: its sessions come back by themselves.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable

from logos_pxl.ops.supervisor.probing import Probe, probe
from logos_pxl.ops.supervisor.service_process import ServiceProcess
from logos_pxl.ops.supervisor.state import Phase
from logos_pxl.settings import Settings

_log = logging.getLogger(__name__)

_SOON_S = 0.2
_INTERVAL_S = 5.0
_TIMEOUT_S = 5.0


class Watch:
    """Belongs to one event loop. ``on_change`` is called after each look, and when the service is found to be ``hung``."""

    def __init__(self, service: ServiceProcess, settings: Settings, on_change: Callable[[], None]) -> None:
        self.phase = Phase.STARTING
        self.hung = False
        self.reload_pending = False
        self._service = service
        self._settings = settings
        self._on_change = on_change
        self._last_answer: float | None = None
        self._ready_since: float | None = None
        self._soon = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())

    @property
    def ready_for_s(self) -> float:
        """Seconds for which it has been ready without a break that was seen."""
        return 0.0 if self._ready_since is None else time.monotonic() - self._ready_since

    def look_soon(self) -> None:
        """Ask now, and hand on a reload that is pending as soon as the service listens."""
        self._soon.set()

    def close(self) -> None:
        """Watch no more."""
        self._task.cancel()

    async def _run(self) -> None:
        began = time.monotonic()
        while self._service.alive:
            seen = await self._ask()
            if seen.answers:
                self._last_answer = time.monotonic()
            self._judge(seen)
            self.hung = self._silent_for_s(began) > self._patience_s()
            self._on_change()
            if self.hung:
                return
            await self._pause()

    async def _pause(self) -> None:
        pause_s = _SOON_S if self.phase is not Phase.READY else min(_INTERVAL_S, self._settings.hung_after_s / 5)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._soon.wait(), pause_s)
        self._soon.clear()

    async def _ask(self) -> Probe:
        url = self._service.url()
        if url is None:
            return Probe(answers=False, ready=False)
        self._forward_pending_reload()
        key = self._settings.hmac_key.get_secret_value() if self._settings.hmac_key else None
        return await asyncio.to_thread(probe, url, key=key, timeout_s=min(_TIMEOUT_S, self._settings.hung_after_s / 3))

    def _judge(self, seen: Probe) -> None:
        if seen.ready and self._ready_since is None:
            self._ready_since = time.monotonic()
        elif not seen.ready:
            self._ready_since = None
        phase = Phase.READY if seen.ready else Phase.STARTING if self.phase is Phase.STARTING else Phase.NOT_READY
        if phase is not self.phase:
            _log.info("service %d: %s%s", self._service.record.pid, phase.value, f" ({'; '.join(seen.problems)})" if seen.problems else "")
        self.phase = phase

    def _forward_pending_reload(self) -> None:
        """A service that does not listen yet would die of SIGHUP."""
        if self.reload_pending:
            self.reload_pending = False
            self._service.signal(signal.SIGHUP)

    def _silent_for_s(self, began: float) -> float:
        return time.monotonic() - (began if self._last_answer is None else self._last_answer)

    def _patience_s(self) -> float:
        return self._settings.start_timeout_s if self._last_answer is None else self._settings.hung_after_s

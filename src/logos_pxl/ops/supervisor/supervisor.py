"""The supervisor: keeps one service alive, and replaces it when asked.

Signals are its orders: SIGTERM or SIGINT ends the service and the supervisor, SIGUSR1 restarts the service, SIGHUP has it reload.

Invariant: the supervisor has at most one service, or two during a rolling restart; it ends only when told, and no service outlives that.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import Enum, auto
from typing import Any

from logos_pxl.errors import PxlError
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.supervisor.backoff import Backoff
from logos_pxl.ops.supervisor.places import Places
from logos_pxl.ops.supervisor.processes import born, marked
from logos_pxl.ops.supervisor.replacing import replacement
from logos_pxl.ops.supervisor.service_process import ServiceProcess
from logos_pxl.ops.supervisor.state import Phase, ServiceRecord, State, read_state
from logos_pxl.ops.supervisor.watching import Watch
from logos_pxl.settings import Settings

_log = logging.getLogger(__name__)

_MANY_DEATHS = 5


ORDERS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP)
"""Signals that are orders. They are blocked before the lock is taken, and until they are listened to."""


class _Order(Enum):
    """What the loop wakes up for."""

    LOOK = auto()
    RESTART = auto()


class Supervisor:
    """Belongs to one event loop. ``load`` reads the settings as they are now; it raises ConfigurationError."""

    def __init__(self, places: Places, load: Callable[[], Settings]) -> None:
        self._places = places
        self._load = load
        self._settings = load()
        self._state = State(supervisor_pid=0, since=time.time())
        self._backoff = Backoff(self._settings.restart_delay_s, self._settings.restart_delay_max_s)
        self._orders: asyncio.Queue[_Order] = asyncio.Queue()
        self._service: ServiceProcess | None = None
        self._watch: Watch | None = None
        self._ending = asyncio.Event()
        self._untold = True

    async def run(self, pid: int, begun: Callable[[], object]) -> None:
        """Supervise until SIGTERM. ``pid`` is this process, which holds the lock; ``begun`` is called when its state can be read."""
        before = read_state(self._places.state)
        self._state.supervisor_pid = pid
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        loop.add_signal_handler(signal.SIGUSR1, self._orders.put_nowait, _Order.RESTART)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        # Whoever saw the lock may have sent one already.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ORDERS)
        try:
            await self._adopt(before.service if before else None)
            self._tell()
            begun()
            while not self._ending.is_set():
                await self._keep_alive()
        finally:
            await self._stop()

    async def _keep_alive(self) -> None:
        """Start the service when there is none; then wait for the next thing to do, and do it."""
        if self._service is None:
            await self._start()
            return
        order = await self._next_order()
        if not self._service.alive:
            await self._died(self._service, at_once=order is _Order.RESTART)
        elif self._watch is not None and self._watch.hung:
            _log.error("the service does not answer: it is killed and started again")
            await self._end_of(self._service, self._service.kill())
            await self._died(self._service, at_once=order is _Order.RESTART)
        elif order is _Order.RESTART:
            await self._restart()

    async def _next_order(self, *, within_s: float | None = None) -> _Order:
        """The next order; ``LOOK`` when the time is over or the supervisor is to end."""
        asked, ending = asyncio.ensure_future(self._orders.get()), asyncio.ensure_future(self._ending.wait())
        done, pending = await asyncio.wait((asked, ending), timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return asked.result() if asked in done else _Order.LOOK

    # The life of one service.

    async def _start(self) -> None:
        self._refresh()
        try:
            service = ServiceProcess.start(self._places, reuse_port=self._settings.reuse_port, on_end=self._on_end)
        except OSError as error:
            # No memory, no processes, no disk: as if it had died at once.
            self._lost(f"could not be started: {error}")
            await self._wait_to_start()
            return
        _log.info("service %d started", service.record.pid)
        self._take(service, Phase.STARTING)

    def _take(self, service: ServiceProcess, phase: Phase) -> None:
        """From now on this is the service."""
        self._close_watch()
        self._service = service
        self._watch = Watch(service, self._settings, self._on_watched)
        self._tell(phase=phase, service=service.record, next_start=None)

    async def _died(self, service: ServiceProcess, *, at_once: bool) -> None:
        self._service = None
        self._close_watch()
        self._lost(service.end, *service.last_words())
        await self._wait_to_start(at_once=at_once)

    def _lost(self, how: str, *words: str) -> None:
        self._state.deaths += 1
        self._state.last_words = list(words)
        self._state.last_death = f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}: {how}"

    async def _wait_to_start(self, *, at_once: bool = False) -> None:
        delay_s = 0.0 if at_once else self._backoff.next_s()
        in_a_row = self._backoff.in_a_row
        _log.error("the service is gone, %s (%d in a row); it is started again in %g s", self._state.last_death, in_a_row, delay_s)
        if in_a_row == _MANY_DEATHS:
            _log.critical(
                "the service died %d times in a row; the supervisor goes on. Its last words: %s", in_a_row, self._state.last_words
            )
        self._tell(phase=Phase.WAITING, service=None, in_a_row=in_a_row, next_start=time.time() + delay_s)
        if at_once or await self._asked_within(delay_s):
            self._handled("there was no service; it is started at once", succeeded=True)

    async def _asked_within(self, delay_s: float) -> bool:
        """Whether a restart is asked for before the delay is over."""
        deadline = time.monotonic() + delay_s
        while (left_s := deadline - time.monotonic()) > 0 and not self._ending.is_set():
            if await self._next_order(within_s=left_s) is _Order.RESTART:
                return True
        return False

    async def _adopt(self, known: ServiceRecord | None) -> None:
        """Take over the service of a supervisor that was killed; of several the newest, for it was to replace the others."""
        found = list(marked(self._places.folder))
        for pid in found[:-1]:
            with contextlib.suppress(ProcessLookupError):
                await self._retire(self._found(pid, known))
        for pid in found[-1:]:
            with contextlib.suppress(ProcessLookupError):
                self._take(self._found(pid, known), Phase.STARTING)
                _log.warning("service %d was found without its supervisor, and is supervised again", pid)

    def _found(self, pid: int, known: ServiceRecord | None) -> ServiceProcess:
        """Raises ProcessLookupError when it is gone."""
        since = born(pid)
        if since is None:
            raise ProcessLookupError(pid)
        same = known is not None and (known.pid, known.born) == (pid, since)
        return ServiceProcess.adopt(known if known is not None and same else ServiceRecord(pid, since, reuse_port=False), self._on_end)

    # Orders.

    async def _restart(self) -> None:
        old = self._service
        if old is None:
            return
        self._tell(phase=Phase.RESTARTING)
        try:
            self._settings = self._load()
            new = await replacement(old, self._places, self._settings, on_end=self._on_end, ending=self._ending)
        except (PxlError, OSError) as error:
            self._handled(f"refused, and the running service was left alone: {error}", succeeded=False)
            self._on_watched()
            return
        if new is None:
            await self._stop_and_start(old)
        else:
            self._take(new, Phase.READY)
            await self._retire(old)
            self._handled(f"service {new.record.pid} took over from {old.record.pid} without an interruption", succeeded=True)

    async def _stop_and_start(self, old: ServiceProcess) -> None:
        started = time.monotonic()
        self._close_watch()
        self._service = None
        await self._retire(old)
        await self._start()
        self._handled(
            f"service {old.record.pid} was stopped in {time.monotonic() - started:.1f} s, then another was started; "
            "with PXL_REUSE_PORT=true there would be no interruption",
            succeeded=True,
        )

    async def _retire(self, service: ServiceProcess) -> None:
        """End a service whose successor is there, or comes next."""
        await self._end_of(service, service.stop(self._settings.shutdown_timeout_s))

    async def _end_of(self, service: ServiceProcess, ending: Awaitable[None]) -> None:
        """Await an end; that one process hangs in the kernel must not be the end of all supervision."""
        try:
            await ending
        except OperationFailed as error:
            service.end = "does not end, though it was killed"
            _log.critical("%s", error)

    def _handled(self, outcome: str, *, succeeded: bool) -> None:
        _log.log(logging.INFO if succeeded else logging.ERROR, "restart: %s", outcome)
        self._tell(restarts_handled=self._state.restarts_handled + 1, last_restart=outcome, last_restart_succeeded=succeeded)

    def _reload(self) -> None:
        self._refresh()
        if self._watch is not None:
            _log.info("SIGHUP: handed on to the service")
            self._watch.reload_pending = True
            self._watch.look_soon()

    def _refresh(self) -> None:
        """The settings as they are now; those in force stay when they cannot be read. The service will say so too."""
        try:
            self._settings = self._load()
        except PxlError as error:
            _log.error("the configuration cannot be read: %s", error)

    def _end(self) -> None:
        _log.info("told to end")
        self._ending.set()

    async def _stop(self) -> None:
        self._tell(phase=Phase.STOPPING)
        self._close_watch()
        if self._service is not None:
            await self._service.stop(self._settings.shutdown_timeout_s)
            _log.info("service %d %s", self._service.record.pid, self._service.end)
        self._tell(service=None)

    # What is heard.

    def _on_end(self, _service: ServiceProcess) -> None:
        self._orders.put_nowait(_Order.LOOK)

    def _on_watched(self) -> None:
        if self._watch is None or self._service is None or self._ending.is_set():
            return
        if self._watch.hung:
            self._orders.put_nowait(_Order.LOOK)
        if self._watch.ready_for_s > self._settings.restart_reset_s:
            self._backoff.did_well()
        self._tell(phase=self._watch.phase, service=self._service.record, in_a_row=self._backoff.in_a_row)

    def _close_watch(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def _tell(self, **changes: Any) -> None:
        """Change the state, and put it on the disk when that changed anything."""
        changed = replace(self._state, **changes)
        if changed == self._state and not self._untold:
            return
        self._state = changed
        try:
            changed.write(self._places.state)
            self._untold = False
        except OSError as error:
            # A full disk is no reason to let the service go; the next change tells it again.
            self._untold = True
            _log.warning("%s cannot be written: %s", self._places.state, error.strerror)

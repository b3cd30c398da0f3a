"""The supervisor that started the process, when it wants to be told: systemd's notification protocol (sd_notify(3)).

Invariant: without ``NOTIFY_SOCKET`` nothing is sent. What cannot be sent is logged once and harms nothing; systemd then ends the start by
its own time-out. The watchdog is fed by the event loop, so that a loop that hangs is noticed.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_log = logging.getLogger(__name__)

_US_PER_S = 1_000_000
# systemd's own advice: twice in its time.
_FEEDS_PER_INTERVAL = 2


class Supervisor:
    """Tells the supervisor named in ``environment`` how the process stands."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        given = environment.get("NOTIFY_SOCKET", "")
        # An address that begins with @ is an abstract one: its first byte is zero.
        self._address = f"\0{given[1:]}" if given.startswith("@") else given
        self._watchdog_s = _watchdog_s(environment)
        self._failed = False

    def tell(self, state: str) -> None:
        """Send an assignment, such as ``READY=1``."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                # The event loop never waits for a supervisor whose queue is full.
                sender.setblocking(False)
                sender.sendto(state.encode(), self._address)
        except OSError as error:
            if not self._failed:
                _log.warning("the supervisor cannot be told %s (NOTIFY_SOCKET): %s", state, error.strerror)
            self._failed = True

    @contextmanager
    def watchdog(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Within the block the watchdog is fed, when the supervisor keeps one (``WATCHDOG_USEC``)."""
        if not self._watchdog_s:
            yield
            return
        timer: asyncio.TimerHandle | None = None

        def feed() -> None:
            nonlocal timer
            self.tell("WATCHDOG=1")
            timer = loop.call_later(self._watchdog_s / _FEEDS_PER_INTERVAL, feed)

        feed()
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """Seconds in which the watchdog wants to be fed; 0 when there is none, or when it is meant for another process."""
    given = environment.get("WATCHDOG_USEC", "")
    meant_for = environment.get("WATCHDOG_PID", "")
    if not (given.isascii() and given.isdecimal()) or (meant_for and meant_for != str(os.getpid())):
        return 0.0
    return int(given) / _US_PER_S

"""systemd's notification protocol, sd_notify(3).

Invariant: without ``NOTIFY_SOCKET`` nothing is sent. A message that cannot be sent is logged once and has no other effect; systemd then
ends the start by its own time-out. The event loop sends the watchdog's messages, so that systemd notices a loop that hangs.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_log = logging.getLogger(__name__)

_US_PER_S = 1_000_000
# systemd recommends half of the watchdog's interval.
_FEEDS_PER_INTERVAL = 2


class SdNotify:
    """Sends the state of the process to the socket that ``environment`` names."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        given = environment.get("NOTIFY_SOCKET", "")
        # An address that begins with @ is an abstract one: its first byte is zero.
        self._address = f"\0{given[1:]}" if given.startswith("@") else given
        self._watchdog_s = _watchdog_s(environment)
        self._failed = False

    def send(self, state: str) -> None:
        """Send an assignment, such as ``READY=1``."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                # The event loop never waits for a receiver whose queue is full.
                sender.setblocking(False)
                sender.sendto(state.encode(), self._address)
        except OSError as error:
            if not self._failed:
                _log.warning("%s cannot be sent to NOTIFY_SOCKET: %s", state, error.strerror)
            self._failed = True

    @contextmanager
    def watchdog(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Within the block the watchdog is fed, if there is one (``WATCHDOG_USEC``)."""
        if not self._watchdog_s:
            yield
            return
        timer: asyncio.TimerHandle | None = None

        def feed() -> None:
            nonlocal timer
            self.send("WATCHDOG=1")
            timer = loop.call_later(self._watchdog_s / _FEEDS_PER_INTERVAL, feed)

        feed()
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """Seconds within which the watchdog must be fed; 0 when there is none, or when it is meant for another process."""
    given = environment.get("WATCHDOG_USEC", "")
    meant_for = environment.get("WATCHDOG_PID", "")
    if not (given.isascii() and given.isdecimal()) or (meant_for and meant_for != str(os.getpid())):
        return 0.0
    return int(given) / _US_PER_S

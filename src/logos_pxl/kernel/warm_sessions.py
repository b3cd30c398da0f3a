"""The warm sessions of a pool: opened before they are needed, lent to checks, replaced, stopped.

Invariant: every live session is either ``idle`` or ``lent``. Idle, lent and opening sessions together are at most ``target``, and fewer
only while a failed start makes the next one wait. Everything runs on one event loop, so the code between two awaits is atomic. Tasks are
held until they end, and ``close`` waits for all of them.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from logos_pxl.errors import SessionStartError
from logos_pxl.kernel.interface import Session, SessionOpener

_OPENERS = 2
_PATIENCE = 3
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 30.0


class Cause(StrEnum):
    """Why a session was replaced."""

    TIMEOUT = "timeout"
    CRASHED = "crashed"
    MEMORY = "memory"
    CPU = "cpu"
    MAX_CHECKS = "max_checks"
    PROTOCOL = "protocol"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """A session is warm. ``start_ms``: from the fork to the hello."""

    session_id: int
    start_ms: float


@dataclass(frozen=True, slots=True)
class SessionReplaced:
    """A session was killed and is being replaced. ``detail`` may hold what Coq wrote on standard error."""

    session_id: int
    cause: Cause
    checks: int
    detail: str


@dataclass(frozen=True, slots=True)
class SessionStartFailed:
    """A session did not start; the next try is made after ``pause_s`` seconds."""

    session_id: int
    failures_in_a_row: int
    pause_s: float
    detail: str


PoolEvent = SessionStarted | SessionReplaced | SessionStartFailed


@dataclass(slots=True)
class WarmSession:
    """A session and the number of checks that it has answered."""

    session: Session
    checks: int = 0


class WarmSessions:
    """Keeps ``target`` sessions. Calls ``on_change`` when one became idle or when none can be started."""

    def __init__(self, target: int, opener: SessionOpener, *, on_change: Callable[[], None], on_event: Callable[[PoolEvent], None]) -> None:
        self.replacements: Counter[str] = Counter({cause.value: 0 for cause in Cause})
        self.last_failure = ""
        self.newest: Session | None = None
        self._target = target
        self._opener = opener
        self._on_change = on_change
        self._on_event = on_event
        self._idle: dict[int, WarmSession] = {}
        self._lent: dict[int, WarmSession] = {}
        self._openers: set[asyncio.Task[tuple[Session, float]]] = set()
        self._stoppers: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._next_try = 0.0
        self._last_id = 0
        self._closed = False

    @property
    def idle(self) -> int:
        """How many sessions wait for work."""
        return len(self._idle)

    @property
    def lent(self) -> int:
        """How many sessions are at work."""
        return len(self._lent)

    @property
    def opening(self) -> int:
        """How many sessions are being opened."""
        return len(self._openers)

    @property
    def sessions(self) -> list[Session]:
        """The live sessions."""
        return [warm.session for warm in (*self._idle.values(), *self._lent.values())]

    @property
    def failing(self) -> bool:
        """Whether there is no live session and the last tries to start one failed: waiting is pointless."""
        return self._failures >= _PATIENCE and not self._idle and not self._lent

    @property
    def next_try_s(self) -> float:
        """Seconds until the next try to start a session, after a failure."""
        return max(0.0, self._next_try - time.monotonic())

    def refill(self) -> None:
        """Open what is missing; after a failure, one session at a time and after a pause."""
        missing = self._target - len(self._idle) - len(self._lent)
        at_once = 1 if self._failures else _OPENERS
        while not self._closed and len(self._openers) < min(missing, at_once):
            self._last_id += 1
            opening = asyncio.create_task(self._open(self._last_id, self.next_try_s))
            opening.add_done_callback(self._opened)
            self._openers.add(opening)

    def lend(self) -> WarmSession | None:
        """Take the idle session that worked last (its memory is the warmest); ``None`` when none is idle."""
        while self._idle:
            session_id, warm = self._idle.popitem()
            if warm.session.alive:
                self._lent[session_id] = warm
                return warm
            self._end(warm, Cause.CRASHED, "found dead when it was needed")
        return None

    def give_back(self, warm: WarmSession) -> None:
        """Return a session that is clean."""
        del self._lent[warm.session.session_id]
        if not self._closed:  # closed: it is being stopped
            self._idle[warm.session.session_id] = warm
            self._on_change()

    def replace(self, warm: WarmSession, cause: Cause, detail: str) -> None:
        """Kill a session that is lent, and open another."""
        del self._lent[warm.session.session_id]
        if not self._closed:  # closed: it is being stopped
            self._end(warm, cause, detail)
            self._on_change()

    async def close(self) -> None:
        """End all sessions and all tasks."""
        self._closed = True
        for opening in self._openers:
            opening.cancel()
        for warm in (*self._idle.values(), *self._lent.values()):
            self._stop(warm.session)
        self._idle.clear()
        while pending := self._openers | self._stoppers:
            await asyncio.wait(pending)

    def session_ended(self, session_id: int) -> None:
        """The process of this session ended. A lent session is left to its check, which gets the error."""
        warm = self._idle.pop(session_id, None)
        if warm is not None and not self._closed:
            self._end(warm, Cause.CRASHED, "ended while it was idle")

    async def _open(self, session_id: int, pause_s: float) -> tuple[Session, float]:
        await asyncio.sleep(pause_s)
        started = time.monotonic()
        session = await self._opener(session_id, self.session_ended)
        return session, (time.monotonic() - started) * 1000

    def _opened(self, opening: asyncio.Task[tuple[Session, float]]) -> None:
        self._openers.discard(opening)
        if opening.cancelled():
            return
        error = opening.exception()
        if error is not None:
            self._failed(error)
        else:
            session, start_ms = opening.result()
            self._join(session, start_ms)
        self.refill()

    def _join(self, session: Session, start_ms: float) -> None:
        if self._closed:
            self._stop(session)
        elif not session.alive:
            self._stop(session)
            self._failed(SessionStartError("the session died as soon as it had started"))
        else:
            self._failures = 0
            self.newest = session
            self._idle[session.session_id] = WarmSession(session)
            self._report(SessionStarted(session.session_id, start_ms))
            self._on_change()

    def _failed(self, error: BaseException) -> None:
        self._failures += 1
        self.last_failure = str(error) or repr(error)
        pause_s = min(_FIRST_PAUSE_S * 2 ** (self._failures - 1), _LONGEST_PAUSE_S)
        self._next_try = time.monotonic() + pause_s
        self._report(SessionStartFailed(self._last_id, self._failures, pause_s, self.last_failure))
        self._on_change()

    def _end(self, warm: WarmSession, cause: Cause, detail: str) -> None:
        self.replacements[cause.value] += 1
        self._stop(warm.session)
        self._report(SessionReplaced(warm.session.session_id, cause, warm.checks, detail))
        self.refill()

    def _stop(self, session: Session) -> None:
        stopping = asyncio.create_task(session.stop())
        stopping.add_done_callback(self._stoppers.discard)
        self._stoppers.add(stopping)

    def _report(self, event: PoolEvent) -> None:
        try:
            self._on_event(event)
        except Exception as error:  # noqa: BLE001 - an error in a listener must not cost a session
            context = {"message": f"a listener of the session pool failed at {event}", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)

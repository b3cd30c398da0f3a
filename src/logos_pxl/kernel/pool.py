"""A pool of warm sessions: slots, deadlines, one retry, a bounded queue.

Invariants. A slot is a reservation: from the moment that a check is promised a session, that session is lent to it, and at most
``size`` are lent. A session whose state is not known to be clean (its check timed out, was cancelled, or ended with an error) is killed,
never reused. Waiting checks are served in order of arrival, a retry before all others.

The slot discipline is that of asyncpg's pool.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Self

from logos_pxl.errors import (
    KernelTimeout,
    KernelUnavailable,
    ProtocolViolation,
    QueueFull,
    RequestError,
    SessionCrashed,
    SessionError,
    SessionExhausted,
)
from logos_pxl.kernel.interface import CheckKind, CheckReply, CheckRequest, SessionDied, SessionOpener, SessionUsage
from logos_pxl.kernel.warm_sessions import Cause, PoolEvent, WarmSession, WarmSessions
from logos_pxl.settings import PoolSettings

# Reading a process's usage costs about as much as a small check's overhead, so it is done after long checks and now and then.
_LONG_CHECK_US = 5_000
_LOOK_EVERY = 64


@dataclass(frozen=True, slots=True)
class KernelVerdict:
    """The answer of Coq's kernel to one check.

    ``reason`` is empty exactly when ``accepted``; ``statement`` is the theorem as Coq prints it, when it was asked for. ``kernel_ms`` is
    the time inside Coq, ``queue_ms`` the wait for a session.
    """

    accepted: bool
    statement: str | None
    reason: str
    kernel_ms: float
    queue_ms: float
    session_id: int


@dataclass(frozen=True, slots=True)
class PoolStats:
    """The state of the pool.

    ``total_sessions`` are the pool's places that hold a session or one that is being started, ``active_sessions`` those that hold a live
    one, ``busy_sessions`` those at work; all are at most ``max_pool_size``, and ``utilization_rate`` is busy over ``max_pool_size``. Spares
    are counted apart, so that busy over total reaches 1. ``replacements`` counts by cause, since the start. ``confinement`` is what the
    newest session gave up, by mechanism; ``last_start_failure`` is empty when sessions start.
    """

    total_sessions: int
    active_sessions: int
    busy_sessions: int
    max_pool_size: int
    utilization_rate: float
    spare_sessions: int
    waiting_checks: int
    replacements: Mapping[str, int]
    confinement: Mapping[str, str]
    last_start_failure: str


def _ignore(_event: PoolEvent) -> None:
    pass


class SessionPool:
    """Warm sessions for checks. An async context manager: entering waits for the first session, leaving ends all of them."""

    def __init__(self, settings: PoolSettings, opener: SessionOpener, on_event: Callable[[PoolEvent], None] = _ignore) -> None:
        self._settings = settings
        self._sessions = WarmSessions(settings.size + settings.spares, opener, on_change=self._serve_waiters, on_event=on_event)
        self._waiting: OrderedDict[asyncio.Future[WarmSession], None] = OrderedDict()
        self._mean_check_s = 0.001
        self._closed = False

    async def __aenter__(self) -> Self:
        """Start the sessions and wait for the first. Raises KernelUnavailable when it does not start."""
        self._sessions.refill()
        try:
            self._sessions.give_back(await self._wait_for_session(first=False))
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Close the pool."""
        await self.close()

    async def close(self) -> None:
        """End every session. Checks that wait or are under way end in KernelUnavailable."""
        self._closed = True
        self._refuse_waiters(lambda: KernelUnavailable("the session pool is closed"))
        await self._sessions.close()

    async def check(self, kind: CheckKind, goal_wire: bytes, certificate: bytes, *, deadline: float, statement: bool) -> KernelVerdict:
        """Have the kernel judge a certificate for a goal (docs/certificate-format.md).

        ``deadline``, in ``time.monotonic()`` seconds, covers the wait for a session and the check; a single check is bounded by the
        pool's ``check_timeout_s`` besides. Raises KernelTimeout, KernelUnavailable, QueueFull, SessionCrashed (after one retry on another
        session), SessionExhausted, RequestTooLarge.
        """
        request = CheckRequest(kind, goal_wire, certificate, statement)
        queue_s = 0.0
        retry = False
        while True:
            asked = time.monotonic()
            warm = await self._lease(deadline, retry=retry)
            queue_s += time.monotonic() - asked
            try:
                reply = await self._ask(warm, request, deadline)
            except (SessionDied, ProtocolViolation) as error:
                self._judge_loss(error, retry=retry)
                retry = True
            else:
                return KernelVerdict(
                    accepted=reply.accepted,
                    statement=reply.statement,
                    reason=reply.reason,
                    kernel_ms=reply.kernel_us / 1000,
                    queue_ms=queue_s * 1000,
                    session_id=warm.session.session_id,
                )

    def stats(self) -> PoolStats:
        """The state of the pool now."""
        sessions, size = self._sessions, self._settings.size
        live = sessions.idle + sessions.lent
        return PoolStats(
            total_sessions=min(live + sessions.opening, size),
            active_sessions=min(live, size),
            busy_sessions=sessions.lent,
            max_pool_size=size,
            utilization_rate=sessions.lent / size,
            spare_sessions=max(live - size, 0),
            waiting_checks=len(self._waiting),
            replacements=MappingProxyType(dict(sessions.replacements)),
            confinement=sessions.newest.confinement if sessions.newest else MappingProxyType({}),
            last_start_failure=sessions.last_failure if sessions.failing else "",
        )

    def usage(self) -> Mapping[int, SessionUsage]:
        """Memory and processor time of each live session, by its number."""
        usages = {session.session_id: session.usage() for session in self._sessions.sessions}
        return {session_id: usage for session_id, usage in usages.items() if usage is not None}

    async def _lease(self, deadline: float, *, retry: bool) -> WarmSession:
        """Take a session, waiting until the deadline. The caller must pass it to ``_ask``."""
        if self._closed:
            raise KernelUnavailable("the session pool is closed")
        remaining_s = deadline - time.monotonic()
        if remaining_s <= 0:
            raise KernelTimeout("the deadline had passed before a kernel session was asked for", waiting=True)
        if self._sessions.failing:
            raise self._no_session()
        if not self._waiting and self._sessions.lent < self._settings.size and (warm := self._sessions.lend()):
            return warm
        if not retry and len(self._waiting) >= self._settings.queue_limit:
            raise QueueFull(
                f"{len(self._waiting)} checks wait for a session already, as many as PXL_QUEUE_LIMIT allows; "
                f"{self._settings.size} sessions (PXL_POOL_SIZE) are at work",
                retry_after_s=self._mean_check_s * (len(self._waiting) + 1) / self._settings.size,
            )
        try:
            async with asyncio.timeout(remaining_s):
                return await self._wait_for_session(first=retry)
        except TimeoutError:
            raise KernelTimeout("the deadline passed while the check waited for a kernel session", waiting=True) from None

    async def _wait_for_session(self, *, first: bool) -> WarmSession:
        promise: asyncio.Future[WarmSession] = asyncio.get_running_loop().create_future()
        self._waiting[promise] = None
        if first:
            self._waiting.move_to_end(promise, last=False)
        self._serve_waiters()
        try:
            return await promise
        except asyncio.CancelledError:
            # The session may have been promised in the same turn of the loop in which the wait was cancelled.
            if promise.done() and not promise.cancelled() and promise.exception() is None:
                self._sessions.give_back(promise.result())
            raise
        finally:
            self._waiting.pop(promise, None)

    def _serve_waiters(self) -> None:
        if self._sessions.failing:
            self._refuse_waiters(self._no_session)
        while self._waiting and self._sessions.lent < self._settings.size:
            promise = next(iter(self._waiting))
            if not promise.done():  # done: cancelled, and not yet removed from the queue
                warm = self._sessions.lend()
                if warm is None:
                    return
                promise.set_result(warm)
            self._waiting.pop(promise)

    def _refuse_waiters(self, error: Callable[[], KernelUnavailable]) -> None:
        for promise in self._waiting:
            if not promise.done():
                promise.set_exception(error())
        self._waiting.clear()

    def _no_session(self) -> KernelUnavailable:
        sessions = self._sessions
        return KernelUnavailable(
            f"no kernel session can be started; the next try is made in {sessions.next_try_s:.1f} s: {sessions.last_failure}",
            retry_after_s=sessions.next_try_s,
        )

    async def _ask(self, warm: WarmSession, request: CheckRequest, deadline: float) -> CheckReply:
        """Ask a leased session, then return it to the pool or replace it."""
        started = time.monotonic()
        limit_s = min(deadline - started, self._settings.check_timeout_s)
        if limit_s <= 0:
            self._sessions.give_back(warm)
            raise KernelTimeout("the deadline passed while the check waited for a kernel session", waiting=True)
        try:
            async with asyncio.timeout(limit_s):
                reply = await warm.session.check(request)
        except TimeoutError:
            message = f"the kernel did not answer within {limit_s * 1000:.0f} ms; its session is killed"
            self._sessions.replace(warm, Cause.TIMEOUT, message)
            raise KernelTimeout(message, waiting=False) from None
        except RequestError:  # refused before a byte was sent
            self._sessions.give_back(warm)
            raise
        except BaseException as error:
            self._sessions.replace(warm, _cause_of(error), str(error))
            raise
        self._mean_check_s += (time.monotonic() - started - self._mean_check_s) / 16
        warm.checks += 1
        cause = self._worn(warm, reply)
        if cause is None:
            self._sessions.give_back(warm)
        else:
            self._sessions.replace(warm, cause, "")
        return reply

    def _worn(self, warm: WarmSession, reply: CheckReply) -> Cause | None:
        """Why a session that has just answered must be replaced; ``None`` when it can be used again."""
        settings = self._settings
        if warm.checks >= settings.max_checks:
            return Cause.MAX_CHECKS
        if reply.kernel_us < _LONG_CHECK_US and warm.checks % _LOOK_EVERY:
            return None
        usage = warm.session.usage()
        if usage is None:
            return Cause.CRASHED
        if usage.resident_bytes > settings.idle_memory_bytes:
            return Cause.MEMORY
        return Cause.CPU if usage.cpu_s > settings.idle_cpu_s else None

    def _judge_loss(self, error: SessionError, *, retry: bool) -> None:
        """Return when the check is worth a retry; raise the caller's error otherwise."""
        if self._closed:
            raise KernelUnavailable("the session pool was closed during the check") from error
        if isinstance(error, SessionDied) and error.exhausted:
            raise SessionExhausted(
                f"the check needs more memory or stack than a session may have (PXL_SESSION_MEMORY_BYTES, PXL_SESSION_STACK_BYTES): {error}"
            ) from error
        if retry:
            raise SessionCrashed(f"the check ended two sessions, one after the other; the second: {error}") from error


def _cause_of(error: BaseException) -> Cause:
    match error:
        case asyncio.CancelledError():
            return Cause.CANCELLED
        case SessionDied(exhausted=True):
            return Cause.MEMORY
        case ProtocolViolation():
            return Cause.PROTOCOL
        case _:
            return Cause.CRASHED

"""The pool, with real Coq sessions."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import wire
from conftest import OpenPool

from logos_pxl.errors import KernelTimeout, KernelUnavailable, QueueFull, RequestTooLarge, SessionExhausted
from logos_pxl.kernel import Cause, CheckKind, KernelVerdict, PoolEvent, SessionPool, SessionReplaced, SessionStarted, SessionStartFailed
from logos_pxl.settings import SessionSettings

Eventually = Callable[..., Awaitable[None]]
MIB = 1 << 20

SLOW_STEPS = 200_000
"""Steps of a proof that keeps a session at work for a good while."""


def check(pool: SessionPool, example: wire.Example, *, within_s: float = 20.0, statement: bool = False) -> Awaitable[KernelVerdict]:
    return pool.check(example.kind, example.goal, example.certificate, deadline=time.monotonic() + within_s, statement=statement)


def proof(*, idle_steps: int = 0) -> wire.Example:
    certificate = wire.identity_proof(idle_steps=idle_steps)
    return wire.Example(CheckKind.PROOF, wire.identity_goal(), certificate, accepted=True)


async def test_verdicts_are_right_whatever_the_order(open_pool: OpenPool) -> None:
    """300 checks at once over two sessions: each verdict is that of its own goal and certificate."""
    pool = await open_pool(queue_limit=1000)
    asked = wire.every_name(f"n{i}".encode() for i in range(43))
    verdicts = await asyncio.gather(*(check(pool, example, statement=True) for example in asked))
    assert [verdict.accepted for verdict in verdicts] == [example.accepted for example in asked]
    assert all((verdict.statement is not None) is verdict.accepted for verdict in verdicts)
    assert {verdict.session_id for verdict in verdicts} <= {1, 2, 3}


async def test_the_pool_fills_up_to_its_size_and_its_spares(open_pool: OpenPool, eventually: Eventually) -> None:
    """Size and spares are started without being asked; total counts the size only, so that busy over total can reach 1."""
    pool = await open_pool(size=2, spares=1)
    await eventually(lambda: pool.stats().spare_sessions == 1)
    stats = pool.stats()
    assert (stats.total_sessions, stats.active_sessions, stats.busy_sessions, stats.max_pool_size) == (2, 2, 0, 2)
    assert stats.utilization_rate == 0
    assert len(pool.usage()) == 3
    assert all(20 * MIB < usage.resident_bytes < 120 * MIB for usage in pool.usage().values())


async def test_no_more_checks_are_at_work_than_the_size(open_pool: OpenPool, eventually: Eventually) -> None:
    """With one place and two warm spares, the second check waits for the place."""
    pool = await open_pool(size=1, spares=2)
    await eventually(lambda: pool.stats().spare_sessions == 2)
    slow = asyncio.ensure_future(check(pool, proof(idle_steps=20_000)))
    await asyncio.sleep(0.02)
    quick = asyncio.ensure_future(check(pool, proof()))
    await asyncio.sleep(0)
    assert pool.stats().busy_sessions == 1
    assert pool.stats().waiting_checks == 1
    assert pool.stats().utilization_rate == 1
    assert (await quick).queue_ms > 5
    assert slow.done()
    assert (await slow).accepted


async def test_a_late_check_is_a_timeout_and_its_session_dies(
    open_pool: OpenPool, session_pids: Callable[[], set[int]], eventually: Eventually
) -> None:
    """A session past its deadline is dead, not merely interrupted, and a spare takes its place."""
    events: list[PoolEvent] = []
    pool = await open_pool(size=1, spares=0, events=events)
    (pid,) = session_pids()
    started = time.monotonic()
    with pytest.raises(KernelTimeout) as late:
        await check(pool, proof(idle_steps=SLOW_STEPS), within_s=0.2)
    assert time.monotonic() - started < 0.5
    assert not late.value.waiting
    await eventually(lambda: pid not in session_pids())
    assert (await check(pool, proof())).accepted
    assert pool.stats().replacements["timeout"] == 1
    assert [event.cause for event in events if isinstance(event, SessionReplaced)] == [Cause.TIMEOUT]


async def test_one_check_is_bounded_even_without_a_near_deadline(open_pool: OpenPool) -> None:
    """PXL_KERNEL_TIMEOUT_MS bounds a check whose caller would wait longer."""
    pool = await open_pool(check_timeout_s=0.2)
    with pytest.raises(KernelTimeout, match="within 200 ms"):
        await check(pool, proof(idle_steps=SLOW_STEPS), within_s=60)


async def test_the_deadline_covers_the_wait_for_a_session(open_pool: OpenPool) -> None:
    """A check that gets no session before its deadline is told so, and costs no session."""
    pool = await open_pool(size=1)
    slow = asyncio.ensure_future(check(pool, proof(idle_steps=40_000)))
    await asyncio.sleep(0.01)
    with pytest.raises(KernelTimeout) as late:
        await check(pool, proof(), within_s=0.05)
    assert late.value.waiting
    assert (await slow).accepted
    assert sum(pool.stats().replacements.values()) == 0


async def test_a_deadline_in_the_past_is_a_timeout_at_once(open_pool: OpenPool) -> None:
    """No session is bothered with a check whose time is over."""
    pool = await open_pool()
    with pytest.raises(KernelTimeout) as late:
        await check(pool, proof(), within_s=-1)
    assert late.value.waiting


async def test_a_cancelled_check_costs_its_session(open_pool: OpenPool, eventually: Eventually) -> None:
    """A session whose caller went away in the middle of a check is killed, never reused."""
    events: list[PoolEvent] = []
    pool = await open_pool(size=1, events=events)
    first = asyncio.ensure_future(check(pool, proof(idle_steps=SLOW_STEPS)))
    await asyncio.sleep(0.05)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    (replaced,) = [event for event in events if isinstance(event, SessionReplaced)]
    assert replaced.cause is Cause.CANCELLED
    verdict = await check(pool, proof())
    assert verdict.accepted
    assert verdict.session_id != replaced.session_id
    await eventually(lambda: pool.stats().spare_sessions == 1)
    assert replaced.session_id not in pool.usage()


async def test_a_cancelled_wait_costs_nothing(open_pool: OpenPool) -> None:
    """Who stops waiting, even as the session is being handed over, leaves the session to the next."""
    pool = await open_pool(size=1, spares=0, queue_limit=1000)
    for pause_s in [0.0, 0.0002, 0.0005, 0.001, 0.002] * 10:
        holder = asyncio.ensure_future(check(pool, proof()))
        waiters = [asyncio.ensure_future(check(pool, proof())) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.sleep(pause_s)
        waiters[0].cancel()
        await asyncio.gather(holder, *waiters, return_exceptions=True)
    assert (await check(pool, proof())).accepted
    assert pool.stats().busy_sessions == 0
    assert pool.stats().waiting_checks == 0


async def test_waiters_are_served_in_order_of_arrival(open_pool: OpenPool) -> None:
    """First come, first served."""
    pool = await open_pool(size=1, queue_limit=100)
    finished: list[int] = []

    async def numbered(number: int) -> None:
        await check(pool, proof())
        finished.append(number)

    await asyncio.gather(*(numbered(number) for number in range(50)))
    assert finished == list(range(50))


async def test_the_queue_is_bounded(open_pool: OpenPool) -> None:
    """Past PXL_QUEUE_LIMIT a check is refused at once, with a time after which to try again; those in the queue are answered."""
    pool = await open_pool(size=1, queue_limit=3)
    accepted = [asyncio.ensure_future(check(pool, proof(idle_steps=2_000))) for _ in range(4)]
    await asyncio.sleep(0)
    started = time.monotonic()
    with pytest.raises(QueueFull, match="PXL_QUEUE_LIMIT") as full:
        await check(pool, proof())
    assert time.monotonic() - started < 0.05
    assert full.value.retry_after_s is not None
    assert full.value.retry_after_s > 0
    assert all(verdict.accepted for verdict in await asyncio.gather(*accepted))


async def test_a_session_is_retired_after_its_number_of_checks(open_pool: OpenPool) -> None:
    """No session answers more than PXL_SESSION_MAX_CHECKS checks, and its replacement is not waited for."""
    pool = await open_pool(size=1, spares=1, max_checks=5)
    by_session: dict[int, int] = {}
    for _ in range(30):
        verdict = await check(pool, proof())
        assert verdict.accepted
        by_session[verdict.session_id] = by_session.get(verdict.session_id, 0) + 1
    assert set(by_session.values()) == {5}
    assert pool.stats().replacements["max_checks"] == 6


async def test_a_session_that_kept_too_much_memory_is_retired(open_pool: OpenPool) -> None:
    """A session that holds more than PXL_SESSION_IDLE_MEMORY_BYTES after a check is replaced; the verdict stands."""
    pool = await open_pool(size=1, idle_memory_bytes=60 * MIB)
    verdict = await check(pool, proof(idle_steps=60_000))
    assert verdict.accepted
    assert pool.stats().replacements["memory"] == 1
    assert (await check(pool, proof())).session_id != verdict.session_id


async def test_a_session_that_used_too_much_processor_time_is_retired(open_pool: OpenPool) -> None:
    """A session past its share of processor time is replaced between two checks."""
    pool = await open_pool(size=1, idle_cpu_s=0.001)
    await check(pool, proof(idle_steps=2_000))
    assert pool.stats().replacements["cpu"] == 1


async def test_a_check_that_needs_more_memory_than_allowed_is_exhaustion(open_pool: OpenPool, session_settings: SessionSettings) -> None:
    """A check over PXL_SESSION_MEMORY_BYTES ends in an error of its own kind, without a second try, and costs one session."""
    pool = await open_pool(size=1, session=replace(session_settings, memory_bytes=200 * MIB))
    with pytest.raises(SessionExhausted, match="PXL_SESSION_MEMORY_BYTES"):
        await check(pool, proof(idle_steps=400_000), within_s=60)
    assert pool.stats().replacements["memory"] == 1
    assert (await check(pool, proof())).accepted


async def test_a_request_beyond_the_protocol_costs_no_session(open_pool: OpenPool) -> None:
    """A certificate too large for one frame is the caller's fault."""

    class Huge(bytes):
        def __len__(self) -> int:
            return 1 << 30

    pool = await open_pool()
    with pytest.raises(RequestTooLarge):
        await pool.check(CheckKind.PROOF, wire.identity_goal(), Huge(), deadline=time.monotonic() + 5, statement=False)
    assert pool.stats().busy_sessions == 0
    assert sum(pool.stats().replacements.values()) == 0


async def test_a_pool_whose_sessions_do_not_start_says_why(open_pool: OpenPool, session_settings: SessionSettings) -> None:
    """Opening a pool over a broken Coq fails with what that Coq said."""
    with pytest.raises(KernelUnavailable, match="exited with status 1") as unavailable:
        await open_pool(session=replace(session_settings, coqtop=Path("/bin/false")))
    assert unavailable.value.retry_after_s is not None


async def test_failing_starts_back_off_and_recover(
    open_pool: OpenPool, session_settings: SessionSettings, tmp_path: Path, eventually: Eventually
) -> None:
    """When Coq stops starting, checks fail at once with the reason, tries grow rare, and the pool comes back by itself."""
    coqtop = tmp_path / "coqtop"
    coqtop.symlink_to(session_settings.coqtop)
    events: list[PoolEvent] = []
    pool = await open_pool(size=1, spares=0, session=replace(session_settings, coqtop=coqtop), max_checks=1, events=events)
    coqtop.unlink()
    assert (await check(pool, proof())).accepted
    await eventually(lambda: len([event for event in events if isinstance(event, SessionStartFailed)]) >= 3)
    started = time.monotonic()
    with pytest.raises(KernelUnavailable, match="cannot be run"):
        await check(pool, proof())
    assert time.monotonic() - started < 0.05
    assert "cannot be run" in pool.stats().last_start_failure
    await asyncio.sleep(1)
    failed = [event for event in events if isinstance(event, SessionStartFailed)]
    assert len(failed) <= 6, "a hot loop"
    assert [event.pause_s for event in failed] == sorted(event.pause_s for event in failed)
    coqtop.symlink_to(session_settings.coqtop)
    await eventually(lambda: pool.stats().active_sessions == 1)
    assert (await check(pool, proof())).accepted


async def test_closing_ends_everything(open_pool: OpenPool, session_pids: Callable[[], set[int]]) -> None:
    """After close no process lives, what was under way is refused, and later checks are too."""
    pool = await open_pool(size=1, spares=1)
    under_way = asyncio.ensure_future(check(pool, proof(idle_steps=SLOW_STEPS)))
    waiting = asyncio.ensure_future(check(pool, proof()))
    await asyncio.sleep(0.05)
    await pool.close()
    assert session_pids() == set()
    for refused in (under_way, waiting):
        with pytest.raises(KernelUnavailable, match="closed"):
            await refused
    with pytest.raises(KernelUnavailable, match="closed"):
        await check(pool, proof())
    await pool.close()


async def test_closing_a_pool_that_is_still_starting_leaves_nothing(open_pool: OpenPool, session_pids: Callable[[], set[int]]) -> None:
    """Sessions that are just being started are ended too."""
    pool = await open_pool(size=4, spares=4)
    await pool.close()
    assert session_pids() == set()


async def test_every_session_is_told_of(open_pool: OpenPool) -> None:
    """The listener hears of each start; a listener that fails costs nothing."""
    events: list[PoolEvent] = []

    class Failing(list[PoolEvent]):
        def append(self, event: PoolEvent) -> None:
            events.append(event)
            raise ValueError("the listener's defect")

    heard: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: heard.append(context["message"]))
    pool = await open_pool(size=1, spares=0, events=Failing())
    assert (await check(pool, proof())).accepted
    assert [type(event) for event in events] == [SessionStarted]
    assert "listener" in heard[0]

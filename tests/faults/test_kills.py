"""Sessions that are killed, stopped or orphaned while they work."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import wire
from conftest import OpenPool, children, command

from logos_pxl.errors import KernelTimeout, SessionCrashed, SessionError
from logos_pxl.kernel import CheckKind, KernelVerdict, PoolEvent, SessionPool, SessionReplaced

Eventually = Callable[..., Awaitable[None]]
Pids = Callable[[], set[int]]


def check(pool: SessionPool, example: wire.Example, *, within_s: float = 30.0) -> Awaitable[KernelVerdict]:
    return pool.check(example.kind, example.goal, example.certificate, deadline=time.monotonic() + within_s, statement=False)


def work(index: int) -> wire.Example:
    """Examples of some milliseconds each, about half of them to be refused."""
    name = f"n{index}".encode()
    certificate = wire.identity_proof(name, idle_steps=1_500)
    goal = wire.identity_goal(name) if index % 2 else wire.atom_goal(name)
    return wire.Example(CheckKind.PROOF, goal, certificate, accepted=bool(index % 2))


def kill(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


async def test_sessions_are_killed_while_200_checks_run(open_pool: OpenPool, session_pids: Pids, eventually: Eventually) -> None:
    """No wrong verdict, no check without an answer or a clear error, the pool back at its size, nobody unburied."""
    others = children(os.getpid())
    pool = await open_pool(size=3, spares=1, queue_limit=1000)
    await eventually(lambda: pool.stats().spare_sessions == 1)
    chance = random.Random(0)
    answered = kills = 0

    async def check_and_murder(example: wire.Example) -> KernelVerdict:
        nonlocal answered, kills
        try:
            return await check(pool, example)
        finally:
            answered += 1
            if answered % 10 == 0:
                for pid in sorted(session_pids())[: chance.randint(1, 3)]:
                    kill(pid, signal.SIGKILL)
                    kills += 1

    asked = [work(index) for index in range(200)]
    outcomes = await asyncio.gather(*map(check_and_murder, asked), return_exceptions=True)
    kinds = Counter(type(outcome).__name__ for outcome in outcomes)
    for example, outcome in zip(asked, outcomes, strict=True):
        if isinstance(outcome, KernelVerdict):
            assert outcome.accepted is example.accepted
        else:
            assert isinstance(outcome, SessionError), outcome
            assert str(outcome)
    assert kills >= 20
    assert kinds["KernelVerdict"] >= 100, kinds
    assert pool.stats().replacements["crashed"] >= 10
    await eventually(lambda: (pool.stats().active_sessions, pool.stats().spare_sessions) == (3, 1))
    assert pool.stats().busy_sessions == 0
    await eventually(lambda: len(children(os.getpid()) - others) == 4)
    assert all([(await check(pool, work(index))).accepted is work(index).accepted for index in range(20)])


async def test_a_check_survives_one_crash(open_pool: OpenPool, session_pids: Pids) -> None:
    """A session that is killed in a check costs the caller a second try, not the answer."""
    pool = await open_pool(size=1, spares=0)  # a spare could be killed in the second try
    slow = asyncio.ensure_future(
        check(pool, wire.Example(CheckKind.PROOF, wire.identity_goal(), wire.identity_proof(idle_steps=30_000), True))
    )
    await asyncio.sleep(0.05)
    (at_work,) = session_pids()
    kill(at_work, signal.SIGKILL)
    assert (await slow).accepted
    assert pool.stats().replacements["crashed"] == 1


async def test_a_second_crash_is_told(open_pool: OpenPool, session_pids: Pids) -> None:
    """A check whose second session is killed too ends in an error that says so, at once."""
    pool = await open_pool(size=1, spares=1)
    slow = asyncio.ensure_future(
        check(pool, wire.Example(CheckKind.PROOF, wire.identity_goal(), wire.identity_proof(idle_steps=300_000), True))
    )
    while not slow.done():
        for pid in session_pids():
            kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.02)
    with pytest.raises(SessionError) as crashed:
        await slow
    assert isinstance(crashed.value, SessionCrashed) or "no kernel session" in str(crashed.value)


async def test_an_idle_session_that_is_killed_is_replaced(open_pool: OpenPool, session_pids: Pids, eventually: Eventually) -> None:
    """Nobody has to ask first: the pool notices a death by itself."""
    events: list[PoolEvent] = []
    pool = await open_pool(size=2, spares=0, events=events)
    await eventually(lambda: pool.stats().active_sessions == 2)
    before = session_pids()
    for pid in before:
        kill(pid, signal.SIGKILL)
    await eventually(lambda: [event.cause for event in events if isinstance(event, SessionReplaced)] == ["crashed", "crashed"])
    await eventually(lambda: pool.stats().active_sessions == 2)
    assert not before & session_pids()
    assert (await check(pool, work(1))).accepted


async def test_a_stopped_session_is_a_timeout(open_pool: OpenPool, session_pids: Pids, eventually: Eventually) -> None:
    """A session that hangs without dying is found by the deadline, killed and replaced."""
    pool = await open_pool(size=1, spares=0)
    (stopped,) = session_pids()
    kill(stopped, signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(KernelTimeout):
        await check(pool, work(1), within_s=0.3)
    assert time.monotonic() - started < 0.6
    await eventually(lambda: stopped not in children(os.getpid()))
    assert (await check(pool, work(1))).accepted
    assert pool.stats().replacements["timeout"] == 1


async def test_a_stopped_session_does_not_take_a_large_request(open_pool: OpenPool, session_pids: Pids) -> None:
    """A request that fills the pipe of a session that does not read is late like any other."""
    pool = await open_pool(size=1, spares=1)
    for pid in session_pids():
        kill(pid, signal.SIGSTOP)
    large = wire.Example(CheckKind.PROOF, wire.identity_goal(), wire.identity_proof(idle_steps=500_000), accepted=True)
    with pytest.raises(KernelTimeout):
        await check(pool, large, within_s=0.3)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_no_session_survives_its_parent(number: signal.Signals) -> None:
    """When the service is killed in the middle of checks, its sessions end with it."""
    script = (
        "import asyncio, sys, time\n"
        "import wire\n"
        "from logos_pxl.kernel import CheckKind, SessionPool, coq_sessions\n"
        "from logos_pxl.settings import Settings\n"
        "async def main():\n"
        "    settings = Settings.load(pool_size=2, pool_spares=1)\n"
        "    async with SessionPool(settings.pool(), coq_sessions(settings.session())) as pool:\n"
        "        while pool.stats().spare_sessions < 1: await asyncio.sleep(0.01)\n"
        "        slow = wire.identity_proof(idle_steps=1_000_000)\n"
        "        check = lambda: pool.check(CheckKind.PROOF, wire.identity_goal(), slow, deadline=time.monotonic() + 60, statement=False)\n"
        "        work = asyncio.gather(check(), check())\n"
        "        await asyncio.sleep(0.2)\n"
        "        print('at work', flush=True)\n"
        "        await work\n"
        "asyncio.run(main())\n"
    )
    support = str(Path(wire.__file__).parent)
    with subprocess.Popen(
        [sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": support}, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "at work\n"
        sessions = {pid for pid in children(parent.pid) if "coqtop" in command(pid)}
        assert len(sessions) == 3
        parent.send_signal(number)
        parent.wait(10)
    deadline = time.monotonic() + 5
    while any("coqtop" in command(pid) for pid in sessions):
        assert time.monotonic() < deadline, "sessions outlived the service"
        time.sleep(0.01)

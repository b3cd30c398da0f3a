"""The canaries on real sessions: what they notice, how fast, and which step they name."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import OpenPool

from logos_pxl.goals import Goal
from logos_pxl.kernel import KernelIdentity, SessionPool
from logos_pxl.observing import Observer
from logos_pxl.proving import (
    Find,
    Finding,
    Judge,
    NotFound,
    PostMortems,
    SearchBudget,
    SearchThreads,
    SoundnessAlarms,
    UnknownReason,
    find,
)
from logos_pxl.proving.canaries import Canaries
from logos_pxl.settings import CanarySettings

SETTINGS = CanarySettings(interval_s=0.1, timeout_s=1.0, max_age_s=60)

IDENTITY = KernelIdentity(kernel_hash="0" * 64, coq_version="8.16.1", theory_version="1")

INVALID = Goal.parse("A -> BOX A")

Pids = Callable[[], set[int]]


class Heard(Observer):
    """What the canaries told."""

    def __init__(self) -> None:
        self.alarms = 0
        self.accepted = 0
        self.failed: list[tuple[str, str]] = []

    def soundness_alarm(self) -> None:
        """Search and kernel disagreed."""
        self.alarms += 1

    def kernel_accepted(self) -> None:
        """The kernel accepted."""
        self.accepted += 1

    def canary(self, name: str, failed_step: str | None, *, seconds: float) -> None:
        """A canary is done."""
        if failed_step is not None:
            self.failed.append((name, failed_step))


@contextmanager
def searching(find: Find) -> Iterator[SearchThreads]:
    searches = SearchThreads(find, threads=1, memory_bytes=1 << 28)
    yield searches
    searches._executor.shutdown(wait=True)


@pytest.fixture(autouse=True)
def post_mortems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of this test's post-mortems, below the current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "post-mortems"


def kept_in(folder: Path) -> int:
    """The number of post-mortems."""
    return len(list(folder.glob("*.json")))


def watching(
    pool: SessionPool, searches: SearchThreads, settings: CanarySettings, heard: Heard, clock: Callable[[], float] = time.monotonic
) -> Canaries:
    """Canaries with a judge that never prints statements of its own accord."""
    alarms = SoundnessAlarms(PostMortems(Path("post-mortems"), max_files=10, max_bytes=1 << 20), heard)
    judge = Judge(pool, IDENTITY, statement_max_nodes=0)
    return Canaries(judge, searches, pool, alarms=alarms, settings=settings, observer=heard, clock=clock)


async def one_round(pool: SessionPool, search: Find, heard: Heard, rounds: int = 2, settings: CanarySettings = SETTINGS) -> Canaries:
    with searching(search) as searches:
        canaries = watching(pool, searches, settings, heard)
        for _ in range(rounds):
            await canaries.round()
        return canaries


def corrupted(goal: Goal, budget: SearchBudget) -> Finding | NotFound:
    found = find(goal, budget)
    # On a loaded machine the first, short try may end without a finding.
    if isinstance(found, NotFound):
        return found
    return replace(found, evidence=found.evidence[:-1] + bytes([found.evidence[-1] ^ 1]))


def of_another_goal(goal: Goal, budget: SearchBudget) -> Finding | NotFound:
    return find(Goal.parse("C -> BOX(C)" if goal == INVALID else "BOX(C -> C)"), budget)


def the_opposite(goal: Goal, budget: SearchBudget) -> Finding | NotFound:
    return find(Goal.parse("A -> A" if goal == INVALID else "A"), budget)


def nothing(goal: Goal, budget: SearchBudget) -> NotFound:
    return NotFound(UnknownReason.RESOURCE_LIMIT, "the search ran out of memory")


def broken(goal: Goal, budget: SearchBudget) -> Finding:
    raise RuntimeError("defect of the engine")


async def test_both_canaries_are_searched_and_kernel_checked(open_pool: OpenPool) -> None:
    """One valid and one invalid goal, each accepted by the kernel in each round."""
    heard = Heard()
    canaries = await one_round(await open_pool(), find, heard)
    state = canaries.state()
    assert state.failing == ""
    assert [(canary.name, canary.step) for canary in state.canaries] == [("valid", None), ("invalid", None)]
    assert (heard.accepted, heard.failed, heard.alarms) == (4, [], 0)


async def test_nothing_is_ready_before_the_first_round(open_pool: OpenPool) -> None:
    """What was never checked does not count."""
    canaries = await one_round(await open_pool(), find, Heard(), rounds=0)
    assert canaries.state().failing == "valid: not yet checked"


@pytest.mark.parametrize(
    ("search", "step"),
    [(corrupted, "kernel"), (of_another_goal, "kernel"), (the_opposite, "search"), (nothing, "search"), (broken, "search")],
)
async def test_the_step_that_fails_is_named(open_pool: OpenPool, search: Find, step: str, post_mortems: Path) -> None:
    """A search that lies fails at the kernel, with an alarm; one that fails or claims the opposite, at the search."""
    heard = Heard()
    canaries = await one_round(await open_pool(), search, heard)
    assert canaries.state().failing.startswith(f"valid: {step}: ")
    assert heard.failed == [("valid", step), ("invalid", step)] * 2
    assert heard.alarms == canaries._alarms.count == (4 if step == "kernel" else 0)
    assert kept_in(post_mortems) == heard.alarms
    assert heard.accepted == 0


async def test_one_failure_after_a_success_does_not_count_yet(open_pool: OpenPool) -> None:
    """A session that was killed under a canary is replaced; two failures in a row count."""
    failing = False

    def sometimes(goal: Goal, budget: SearchBudget) -> Finding | NotFound:
        return nothing(goal, budget) if failing else find(goal, budget)

    with searching(sometimes) as searches:
        canaries = watching(await open_pool(), searches, SETTINGS, Heard())
        await canaries.round()
        failing = True
        await canaries.round()
        assert (canaries.state().failing, canaries.state().canaries[0].step) == ("", "search")
        await canaries.round()
        assert canaries.state().failing == "valid: search: the search ran out of memory"
        failing = False
        await canaries.round()
        assert canaries.state().failing == ""


async def test_an_old_success_does_not_count(open_pool: OpenPool) -> None:
    """Ready means lately."""
    now = [0.0]
    with searching(find) as searches:
        canaries = watching(await open_pool(), searches, SETTINGS, Heard(), clock=lambda: now[0])
        await canaries.round()
        now[0] += SETTINGS.max_age_s
        assert canaries.state().failing == ""
        now[0] += 0.1
        assert canaries.state().failing == "valid: the last round is overdue"


async def test_a_full_pool_is_no_broken_kernel(open_pool: OpenPool, session_pids: Pids) -> None:
    """While all sessions are at work for others, canaries wait; that alone fails them by their age only."""
    pool = await open_pool(size=1, spares=0)
    heard = Heard()
    with searching(find) as searches:
        canaries = watching(pool, searches, replace(SETTINGS, timeout_s=0.1), heard)
        await canaries.round()
        lent = await pool._lease(time.monotonic() + 5, retry=False)
        for _ in range(4):
            await canaries.round()
        pool._sessions.give_back(lent)
        assert set(heard.failed) == {("valid", "kernel"), ("invalid", "kernel")}
        assert canaries.state().failing == ""


async def test_stopped_sessions_are_noticed_and_recovery_too(
    open_pool: OpenPool, session_pids: Pids, eventually: Callable[..., Awaitable[None]]
) -> None:
    """Sessions that hang (SIGSTOP) fail the canaries at the kernel; as soon as new ones are warm, all is well again."""
    pool = await open_pool(size=1, spares=0)
    heard = Heard()
    with searching(find) as searches:
        async with watching(pool, searches, replace(SETTINGS, timeout_s=0.2), heard) as canaries:
            assert canaries.state().failing == ""

            async def stopping() -> None:
                while True:
                    for pid in session_pids():
                        os.kill(pid, signal.SIGSTOP)
                    await asyncio.sleep(0.02)

            stopper = asyncio.create_task(stopping())
            await eventually(lambda: "kernel" in canaries.state().failing, within_s=10)
            stopper.cancel()
            await asyncio.wait([stopper])
            for pid in session_pids():
                os.kill(pid, signal.SIGCONT)
            await eventually(lambda: canaries.state().failing == "", within_s=40)
    assert heard.alarms == 0

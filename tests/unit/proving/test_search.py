"""Searches on bounded threads. The functions that search here do what the test needs; the engine's own search has its tests beside it."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind
from logos_pxl.proving import Find, Finding, NotFound, SearchBudget, SearchThreads, UnknownReason, find

SMALL = Goal.parse("BOX(A -> A)")
GOAL = Goal.parse(" /\\ ".join(["BOX(A -> A)"] * 100))
FOUND = Finding(CheckKind.PROOF, b"evidence")
Open = Callable[..., SearchThreads]


@pytest.fixture
async def searches() -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        def open_threads(find: Find, threads: int = 1) -> SearchThreads:
            opened = SearchThreads(find, threads=threads, memory_bytes=1 << 28)
            stack.push_async_callback(opened.close)
            return opened

        yield open_threads


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


def until_cancelled(goal: Goal, budget: SearchBudget) -> NotFound:
    """A search that finds nothing but stops when it should."""
    while not budget.cancel.cancelled and budget.remaining_ms() > 0:
        time.sleep(0.001)
    return NotFound(UnknownReason.CANCELLED if budget.cancel.cancelled else UnknownReason.TIMEOUT, "stopped")


async def test_the_engines_finding_has_the_goals_own_names(searches: Open) -> None:
    """The search works on the canonical form, but its certificate speaks of the goal's atoms."""
    report = await searches(find).run(Goal.parse("BOX(rain -> rain)"), deadline=soon())
    assert isinstance(report.outcome, Finding)
    assert report.outcome.kind is CheckKind.PROOF
    assert b"rain" in report.outcome.evidence
    report = await searches(find).run(Goal.parse("rain -> BOX(rain)"), deadline=soon())
    assert isinstance(report.outcome, Finding)
    assert report.outcome.kind is CheckKind.COUNTERMODEL


async def test_a_small_goal_is_searched_at_once(searches: Open) -> None:
    """Without a change of threads, and also when all threads are taken."""
    where: list[threading.Thread] = []

    def here(goal: Goal, budget: SearchBudget) -> Finding | NotFound:
        if goal is not SMALL:
            return until_cancelled(goal, budget)
        where.append(threading.current_thread())
        return FOUND

    threads = searches(here)
    long = asyncio.create_task(threads.run(GOAL, deadline=soon(60)))
    await asyncio.sleep(0.05)
    assert (await threads.run(SMALL, deadline=soon())).outcome == FOUND
    assert where == [threading.current_thread()]
    long.cancel()


async def test_a_small_goal_that_takes_long_goes_to_a_thread(searches: Open) -> None:
    """The first try takes a moment only, and the event loop goes on while the second searches."""
    budgets: list[int] = []

    def slow(goal: Goal, budget: SearchBudget) -> Finding | NotFound:
        budgets.append(budget.remaining_ms())
        if threading.current_thread() is threading.main_thread():
            return until_cancelled(goal, budget)
        time.sleep(0.1)
        return FOUND

    searching = asyncio.create_task(searches(slow).run(SMALL, deadline=soon(5)))
    beats = 0
    while not searching.done():
        await asyncio.sleep(0.005)
        beats += 1
    assert (await searching).outcome == FOUND
    assert beats >= 5
    assert budgets[0] <= 2
    assert budgets[1] > 1000


async def test_a_small_goals_own_deadline_is_not_stretched(searches: Open) -> None:
    """A deadline that comes sooner than the moment ends the search."""
    report = await searches(until_cancelled).run(SMALL, deadline=soon(0.001))
    assert isinstance(report.outcome, NotFound)
    assert report.outcome.reason is UnknownReason.TIMEOUT


async def test_no_more_searches_run_than_there_are_threads(searches: Open) -> None:
    """Ten searches on two threads: never three at once, and all of them end."""
    running, most, lock = 0, 0, threading.Lock()

    def counted(goal: Goal, budget: SearchBudget) -> Finding:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return FOUND

    threads = searches(counted, threads=2)
    reports = await asyncio.gather(*(threads.run(GOAL, deadline=soon()) for _ in range(10)))
    assert most == 2
    assert all(report.outcome == FOUND for report in reports)
    assert max(report.queue_ms for report in reports) >= 50


async def test_a_deadline_that_passes_in_the_queue_is_a_timeout(searches: Open) -> None:
    """A search that gets no thread in time does not wait on."""
    threads = searches(until_cancelled)
    first = asyncio.create_task(threads.run(GOAL, deadline=soon(1.0)))
    await asyncio.sleep(0.05)
    started = time.monotonic()
    report = await threads.run(GOAL, deadline=soon(0.1))
    assert time.monotonic() - started < 0.5
    assert isinstance(report.outcome, NotFound)
    assert report.outcome.reason is UnknownReason.TIMEOUT
    assert report.queue_ms >= 100
    await first


async def test_cancelling_the_caller_cancels_the_search_and_frees_its_thread(searches: Open) -> None:
    """The only thread is free for the next search soon after the first one's caller went away."""
    threads = searches(until_cancelled)
    abandoned = asyncio.create_task(threads.run(GOAL, deadline=soon(60)))
    await asyncio.sleep(0.05)
    abandoned.cancel()
    with pytest.raises(asyncio.CancelledError):
        await abandoned
    report = await threads.run(GOAL, deadline=soon(0.2))
    assert report.queue_ms < 150


async def test_a_thread_is_not_free_before_its_search_has_ended(searches: Open) -> None:
    """An abandoned search that does not stop keeps its place: the next one waits, and no extra thread is made."""
    release = threading.Event()

    def stubborn(goal: Goal, budget: SearchBudget) -> Finding:
        release.wait(10)
        return FOUND

    threads = searches(stubborn)
    abandoned = asyncio.create_task(threads.run(GOAL, deadline=soon(60)))
    await asyncio.sleep(0.05)
    abandoned.cancel()
    report = await threads.run(GOAL, deadline=soon(0.1))
    assert isinstance(report.outcome, NotFound)
    release.set()
    report = await threads.run(GOAL, deadline=soon(1.0))
    assert report.outcome == FOUND


async def test_a_search_that_overruns_its_deadline_is_given_up(searches: Open) -> None:
    """The caller does not wait for a search that does not look at its deadline."""
    release = threading.Event()

    def stubborn(goal: Goal, budget: SearchBudget) -> Finding:
        release.wait(30)
        return FOUND

    started = time.monotonic()
    report = await searches(stubborn).run(GOAL, deadline=soon(0.05))
    release.set()
    assert time.monotonic() - started < 5
    assert isinstance(report.outcome, NotFound)
    assert report.outcome.reason is UnknownReason.TIMEOUT


async def test_a_defect_in_the_search_reaches_the_caller(searches: Open) -> None:
    """An exception is not swallowed, and its thread serves the next search."""

    def broken(goal: Goal, budget: SearchBudget) -> Finding:
        raise ZeroDivisionError

    threads = searches(broken)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await threads.run(GOAL, deadline=soon())


async def test_closing_cancels_what_runs(searches: Open) -> None:
    """A shutdown does not wait for a long search's deadline."""
    threads = searches(until_cancelled)
    running = asyncio.create_task(threads.run(GOAL, deadline=soon(60)))
    await asyncio.sleep(0.05)
    await threads.close()
    report = await asyncio.wait_for(running, 1.0)
    assert isinstance(report.outcome, NotFound)
    assert report.outcome.reason is UnknownReason.CANCELLED


async def test_the_budget_counts_down_to_zero(searches: Open) -> None:
    """The search is told what is left, never less than nothing."""
    left: list[int] = []

    def looks(goal: Goal, budget: SearchBudget) -> Finding:
        left.append(budget.remaining_ms())
        time.sleep(0.15)
        left.append(budget.remaining_ms())
        return FOUND

    await searches(looks).run(GOAL, deadline=soon(0.1))
    assert 50 < left[0] <= 100
    assert left[1] == 0

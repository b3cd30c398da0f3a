"""Single flight: one piece of work for all who ask at once, and each of them with a time of his own."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from logos_pxl.proving.attempt import Deadline
from logos_pxl.proving.single_flight import SingleFlight


class _Work:
    """Counts its starts and cancellations; ends when it is told to, or at the flight's deadline."""

    def __init__(self, *, fails: bool = False) -> None:
        self.starts = self.cancelled = 0
        self.done = asyncio.Event()
        self.deadline: Deadline | None = None
        self._fails = fails

    async def __call__(self, deadline: Deadline) -> str:
        self.starts += 1
        self.deadline = deadline
        try:
            in_time = await deadline.wait(asyncio.ensure_future(self.done.wait()))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self._fails:
            raise ValueError("broken work")
        return f"flight {self.starts}" if in_time else "too late"


def soon(seconds: float = 10.0) -> float:
    return time.monotonic() + seconds


Joining = Callable[..., "asyncio.Task[Any]"]


def joining(flights: SingleFlight[str, str], work: Callable[[Deadline], Coroutine[Any, Any, str]], **times: float) -> "asyncio.Task[Any]":
    return asyncio.create_task(flights.join("key", work, deadline=soon(times.get("within_s", 10.0))))


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def flights() -> SingleFlight[str, str]:
    return SingleFlight(longest_s=60)


async def test_what_a_hundred_ask_for_at_once_is_done_once(flights: SingleFlight[str, str]) -> None:
    """All get the one result, and only the first has led."""
    work = _Work()
    waiting = [joining(flights, work) for _ in range(100)]
    await settle()
    work.done.set()
    landings = await asyncio.gather(*waiting)
    assert work.starts == 1
    assert {landing.result for landing in landings} == {"flight 1"}
    assert [landing.led for landing in landings] == [True] + [False] * 99


async def test_what_is_asked_for_later_is_done_again(flights: SingleFlight[str, str]) -> None:
    """A flight that has landed is not joined."""
    work = _Work()
    work.done.set()
    assert (await joining(flights, work)).result == "flight 1"
    assert (await joining(flights, work)).result == "flight 2"


async def test_the_leader_who_goes_away_takes_nothing_along(flights: SingleFlight[str, str]) -> None:
    """Cancelling the one who started the work leaves it to the others."""
    work = _Work()
    leader, follower = joining(flights, work), joining(flights, work)
    await settle()
    leader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leader
    work.done.set()
    assert (await follower).result == "flight 1"
    assert (work.starts, work.cancelled) == (1, 0)


async def test_the_last_to_leave_cancels_the_work(flights: SingleFlight[str, str]) -> None:
    """When nobody waits any more the work ends at once, and the next to come starts anew."""
    work = _Work()
    waiting = [joining(flights, work) for _ in range(3)]
    await settle()
    for task in waiting:
        assert work.cancelled == 0
        task.cancel()
        await asyncio.wait((task,))
    assert "key" not in flights
    again = joining(flights, work)
    await settle()
    assert work.cancelled == 1
    work.done.set()
    assert (await again).result == "flight 2"


async def test_each_waits_as_long_as_it_wants(flights: SingleFlight[str, str]) -> None:
    """The one in a hurry leaves at its own deadline; those with more time put the work's deadline off and get the result."""
    work = _Work()
    started = time.monotonic()
    hurried = joining(flights, work, within_s=0.1)
    await settle()
    patient = joining(flights, work, within_s=5.0)
    assert (await hurried).result is None
    assert 0.1 <= time.monotonic() - started < 0.4
    assert work.cancelled == 0
    await asyncio.sleep(0.1)
    work.done.set()
    assert (await patient).result == "flight 1"


async def test_who_has_most_time_hears_from_the_work_itself(flights: SingleFlight[str, str]) -> None:
    """The work keeps the latest deadline and says why it ended."""
    work = _Work()
    landing = await joining(flights, work, within_s=0.1)
    assert (landing.result, landing.led) == ("too late", True)


async def test_a_deadline_is_put_off_up_to_the_limit_only() -> None:
    """However many join, the work ends at its longest time."""
    work = _Work()
    short: SingleFlight[str, str] = SingleFlight(longest_s=0.2)
    waiting = [joining(short, work, within_s=0.1), joining(short, work, within_s=60)]
    await settle()
    assert [(await task).result for task in waiting] == [None, "too late"]
    assert work.deadline is not None
    assert work.deadline.at == work.deadline.limit


async def test_an_error_reaches_all_who_wait(flights: SingleFlight[str, str]) -> None:
    """A defect in the work is nobody's hang."""
    work = _Work(fails=True)
    waiting = [joining(flights, work) for _ in range(3)]
    await settle()
    work.done.set()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(result) for result in results] == [ValueError] * 3


async def test_closing_ends_what_is_under_way(flights: SingleFlight[str, str]) -> None:
    """Nothing flies on when the owner closes, and whoever waits is told."""
    work = _Work()
    waiting = joining(flights, work)
    await settle()
    await flights.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert work.cancelled == 1

"""WorkerQueues: goals in the background never crowd out those whose clients wait."""

import asyncio
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

from logos_pxl.goals import Goal
from logos_pxl.proving import Admission, UnknownReason, Verdict, Versions
from logos_pxl.proving.verdict import Timings
from logos_pxl.proving.worker_queue import WorkerQueue

GOAL = Goal.parse("A -> A")


@dataclass
class Decider:
    """Answers with the reasons given, in this order, then that time is up; each answer takes ``seconds``."""

    reasons: list[UnknownReason] = field(default_factory=list)
    seconds: float = 0.0
    budgets_s: list[float] = field(default_factory=list)

    async def decide(self, goal: Goal, *, timeout_s: float, parse_ms: float = 0.0) -> Verdict:
        """No verdict."""
        self.budgets_s.append(timeout_s)
        await asyncio.sleep(self.seconds)
        reason = self.reasons.pop(0) if self.reasons else UnknownReason.TIMEOUT
        versions = Versions("8.16.1", "1", "1", "1")
        return Verdict.unknown(goal, reason, "no", kernel_hash="0" * 64, versions=versions, timings=Timings(parse_ms=parse_ms))

    def remembered(self, goal: Goal, *, parse_ms: float = 0.0) -> Verdict | None:
        """Nothing is."""
        return None


def roomy() -> Admission:
    return Admission(at_once=10, waiting=10)


def soon(seconds: float) -> float:
    return time.monotonic() + seconds


async def test_the_wait_in_the_lane_is_told_as_queueing_and_costs_budget() -> None:
    """The deadline covers it."""
    decider = Decider(seconds=0.1)
    lane = WorkerQueue(decider, roomy(), workers=1)
    _, second = await asyncio.gather(lane.decide(GOAL, deadline=soon(5)), lane.decide(GOAL, deadline=soon(5)))
    assert 90 < second.timings.queue_ms < 1000
    assert second.timings.total_ms >= second.timings.queue_ms
    assert decider.budgets_s[1] < 4.95


async def test_a_goal_whose_time_passes_in_the_lane_is_asked_with_none_left() -> None:
    """It is unknown in time, or known already; and it takes nobody's place."""
    decider = Decider(seconds=0.3)
    lane = WorkerQueue(decider, roomy(), workers=1)
    started = time.monotonic()
    first = asyncio.ensure_future(lane.decide(GOAL, deadline=soon(5)))
    await asyncio.sleep(0)
    decider.seconds = 0.0
    late = await lane.decide(GOAL, deadline=soon(0.05))
    assert late.reason is UnknownReason.TIMEOUT
    assert time.monotonic() - started < 0.25
    assert decider.budgets_s[1] <= 0
    await first


async def test_the_lane_waits_while_clients_fill_the_admission() -> None:
    """A goal in the background is not asked until there is room."""
    admission = Admission(at_once=1, waiting=0)
    decider = Decider()
    lane = WorkerQueue(decider, admission, workers=1)
    with ExitStack() as client:
        client.enter_context(admission.place())
        waiting = asyncio.ensure_future(lane.decide(GOAL, deadline=soon(5)))
        await asyncio.sleep(0.1)
        assert decider.budgets_s == []
    verdict = await asyncio.wait_for(waiting, 2)
    assert len(decider.budgets_s) == 1
    assert verdict.timings.queue_ms >= 90


async def test_a_refusal_for_want_of_room_is_tried_again() -> None:
    """Until there is room, or no time."""
    decider = Decider(reasons=[UnknownReason.OVERLOADED, UnknownReason.OVERLOADED, UnknownReason.RESOURCE_LIMIT])
    verdict = await WorkerQueue(decider, roomy(), workers=1).decide(GOAL, deadline=soon(5))
    assert verdict.reason is UnknownReason.RESOURCE_LIMIT
    decider = Decider(reasons=[UnknownReason.OVERLOADED] * 1000)
    started = time.monotonic()
    verdict = await WorkerQueue(decider, roomy(), workers=1).decide(GOAL, deadline=soon(0.1))
    assert verdict.reason is UnknownReason.OVERLOADED
    assert time.monotonic() - started < 1


async def test_a_cancelled_goal_gives_its_turn_back() -> None:
    """At work or in the queue."""
    decider = Decider(seconds=5)
    lane = WorkerQueue(decider, roomy(), workers=1)
    asked = [asyncio.ensure_future(lane.decide(GOAL, deadline=soon(60))) for _ in range(3)]
    await asyncio.sleep(0.01)
    for one in asked:
        one.cancel()
    await asyncio.wait(asked)
    decider.seconds = 0.0
    await asyncio.wait_for(lane.decide(GOAL, deadline=soon(5)), 1)

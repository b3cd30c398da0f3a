"""The bound on goals in work, and what the refused are promised."""

import math
from contextlib import ExitStack

import pytest

from logos_pxl.errors import Overloaded
from logos_pxl.proving import Admission


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time, in seconds."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def refused(admission: Admission) -> float:
    """Seconds after which a refused goal is told to come back."""
    with pytest.raises(Overloaded) as error, admission.place():
        raise AssertionError("let in")
    assert error.value.retry_after_s is not None
    return error.value.retry_after_s


class Door:
    """An admission with goals inside, which leave oldest first."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.inside: list[ExitStack] = []

    def enter(self, goals: int = 1) -> None:
        """Let goals in. Raises Overloaded."""
        for _ in range(goals):
            stack = ExitStack()
            stack.enter_context(self.admission.place())
            self.inside.append(stack)

    def leave(self) -> None:
        """The oldest goal is done."""
        self.inside.pop(0).close()


def test_past_the_capacity_a_goal_is_refused_at_once(clock: Clock) -> None:
    """So many at work, so many waiting, and not one more; a place that is left is free again."""
    door = Door(Admission(at_once=2, waiting=3, clock=clock))
    door.enter(5)
    refused(door.admission)
    door.leave()
    door.enter()
    refused(door.admission)
    stats = door.admission.stats()
    assert (stats.inside, stats.capacity, stats.refused) == (5, 5, 2)


def test_a_place_is_free_again_after_an_error(clock: Clock) -> None:
    """Whatever ended the work, also a cancellation."""
    admission = Admission(at_once=1, waiting=0, clock=clock)
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), admission.place():
            raise error
    assert admission.stats().inside == 0


def test_the_promise_rests_on_the_measured_rate(clock: Clock) -> None:
    """Goals that leave every two seconds make the refused wait for half the capacity times two seconds, and one turn."""
    door = Door(Admission(at_once=1, waiting=9, clock=clock))
    door.enter(10)
    for _ in range(200):
        clock.now += 2
        door.leave()
        door.enter()
    assert refused(door.admission) == pytest.approx(10 / 2 * 2 + 2, rel=0.01)
    assert door.admission.stats().interval_s == pytest.approx(2, rel=0.01)


def test_a_stall_makes_the_promise_longer(clock: Clock) -> None:
    """When nothing has left for a minute, nobody is told to come back in a second."""
    door = Door(Admission(at_once=1, waiting=1, clock=clock))
    door.enter(2)
    for _ in range(50):
        clock.now += 0.01
        door.leave()
        door.enter()
    clock.now += 60
    assert refused(door.admission) >= 60


def test_an_old_load_is_forgotten(clock: Clock) -> None:
    """After hard goals and a pause, quick goals are promised quick places."""
    door = Door(Admission(at_once=1, waiting=1, clock=clock))
    door.enter(2)
    for _ in range(20):
        clock.now += 5
        door.leave()
        door.enter()
    door.leave()
    door.leave()
    clock.now += 60
    for _ in range(100):
        door.enter()
        clock.now += 0.001
        door.leave()
    clock.now += 60
    door.enter(2)
    assert refused(door.admission) < 3


def test_whoever_comes_back_when_told_finds_a_place(clock: Clock) -> None:
    """A burst of a thousand on ten places: those who wait whole seconds as they were told are let in at their second try."""
    admission = Admission(at_once=2, waiting=8, clock=clock)
    door = Door(admission)
    interval_s = 0.05
    door.enter(10)
    for _ in range(50):
        clock.now += interval_s
        door.leave()
        door.enter()
    appointments = sorted(clock.now + math.ceil(refused(admission)) for _ in range(1000))
    let_in = 0
    done_until = clock.now
    for appointment in appointments:
        clock.now = appointment
        while door.inside and done_until + interval_s <= appointment:
            done_until += interval_s
            door.leave()
        done_until = appointment if not door.inside else done_until
        try:
            door.enter()
        except Overloaded:
            continue
        let_in += 1
    assert let_in >= 990


def test_a_flood_of_refusals_does_not_spoil_the_estimate(clock: Clock) -> None:
    """When goals leave slowly although the work on each is quick, the promise rests on the work."""
    admission = Admission(at_once=1, waiting=9, clock=clock)
    for _ in range(50):
        with ExitStack() as inside:
            for _ in range(10):
                inside.enter_context(admission.place()).work_s = 0.004
            clock.now += 5
    with ExitStack() as inside:
        for _ in range(10):
            inside.enter_context(admission.place())
        assert refused(admission) < 1

"""The definitions of docs/metrics.md, one by one, with a clock in the test's hand."""

import random

import pytest
from clocks import Clock

from logos_pxl.service.metrics.kpis import Kpis


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kpis(clock: Clock) -> Kpis:
    return Kpis(window_s=300, clock=clock)


def test_the_verification_ratio_is_checked_verdicts_over_accepted_goals(kpis: Kpis) -> None:
    """Seven of eight goals with a kernel-checked verdict are 87.5 per cent."""
    for verified in [True] * 7 + [False]:
        kpis.goal(verified=verified, seconds=0.01)
    assert kpis.figures().verification_ratio_percent == 87.5


def test_without_traffic_no_target_is_missed(kpis: Kpis) -> None:
    """An empty window stands at the best values and says that it is empty."""
    figures = kpis.figures()
    assert (figures.verification_ratio_percent, figures.p95_latency_ms, figures.cache_hit_rate_percent) == (100, 0, 100)
    assert (figures.goals, figures.cache_lookups) == (0, 0)


def test_a_hundred_per_cent_means_all(kpis: Kpis) -> None:
    """One failure among very many is never rounded away."""
    for _ in range(1_000_000):
        kpis.goal(verified=True, seconds=0.001)
    kpis.goal(verified=False, seconds=0.001)
    assert 99.999 < kpis.figures().verification_ratio_percent < 100


def test_the_indicators_forget_what_is_older_than_the_window(kpis: Kpis, clock: Clock) -> None:
    """They speak of the window, not of the time since the start."""
    kpis.goal(verified=False, seconds=9.0)
    kpis.lookup(answered=False)
    clock.now += 290
    kpis.goal(verified=True, seconds=0.01)
    kpis.lookup(answered=True)
    assert kpis.figures().verification_ratio_percent == 50
    assert kpis.figures().cache_hit_rate_percent == 50
    clock.now += 11
    figures = kpis.figures()
    assert (figures.goals, figures.verification_ratio_percent, figures.cache_hit_rate_percent) == (1, 100, 100)
    assert figures.p95_latency_ms == pytest.approx(10, rel=0.01)
    clock.now += 300
    assert kpis.figures().goals == 0


def test_a_pause_longer_than_the_window_empties_it(kpis: Kpis, clock: Clock) -> None:
    """A service that slept for a day remembers nothing of the day before."""
    for _ in range(100):
        kpis.goal(verified=False, seconds=1.0)
        clock.now += 3
    clock.now += 86_400
    assert kpis.figures().goals == 0
    kpis.goal(verified=True, seconds=1.0)
    assert kpis.figures().goals == 1


@pytest.mark.parametrize("offset", [0.0, 0.1, 2.5, 4.9])
def test_the_window_is_never_longer_and_at_most_a_slot_shorter(offset: float) -> None:
    """Between 295 and 300 of 300 seconds, wherever in a slot it begins."""
    clock = Clock()
    clock.now += offset
    kpis = Kpis(window_s=300, clock=clock)
    kpis.goal(verified=True, seconds=1.0)
    clock.now += 294.9
    assert kpis.figures().goals == 1
    clock.now += 5.2
    assert kpis.figures().goals == 0


def test_the_p95_is_that_of_the_window(kpis: Kpis, clock: Clock) -> None:
    """95 of 100 goals took 10 ms, five took a second: the 95th took 10 ms; one more slow one tips it."""
    for _ in range(1_000):
        kpis.goal(verified=True, seconds=30.0)
    clock.now += 600
    durations = [0.010] * 95 + [1.0] * 5
    random.Random(5).shuffle(durations)
    for seconds in durations:
        clock.now += 1
        kpis.goal(verified=True, seconds=seconds)
    assert kpis.figures().p95_latency_ms == pytest.approx(10, rel=0.01)
    kpis.goal(verified=True, seconds=1.0)
    assert kpis.figures().p95_latency_ms == pytest.approx(1_000, rel=0.01)


def test_the_hit_rate_is_spared_searches_over_lookups(kpis: Kpis) -> None:
    """Seventeen of twenty look-ups are 85 per cent."""
    for number in range(20):
        kpis.lookup(answered=number < 17)
    assert kpis.figures().cache_hit_rate_percent == 85

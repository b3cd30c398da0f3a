"""Trends, forecasts and sizes are what the mathematics says."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logos_pxl.ops.reviews.sizing import FULL, WAITING, Machine, sessions_for, waiting_share
from logos_pxl.ops.reviews.trend import CONFIDENCE, MIN_POINTS, Trend

LINE = [(float(x), 100 + 2.5 * x) for x in range(30)]


def test_a_straight_line_is_found_exactly() -> None:
    """Slope, direction and the value of another day."""
    trend = Trend.of(LINE)
    assert trend is not None
    assert (trend.slope, trend.low, trend.high, trend.direction) == (2.5, 2.5, 2.5, "rising")
    assert trend.at(59).value == pytest.approx(247.5)
    assert Trend.of([(x, -y) for x, y in LINE]).direction == "falling"  # type: ignore[union-attr]


def test_bad_days_do_not_move_it() -> None:
    """Every fifth day a hundred times the value; least squares would be far off."""
    spoiled = [(x, y * 100 if x % 5 == 0 else y) for x, y in LINE]
    trend = Trend.of(spoiled)
    assert trend is not None
    assert 2 < trend.slope < 4
    mean_x = sum(x for x, _ in spoiled) / 30
    mean_y = sum(y for _, y in spoiled) / 30
    least_squares = sum((x - mean_x) * (y - mean_y) for x, y in spoiled) / sum((x - mean_x) ** 2 for x, _ in spoiled)
    assert abs(least_squares - 2.5) > 10


def test_a_few_days_are_no_trend() -> None:
    """Not even a week."""
    assert Trend.of(LINE[: MIN_POINTS - 1]) is None
    assert Trend.of(LINE[:MIN_POINTS]) is not None


def test_noise_alone_has_no_direction() -> None:
    """In nine of ten months without a trend, none is claimed."""
    chance = random.Random(7)
    claimed = sum(
        Trend.of([(float(x), chance.gauss(100, 10)) for x in range(30)]).direction != "no clear trend"  # type: ignore[union-attr]
        for _ in range(300)
    )
    assert claimed < 300 * (1 - CONFIDENCE) * 1.6


@pytest.mark.parametrize(("days", "ahead"), [(7, 30), (14, 1), (30, 30)])
def test_a_forecast_holds_as_often_as_it_says(days: int, ahead: int) -> None:
    """About 90 of 100 values lie in the interval."""
    chance = random.Random(days * 100 + ahead)
    held = 0
    for _ in range(400):
        slope, noise = chance.uniform(-1, 1), chance.uniform(0.5, 5)
        trend = Trend.of([(float(x), 500 + slope * x + chance.gauss(0, noise)) for x in range(days)])
        assert trend is not None
        forecast = trend.at(days - 1 + ahead)
        held += forecast.low <= 500 + slope * (days - 1 + ahead) + chance.gauss(0, noise) <= forecast.high
    assert 0.82 <= held / 400 <= 0.97


@given(st.lists(st.floats(0, 1e9), min_size=MIN_POINTS, max_size=20))
def test_intervals_hold_their_values(values: list[float]) -> None:
    """Whatever the days are like: low, value and high in this order, none below 0."""
    trend = Trend.of([(float(x), value) for x, value in enumerate(values)])
    assert trend is not None
    assert trend.low <= trend.slope <= trend.high
    forecast = trend.at(len(values) + 30)
    assert 0 <= forecast.low <= forecast.value <= forecast.high


def test_erlangs_formula_gives_the_tables_values() -> None:
    """A. K. Erlang's, as textbooks print them."""
    assert waiting_share(1, 0.5) == pytest.approx(0.5)
    assert waiting_share(2, 1) == pytest.approx(1 / 3)
    assert waiting_share(5, 4) == pytest.approx(0.5541, abs=1e-4)
    assert waiting_share(10, 5) == pytest.approx(0.0361, abs=1e-4)
    assert waiting_share(3, 3) == 1
    assert waiting_share(3, 0) == 0


def test_queues_wait_as_the_formula_says() -> None:
    """A queue that is simulated: arrivals at random, four sessions, durations that scatter."""
    chance = random.Random(3)
    free_at, now, waited = [0.0] * 4, 0.0, 0
    for _ in range(40_000):
        now += chance.expovariate(3.0)
        soonest = min(range(4), key=free_at.__getitem__)
        waited += free_at[soonest] > now
        free_at[soonest] = max(now, free_at[soonest]) + chance.expovariate(1.0)
    assert waited / 40_000 == pytest.approx(waiting_share(4, 3.0), abs=0.03)


@given(st.floats(0, 150))
def test_the_fewest_sessions_that_do(load: float) -> None:
    """They carry the load within both bounds, and one fewer does not."""
    sessions = sessions_for(load)
    assert load <= FULL * sessions
    assert waiting_share(sessions, load) <= WAITING
    assert sessions == 2 or load > FULL * (sessions - 1) or waiting_share(sessions - 1, load) > WAITING


def test_a_machine_bounds_its_sessions() -> None:
    """By its memory, what the service itself and the spares take besides; by its cores, where these are known."""
    gib, mib = 1 << 30, 1 << 20
    machine = Machine(cores=4, memory_bytes=2 * gib, service_bytes=200 * mib, session_bytes=100 * mib, spares=1, share=0.8)
    assert machine.most_by_memory == 13
    assert (machine.most_by_cores, machine.most) == (8, 8)
    assert Machine(None, 2 * gib, 200 * mib, 100 * mib, 1, 0.8).most == 13
    assert Machine(64, gib / 4, gib, 100 * mib, 1, 0.8).most == 1

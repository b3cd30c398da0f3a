"""Events become the figures that docs/metrics.md promises."""

import pytest
from clocks import Clock
from prometheus_client import CollectorRegistry

from logos_pxl.kernel import Cause, SessionReplaced, SessionStarted, SessionStartFailed
from logos_pxl.service.condition import Condition
from logos_pxl.service.metrics.instruments import Instruments
from logos_pxl.service.metrics.kpis import Kpis
from logos_pxl.service.metrics.recorder import Recorder


class Recorded:
    """A recorder with what it writes into."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.registry = CollectorRegistry()
        self.kpis = Kpis(window_s=300, clock=self.clock)
        self.condition = Condition(self.clock)
        self.recorder = Recorder(Instruments(self.registry), self.kpis, self.condition)

    def value(self, name: str, **labels: str) -> float | None:
        """The series' value."""
        return self.registry.get_sample_value(f"logos_pxl_{name}", labels)


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


def test_a_verdict_counts_for_ratio_and_latency(recorded: Recorded) -> None:
    """Valid, invalid and cached verdicts are kernel-checked; time-outs and failures are not; all were accepted."""
    recorder = recorded.recorder
    recorder.verdict("valid", None, verified=True, seconds=0.010)
    recorder.verdict("invalid", None, verified=True, seconds=0.010)
    recorder.verdict("unknown", "timeout", verified=False, seconds=0.010)
    recorder.verdict("unknown", "kernel_unavailable", verified=False, seconds=0.010)
    figures = recorded.kpis.figures()
    assert (figures.goals, figures.verified, figures.verification_ratio_percent) == (4, 2, 50)
    assert recorded.value("verdicts_total", verdict="unknown") == 2
    assert recorded.value("unknown_verdicts_total", reason="timeout") == 1
    assert recorded.value("stage_duration_seconds_count", stage="total") == 4


def test_a_goal_without_room_was_not_accepted(recorded: Recorded) -> None:
    """What is refused for pressure is counted, but says nothing about verification or latency; it is our failure all the same."""
    recorded.recorder.verdict("unknown", "overloaded", verified=False, seconds=0.0001)
    assert recorded.kpis.figures().goals == 0
    assert recorded.value("unknown_verdicts_total", reason="overloaded") == 1
    assert recorded.condition.failing == "overloaded"


def test_a_goal_whose_client_left_is_in_neither_count(recorded: Recorded) -> None:
    """Nobody was failed."""
    recorded.recorder.abandoned()
    assert recorded.value("abandoned_goals_total") == 1
    assert recorded.kpis.figures().goals == 0


@pytest.mark.parametrize(
    ("outcomes", "counts", "rate"),
    [
        (["hit", "miss"], [1, 1, 0, 0], 50),
        (["prefetch_hit", "hit", "hit", "miss"], [3, 1, 1, 0], 75),
        (["miss", "joined", "joined", "joined"], [3, 1, 0, 3], 75),
    ],
)
def test_lookups_are_hits_or_misses(recorded: Recorded, outcomes: list[str], counts: list[int], rate: float) -> None:
    """Hits and misses add up to all look-ups, as the manual's request count needs; prefetch hits and joined ones are hits."""
    for outcome in outcomes:
        recorded.recorder.cache(outcome)  # type: ignore[arg-type]
    assert [recorded.value(f"cache_{name}_total") for name in ("hits", "misses", "prefetch_hits", "joined")] == counts
    assert recorded.kpis.figures().cache_hit_rate_percent == rate


def test_pool_events_are_counted_by_cause(recorded: Recorded) -> None:
    """And every cause has a series from the start, so that the first event shows as an increase."""
    assert {recorded.value("session_replacements_total", cause=cause.value) for cause in Cause} == {0}
    recorded.recorder.pool_event(SessionStarted(1, 120.0))
    recorded.recorder.pool_event(SessionReplaced(1, Cause.MEMORY, 17, ""))
    recorded.recorder.pool_event(SessionStartFailed(2, 1, 0.05, "no"))
    assert recorded.value("session_replacements_total", cause="memory") == 1
    assert recorded.value("session_starts_total") == 1
    assert recorded.value("session_start_duration_seconds_sum") == pytest.approx(0.12)
    assert recorded.value("session_start_failures_total") == 1


def test_exactly_one_shared_state_is_on(recorded: Recorded) -> None:
    """The place of shared state is an enumeration."""
    for state in ("redis", "redis-lost", "redis", "local"):
        recorded.recorder.redis(state)  # type: ignore[arg-type]
        series = {one: recorded.value("shared_state", state=one) for one in ("local", "redis", "redis-lost")}
        assert [one for one, value in series.items() if value] == [state]
        assert recorded.condition.redis_state == state

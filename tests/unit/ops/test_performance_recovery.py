"""What a measured load calls for, and what is said of the difference."""

from logos_pxl.ops.performance_recovery import Change, Measurement, Wish, compared, planned
from logos_pxl.ops.report import Status
from logos_pxl.settings import Settings

SETTINGS = Settings(PXL_POOL_SIZE=5, PXL_CACHE_TTL=300)  # type: ignore[call-arg]
NOTHING = Wish(None, None, clients=4, requests=10, seconds=1, dry_run=False)


def load(*latencies_ms: float, busiest: float | None = 10.0) -> Measurement:
    p95 = max(latencies_ms, default=None)
    return Measurement(len(latencies_ms), 0, 0, p50_ms=p95, p95_ms=p95, per_second=10.0, busiest_pool_percent=busiest)


def changes(wish: Wish = NOTHING, busiest: float | None = 10.0, cache: Status = Status.FINE, processors: int = 8) -> dict[str, str]:
    return {
        change.variable: change.after for change in planned(SETTINGS, wish, load(1.0, busiest=busiest), cache=cache, processors=processors)
    }


def test_only_what_the_measurement_calls_for_is_changed() -> None:
    """A full pool grows, up to two sessions for a processor; a cache of few hits keeps longer; else nothing."""
    assert changes() == {}
    assert changes(busiest=None) == {}
    assert changes(busiest=95.0) == {"PXL_POOL_SIZE": "10"}
    assert changes(busiest=95.0, processors=4) == {"PXL_POOL_SIZE": "8"}
    assert changes(busiest=95.0, processors=2) == {}
    assert changes(cache=Status.CRITICAL) == {"PXL_CACHE_TTL": "600"}


def test_what_was_asked_for_is_changed() -> None:
    """Smaller values too; what is so already is no change."""
    assert changes(Wish(3, 60, 4, 10, 1, dry_run=False)) == {"PXL_POOL_SIZE": "3", "PXL_CACHE_TTL": "60"}
    assert changes(Wish(5, 300, 4, 10, 1, dry_run=False)) == {}


def test_a_change_for_the_worse_is_told_with_how_to_undo_it() -> None:
    """Noise is not."""
    change = Change("PXL_POOL_SIZE", "5", "10", "")
    worse, _ = compared(load(10.0), load(50.0), [change])
    assert (worse.status, worse.advice) == (Status.ATTENTION, "undo: pxl ops set PXL_POOL_SIZE=5")
    assert compared(load(10.0), load(14.0), [change])[0].status is Status.FINE
    assert compared(load(50.0), load(10.0), [change])[0].value == -40.0
    assert compared(load(), load(10.0), [change])[0].status is Status.CRITICAL

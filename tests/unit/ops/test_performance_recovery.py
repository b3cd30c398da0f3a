"""What a measurement calls for, and what is said of the difference."""

import psutil
import pytest

from logos_pxl.ops.performance_recovery import Measurement, Wish, compared, planned
from logos_pxl.ops.report import Status
from logos_pxl.settings import Settings

SETTINGS = Settings(PXL_POOL_SIZE=5, PXL_CACHE_TTL=300)  # type: ignore[call-arg]
NOTHING = Wish(None, None, requests=10, dry_run=False)


def measured(p95_ms: float | None = 1.0, busiest: float | None = 10.0) -> Measurement:
    return Measurement(10, 0, 0, p95_ms, busiest)


def changes(wish: Wish = NOTHING, busiest: float | None = 10.0, cache: Status = Status.FINE) -> dict[str, str]:
    return {name: value for name, _, value, _ in planned(SETTINGS, wish, measured(busiest=busiest), cache=cache)}


@pytest.mark.parametrize(("processors", "size"), [(8, {"PXL_POOL_SIZE": "10"}), (4, {"PXL_POOL_SIZE": "8"}), (2, {})])
def test_a_busy_pool_grows(monkeypatch: pytest.MonkeyPatch, processors: int, size: dict[str, str]) -> None:
    """Up to two sessions for a processor."""
    monkeypatch.setattr(psutil, "cpu_count", lambda: processors)
    assert changes(busiest=95.0) == size


def test_only_what_the_measurement_calls_for_is_changed() -> None:
    """A cache of few hits keeps longer; else nothing."""
    assert changes() == {}
    assert changes(busiest=None) == {}
    assert changes(cache=Status.CRITICAL) == {"PXL_CACHE_TTL": "600"}


def test_what_was_asked_for_is_changed() -> None:
    """Smaller values too; a value in force already is no change."""
    assert changes(Wish(3, 60, 10, dry_run=False)) == {"PXL_POOL_SIZE": "3", "PXL_CACHE_TTL": "60"}
    assert changes(Wish(5, 300, 10, dry_run=False)) == {}


def test_a_change_for_the_worse_is_told_with_how_to_undo_it() -> None:
    """Noise is not."""
    worse, _ = compared(measured(10.0), measured(50.0), "PXL_POOL_SIZE=5")
    assert (worse.status, worse.advice) == (Status.ATTENTION, "undo: pxl ops set PXL_POOL_SIZE=5")
    assert compared(measured(10.0), measured(14.0), "PXL_POOL_SIZE=5")[0].status is Status.FINE
    better, summary = compared(measured(50.0), measured(10.0), "PXL_POOL_SIZE=5")
    assert better.value == -40.0
    assert summary == "P95: 50.0 ms before, 10.0 ms after (-40.0 ms); performance is well"
    assert compared(measured(None), measured(10.0), "")[0].status is Status.CRITICAL

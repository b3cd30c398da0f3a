"""The manual's table of indicators."""

import pytest

from logos_pxl.ops.report import Status
from logos_pxl.ops.thresholds import CACHE_HIT_RATE, KPIS, UPTIME, kpi_checks

FINE, ATTENTION, CRITICAL, UNKNOWN = Status.FINE, Status.ATTENTION, Status.CRITICAL, Status.UNKNOWN


@pytest.mark.parametrize(
    ("metric", "values"),
    [
        # Target >= 94 %, critical < 90 %.
        ("logos_pxl_verification_ratio_percent", {100: FINE, 94: FINE, 93.9: ATTENTION, 90: ATTENTION, 89.9: CRITICAL}),
        # Target < 300 ms, critical > 500 ms.
        ("logos_pxl_p95_latency_ms", {0: FINE, 299.9: FINE, 300: ATTENTION, 500: ATTENTION, 500.1: CRITICAL}),
        # Target >= 85 %, critical < 70 %.
        ("logos_pxl_cache_hit_rate_percent", {85: FINE, 84.9: ATTENTION, 70: ATTENTION, 69.9: CRITICAL}),
        # Target < 80 %, critical > 90 %.
        ("logos_pxl_session_pool_utilization_percent", {79: FINE, 80: ATTENTION, 90: ATTENTION, 91: CRITICAL}),
        # Target < 80 %, critical > 95 %.
        ("logos_pxl_memory_usage_percent", {79: FINE, 80: ATTENTION, 95: ATTENTION, 95.1: CRITICAL}),
    ],
)
def test_an_indicator_is_judged_by_the_manuals_table(metric: str, values: dict[float, Status]) -> None:
    """At the target it is as the manual's sign says; past the critical threshold it is critical."""
    [kpi] = [kpi for kpi in KPIS if kpi.metric == metric]
    assert {value: kpi.status(value) for value in values} == values
    events = {"logos_pxl_window_goals": 20, "logos_pxl_window_cache_lookups": 20}
    assert {value: kpi.check({metric: value, **events}).status for value in values} == values


def test_availability_is_judged_too() -> None:
    """Target >= 99.9 %, critical < 99 %."""
    assert [UPTIME.status(value) for value in (100, 99.9, 99.8, 99, 98.9)] == [FINE, FINE, ATTENTION, ATTENTION, CRITICAL]


def test_a_missing_indicator_is_unknown() -> None:
    """Neither fine nor zero."""
    assert {check.status for check in kpi_checks({"logos_pxl_p95_latency_ms": True})} == {UNKNOWN}


def test_an_indicator_that_rests_on_few_goals_is_not_judged() -> None:
    """Two look-ups that found nothing are no trend: shown, with the number that they rest on."""
    metrics = {"logos_pxl_cache_hit_rate_percent": 0, "logos_pxl_window_cache_lookups": 2}
    [check] = [check for check in kpi_checks(metrics) if check.name == "cache hit rate"]
    assert (check.status, check.value) == (FINE, 0)
    assert "rests on 2 events" in check.advice
    assert CACHE_HIT_RATE.judged({**metrics, "logos_pxl_window_cache_lookups": 20}) is CRITICAL

"""Every alert fires when it should, not just below its threshold, not before its time, and ends when its cause does."""

import re
from pathlib import Path
from typing import Any

import pytest
from monitoring.alert_cases import CASES, ELSEWHERE, HERE, JOB, REPLICA, STEP_S, Case
from monitoring.promtool import ALERTS, Expectation, check, fired, firing, seconds

from logos_pxl.ops import thresholds

SEVERITIES = {"critical": "critical", "high": "critical", "medium": "warning", "low": "info"}


def rule_of(case: Case) -> dict[str, Any]:
    """The one rule that the case is about."""
    (found,) = (
        rule
        for rule in ALERTS
        if rule["alert"] == case.alert and all(rule["labels"].get(name) == value for name, value in case.rule.items())
    )
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_alert_fires_and_ends(case: Case, tmp_path: Path) -> None:
    """Not once while all is nearly bad; not before its time; then with its labels; and no more when it is over."""
    rule = rule_of(case)
    alert = firing(case.alert, **rule["labels"])
    patience_s = seconds(rule.get("for", "0s"))
    begins_s, fires_s = case.edge_s, case.edge_s + patience_s + case.delay_s
    step_s = case.step_s
    ends_s = fires_s + step_s
    clear_s = ends_s + case.clears_s + step_s
    steps = (begins_s // step_s, (ends_s - begins_s) // step_s, case.clears_s // step_s + 4, step_s)
    expectations = [
        Expectation(begins_s - step_s, f"count_over_time({alert}[{begins_s}s])", []),
        Expectation(fires_s, alert, fired(rule, dict(case.labels))),
        Expectation(clear_s, alert, []),
    ]
    if patience_s:
        expectations.append(Expectation(begins_s + patience_s - step_s, alert, []))
    check(tmp_path, [case.alert], {name: values.samples(*steps) for name, values in case.series.items()}, expectations, interval_s=step_s)


def test_every_alert_has_its_case() -> None:
    """None is untested, and none is tested that is not there."""
    assert {case.alert for case in CASES} | ELSEWHERE == {rule["alert"] for rule in ALERTS}
    with_cases = [rule_of(case) for case in CASES]
    left = [rule for rule in ALERTS if rule["alert"] not in ELSEWHERE and rule not in with_cases]
    assert [rule for rule in left if rule["alert"] != "TargetMissed" or rule["labels"]["indicator"] != "uptime"] == []


@pytest.mark.parametrize("away_s", [-11, 11])
def test_a_wrong_clock_is_told(away_s: int, tmp_path: Path) -> None:
    """Ten seconds are borne, more are not, whichever way; Prometheus' own time is that of the samples."""
    steps = 60
    series = {
        f"logos_pxl_time_seconds{{{HERE}}}": [step * STEP_S + (away_s if 20 <= step < 40 else 9) for step in range(steps)],
    }
    rule = next(rule for rule in ALERTS if rule["alert"] == "ClockSkew")
    alert = firing("ClockSkew")
    checks = [
        Expectation(19 * STEP_S, alert, []),
        Expectation(27 * STEP_S, alert, []),
        Expectation(30 * STEP_S, alert, fired(rule, REPLICA)),
    ]
    check(tmp_path, ["ClockSkew"], series, [*checks, Expectation(45 * STEP_S, alert, [])])


def test_the_watchdog_always_fires(tmp_path: Path) -> None:
    """With nothing to look at too."""
    rule = next(rule for rule in ALERTS if rule["alert"] == "Watchdog")
    check(tmp_path, ["Watchdog"], {}, [Expectation(at, firing("Watchdog"), fired(rule, {})) for at in (0, 600)])


DAY_STEPS = 24 * 12
"""Of five minutes each."""


@pytest.mark.parametrize(
    ("down_steps", "alerts"),
    [(0, set()), (2, {"TargetMissed"}), (20, {"TargetMissed", "UptimeLow"})],
    ids=["never down", "ten minutes down", "100 minutes down"],
)
def test_uptime_is_judged_by_its_days(down_steps: int, alerts: set[str], tmp_path: Path) -> None:
    """Of five days, ten minutes are more than a thousandth, a hundred minutes more than a hundredth."""
    days = 5 * DAY_STEPS
    ready = [1.0] * (2 * DAY_STEPS) + [0.0] * down_steps + [1.0] * (days - down_steps)
    expectations = []
    for name in ("TargetMissed", "UptimeLow"):
        (rule,) = (rule for rule in ALERTS if rule["alert"] == name and rule["labels"].get("indicator") == "uptime")
        answer = fired(rule, JOB) if name in alerts else []
        expectations.append(Expectation(5 * 86_400, firing(name, indicator="uptime"), answer))
    check(
        tmp_path,
        ["TargetMissed", "UptimeLow"],
        {f"logos_pxl_ready{{{HERE}}}": ready, f"up{{{HERE}}}": [1.0] * len(ready)},
        expectations,
        interval_s=300,
    )


def test_a_new_installation_has_no_uptime_to_miss(tmp_path: Path) -> None:
    """In the first day a slow start is not held against it."""
    series = {f"logos_pxl_ready{{{HERE}}}": [0.0] * 12 + [1.0] * 200}
    check(
        tmp_path,
        ["TargetMissed", "UptimeLow"],
        series,
        [Expectation(at, 'ALERTS{indicator="uptime"}', []) for at in (3600, 50_000)],
        interval_s=300,
    )


# What the operations manual says.


@pytest.mark.parametrize(
    ("alert", "condition", "patience", "severity"),
    [
        ("VerificationRatioLow", "logos_pxl_verification_ratio_percent < 90", "1m", "critical"),
        ("HighLatencyP95", "logos_pxl_p95_latency_ms > 300", "2m", "warning"),
        ("SessionPoolSaturated", "(logos_pxl_session_pool_busy / logos_pxl_session_pool_total) > 0.9", "30s", "warning"),
    ],
)
def test_the_manuals_alerts_are_as_it_has_them(alert: str, condition: str, patience: str, severity: str) -> None:
    """Name, condition, time and severity."""
    (rule,) = (rule for rule in ALERTS if rule["alert"] == alert)
    assert rule["expr"].startswith(condition)
    assert (rule["for"], rule["labels"]["severity"]) == (patience, severity)


def test_thresholds_are_those_of_the_manual() -> None:
    """One source states them for commands and alerts: targets are low, critical thresholds are as the table of severities has them."""
    found: dict[str, set[float]] = {}
    for rule in ALERTS:
        indicator = rule["labels"].get("indicator", "")
        threshold = re.search(r"(?:percent|ms|total\)|avg30d) (?:<|>|>=) ([0-9.]+)", rule["expr"])
        if threshold and not indicator.startswith("budget"):
            found.setdefault(indicator, set()).add(float(threshold[1]))
    ratio, latency, pool = thresholds.VERIFICATION_RATIO, thresholds.P95_LATENCY, thresholds.POOL_UTILIZATION
    assert found == {
        "verification-ratio": {ratio.target, ratio.critical, thresholds.SEVERITY_CRITICAL_RATIO_PERCENT},
        "latency": {latency.target, latency.critical},
        "cache-hit-rate": {thresholds.CACHE_HIT_RATE.target, thresholds.CACHE_HIT_RATE.critical},
        "session-pool": {pool.target / 100, pool.critical / 100},
        "memory": {thresholds.MEMORY_USAGE.target, thresholds.MEMORY_USAGE.critical},
        "uptime": {round(thresholds.UPTIME.target / 100, 9), thresholds.UPTIME.critical / 100},
    }


@pytest.mark.parametrize(
    ("alert", "level"),
    [
        ("ServiceDown", "critical"),
        ("VerificationRatioCritical", "critical"),
        ("HighLatencyP95Critical", "high"),
        ("VerificationRatioLow", "high"),
        ("HighLatencyP95", "medium"),
        ("CacheHitRateLow", "medium"),
        ("TargetMissed", "low"),
    ],
)
def test_levels_are_those_of_the_manuals_table(alert: str, level: str) -> None:
    """Critical: system down, ratio < 85 %. High: P95 > 500 ms, ratio < 90 %. Medium: P95 > 300 ms, hit rate < 70 %. Low: minor."""
    assert {rule["labels"]["level"] for rule in ALERTS if rule["alert"] == alert} == {level}


def test_every_alert_says_how_bad_it_is_and_whose_matter() -> None:
    """Level, the severity that belongs to it, incident type; a summary, a description, a runbook."""
    for rule in ALERTS:
        labels, annotations = rule["labels"], rule["annotations"]
        assert annotations.keys() == {"summary", "description", "runbook_url"}, rule
        assert annotations["runbook_url"] == f"docs/runbooks/{rule['alert']}.md"
        if rule["alert"] == "Watchdog" or "escalation" in labels:
            continue
        assert labels["severity"] == SEVERITIES[labels["level"]], rule
        assert labels["incident"] in {"system-down", "security-breach", "performance-degradation", "data-loss"}, rule

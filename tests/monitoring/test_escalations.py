"""Alerts that nobody mends go to the secondary, and then to the manager."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from monitoring.alert_cases import GOALS, HERE, HITS, LATENCY, LOOKUPS, MEMORY, REPLICA
from monitoring.promtool import ALERTS, Expectation, check, fired, firing


@dataclass(frozen=True)
class Stays:
    """An alert that stays: the indicator that tells its rule, series with their bad and their good value, and the manual's time."""

    alert: str
    indicator: str
    series: Mapping[str, tuple[float, float]]
    after_s: int


CASES = {
    "high": Stays("HighLatencyP95Critical", "latency", {LATENCY: (600, 100), GOALS: (1000, 1000)}, 1800),
    "medium": Stays("CacheHitRateLow", "cache-hit-rate", {HITS: (10, 100), LOOKUPS: (1000, 1000)}, 7200),
    "low": Stays("TargetMissed", "memory", {MEMORY: (85, 20)}, 28_800),
}
STEP_S = 60


@pytest.mark.parametrize("level", CASES)
def test_an_alert_that_stays_escalates(level: str, tmp_path: Path) -> None:
    """After the manual's time the secondary is told, after as much again the manager; both end with the alert."""
    case = CASES[level]
    ends_s = 2 * case.after_s + 600
    series = {name: [bad] * (ends_s // STEP_S) + [good] * 20 for name, (bad, good) in case.series.items()}
    (rule,) = (rule for rule in ALERTS if rule["alert"] == case.alert and rule["labels"]["indicator"] == case.indicator)

    def told(at_s: int, who: str, *, fires: bool) -> Expectation:
        name = f"EscalatedTo{who.title()}"
        labels = {**REPLICA, **rule["labels"], "escalates": case.alert, "escalation": who}
        escalation = {"alert": name, "labels": labels}
        return Expectation(at_s, firing(name), fired(escalation, {}) if fires else [])

    late_s = 2 * STEP_S
    expectations = [
        told(case.after_s - STEP_S, "secondary", fires=False),
        told(case.after_s + late_s, "secondary", fires=True),
        told(2 * case.after_s - STEP_S, "manager", fires=False),
        told(2 * case.after_s + late_s, "manager", fires=True),
        told(2 * case.after_s + late_s, "secondary", fires=True),
        Expectation(ends_s + 10 * STEP_S, 'ALERTS{escalation!=""}', []),
    ]
    check(tmp_path, [case.alert], series, expectations, interval_s=STEP_S, also="escalation.yml")


def test_an_alert_that_comes_and_goes_does_not_escalate(tmp_path: Path) -> None:
    """The time begins anew with each."""
    up = [1.0, *[0.0] * 20] * 10
    series = {f"up{{{HERE}}}": up, 'up{job="logos-pxl",instance="other"}': [1.0] * len(up)}
    check(
        tmp_path,
        ["InstanceDown"],
        series,
        [Expectation(len(up) * 60 - 60, 'count_over_time(ALERTS{escalation!=""}[4h])', [])],
        interval_s=60,
        also="escalation.yml",
    )


def test_critical_alerts_need_no_escalation(tmp_path: Path) -> None:
    """They are everybody's at once; see the routes."""
    check(
        tmp_path,
        ["ServiceDown"],
        {f"up{{{HERE}}}": [0.0] * 200},
        [Expectation(12_000, 'ALERTS{escalation!="",level="critical"}', [])],
        interval_s=60,
        also="escalation.yml",
    )

"""Alerts that nobody mends go to the secondary, and then to the manager."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from e2e.running import free_port
from monitoring.alert_cases import GOALS, HERE, HITS, LATENCY, LOOKUPS, MEMORY, REPLICA
from monitoring.promtool import ALERTS, FOLDER, Expectation, check, fired, firing
from prometheus_server import running_prometheus


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


@pytest.mark.parametrize(("pause_steps", "escalates"), [(5, True), (15, False)])
def test_a_short_pause_does_not_set_the_time_back(pause_steps: int, escalates: bool, tmp_path: Path) -> None:
    """An alert that comes and goes within ten minutes is one that stays; after a longer pause it is another."""
    series = {LATENCY: ([600.0] * 20 + [100.0] * pause_steps) * 6, GOALS: [1000.0] * 6 * (20 + pause_steps)}
    begins_s = 2 * (20 + pause_steps) * STEP_S
    query = 'count(max_over_time(ALERTS{alertname="EscalatedToSecondary",alertstate="firing"}[2h]))'
    expectation = Expectation(begins_s + 10 * STEP_S, query, [({}, 1.0)] if escalates else [])
    check(tmp_path, ["HighLatencyP95Critical"], series, [expectation], interval_s=STEP_S, also="escalation.yml")


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


def test_a_restart_of_prometheus_does_not_set_the_time_back(tmp_path: Path) -> None:
    """It takes the alert for a new one, and knows all the same when it began."""
    always = {"alert": "Always", "expr": "vector(1)", "labels": {"level": "high", "incident": "system-down"}}
    (tmp_path / "always.yml").write_text(json.dumps({"groups": [{"name": "always", "rules": [always]}]}))
    (tmp_path / "escalation.yml").symlink_to(FOLDER / "escalation.yml")
    configuration = {"global": {"evaluation_interval": "200ms"}, "rule_files": ["always.yml", "escalation.yml"]}
    began = {}
    for run in ("first", "second"):
        started_s = time.time()
        with running_prometheus(tmp_path, free_port(), configuration) as prometheus:
            # What the first left is there too, and what is known is restored with the second evaluation.
            for series in ("ALERTS_FOR_STATE", "alert:logos_pxl_began:min"):
                evaluated = f"timestamp({series}) > {started_s + 2}"
                prometheus.eventually(lambda query=evaluated: prometheus.values(query) != [])
            began[run] = (prometheus.values("alert:logos_pxl_began:min"), prometheus.values("ALERTS_FOR_STATE"))
        time.sleep(1.1)
    assert began["first"][0] == began["second"][0]
    assert began["first"][1] < began["second"][1], "Prometheus itself has forgotten"

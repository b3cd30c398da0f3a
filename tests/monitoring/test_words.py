"""What an alert says to whom it wakes: every annotation, filled in by a real Prometheus."""

import functools
import json
import re
from pathlib import Path
from typing import Any

from e2e.running import free_port
from monitoring.alert_cases import CASES, JOB, REPLICA, Case
from monitoring.promtool import ALERTS
from prometheus_server import running_prometheus

ESCALATED = {**REPLICA, "escalates": "ServiceRestarting", "level": "high", "incident": "system-down"}
OTHERS = {
    "ClockSkew": REPLICA,
    "UptimeLow": JOB,
    "Watchdog": {},
    "ErrorBudgetBurn": {**JOB, "slo": "goals"},
    "EscalatedToSecondary": ESCALATED,
    "EscalatedToManager": ESCALATED,
    "TargetMissed": JOB,
}


def labels_of(rule: dict[str, Any]) -> dict[str, str]:
    """Those that its series give it."""
    cases = [case for case in CASES if case.alert == rule["alert"] and fits(case, rule)]
    return dict(cases[0].labels if cases else OTHERS[rule["alert"]])


def fits(case: Case, rule: dict[str, Any]) -> bool:
    return all(rule["labels"].get(name) == value for name, value in case.rule.items())


def at_once(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule with a condition that always holds, with the same labels and the value 0.25."""
    expression = functools.reduce(
        lambda inner, label: f'label_replace({inner}, "{label[0]}", "{label[1]}", "", "")', labels_of(rule).items(), "vector(0.25)"
    )
    return {**{name: value for name, value in rule.items() if name != "for"}, "expr": expression}


def test_every_alert_speaks_in_whole_sentences(tmp_path: Path) -> None:
    """No hole where a label should stand, no error, no number that nobody can read; and each says where, when it is about one replica."""
    rules = [{**at_once(rule), "alert": f"{rule['alert']}{number}"} for number, rule in enumerate(ALERTS)]
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "all", "rules": rules}]}))
    configuration = {"global": {"evaluation_interval": "200ms"}, "rule_files": ["rules.yml"]}
    with running_prometheus(tmp_path, free_port(), configuration) as prometheus:
        prometheus.eventually(lambda: len(prometheus.alerts("firing")) == len(ALERTS))
        alerts = prometheus.ask("alerts")["alerts"]
    for alert in alerts:
        texts = alert["annotations"].values()
        assert [text for text in texts if re.search(r"<|%!|NaN|\{\{|  | $|\(\)", text)] == []
        if "instance" in alert["labels"] and "escalates" not in alert["labels"]:
            assert any(alert["labels"]["instance"] in text for text in texts), alert


def test_annotations_name_only_labels_that_are_there() -> None:
    """A label of the rule itself is none of its series: Prometheus would leave a hole."""
    for rule in ALERTS:
        named = {name for text in rule["annotations"].values() for name in re.findall(r"\$labels\.(\w+)", text)}
        assert named <= labels_of(rule).keys(), rule["alert"]

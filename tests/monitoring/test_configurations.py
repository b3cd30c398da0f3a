"""The configurations as their own tools read them: Prometheus', Alertmanager's, Grafana's."""

import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from e2e.running import ROOT
from monitoring.promtool import ALERTS, FOLDER, MONITORING, RULES, rules

ALERTMANAGER = MONITORING / "alertmanager" / "alertmanager.yml"
DASHBOARDS = sorted((MONITORING / "grafana" / "dashboards").glob("*.json"))

# The operations manual's escalation matrix.
MATRIX = {
    "system-down": ("devops-lead", "senior-engineer", "engineering-manager"),
    "security-breach": ("security-engineer", "ciso", "director-of-security"),
    "performance-degradation": ("platform-engineer", "devops-lead", "engineering-manager"),
    "data-loss": ("senior-engineer", "architect", "cto"),
}
RESPONSE_TIMES = {"critical": "5m", "high": "15m", "medium": "1h", "low": "4h"}


def ran(*command: str) -> str:
    """What a tool says; it must not fail."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def receivers(**labels: str) -> list[str]:
    """Who is told of an alert with these labels, by amtool."""
    named = [f"{name}={value}" for name, value in labels.items()]
    return ran("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *named).strip().split(",")


def test_prometheus_accepts_its_configuration() -> None:
    """With all its rules."""
    said = ran("promtool", "check", "config", str(MONITORING / "prometheus" / "prometheus.yml"))
    assert said.count(" rules found") == len(RULES) >= 4


def test_rules_are_written_as_promtool_wants_them() -> None:
    """Its lints are errors here."""
    ran("promtool", "check", "rules", "--lint=all", "--lint-fatal", *map(str, RULES))


def test_the_operator_gets_the_same_rules(tmp_path: Path) -> None:
    """The object for Kubernetes holds every group, and promtool accepts what is in it."""
    made = yaml.safe_load(ran(sys.executable, str(MONITORING / "prometheus" / "kubernetes_rules.py")))
    (tmp_path / "rules.yml").write_text(json.dumps(made["spec"]))
    assert f"{len(ALERTS) + len(rules(alerts=False))} rules found" in ran("promtool", "check", "rules", str(tmp_path / "rules.yml"))


def test_prometheus_scrapes_every_replica_by_itself() -> None:
    """Each address behind the service's name is a target, under the job that the rules know."""
    configuration = yaml.safe_load((MONITORING / "prometheus" / "prometheus.yml").read_text())
    (job,) = (job for job in configuration["scrape_configs"] if job["job_name"] == "logos-pxl")
    (found,) = job["dns_sd_configs"]
    assert (found["names"], found["type"], found["port"]) == (["pxl-prover"], "A", 8088)
    monitor = yaml.safe_load((ROOT / "kubernetes" / "base" / "monitor.yaml").read_text())
    assert {"targetLabel": "job", "replacement": "logos-pxl"} in monitor["spec"]["endpoints"][0]["relabelings"]
    assert all('job="logos-pxl"' in rule["expr"] for rule in ALERTS if rule["alert"] in {"ServiceDown", "InstanceDown"})


def test_alertmanager_accepts_its_configuration() -> None:
    """And knows a receiver for each role of the matrix."""
    said = ran("amtool", "check-config", str(ALERTMANAGER))
    assert "10 receivers" in said


@pytest.mark.parametrize("level", RESPONSE_TIMES)
@pytest.mark.parametrize("incident", MATRIX)
def test_each_incident_goes_to_whom_the_matrix_names(incident: str, level: str) -> None:
    """Critical ones to all three at once, the others to the primary."""
    primary, secondary, manager = MATRIX[incident]
    told = [primary, secondary, manager] if level == "critical" else [primary]
    assert receivers(incident=incident, level=level, alertname="Any") == told


@pytest.mark.parametrize("incident", MATRIX)
def test_escalations_go_up(incident: str) -> None:
    """To the secondary and to the manager, whatever the level."""
    _, secondary, manager = MATRIX[incident]
    assert receivers(incident=incident, level="high", escalation="secondary") == [secondary]
    assert receivers(incident=incident, level="low", escalation="manager") == [manager]


def test_what_no_route_knows_is_not_lost() -> None:
    """Somebody is told; the heartbeat goes where heartbeats go."""
    assert receivers(alertname="Unforeseen") == ["devops-lead"]
    assert receivers(alertname="Watchdog", severity="none") == ["heartbeat"]


def test_every_alert_reaches_a_role_of_its_matrix() -> None:
    """By the labels of its rule, with nothing made up."""
    told = {}
    for labels in {tuple(sorted(rule["labels"].items())): rule["labels"] for rule in ALERTS if "incident" in rule["labels"]}.values():
        chosen = {name: labels[name] for name in ("incident", "level")}
        key = tuple(chosen.values())
        told[key] = told.get(key) or receivers(**chosen)
        assert set(told[key]) <= set(MATRIX[labels["incident"]])


def test_reminders_come_at_the_response_time() -> None:
    """An alert that nobody mends or silences is told again after the manual's time for its level."""
    route = yaml.safe_load(ALERTMANAGER.read_text())["route"]
    found = {}
    for one in route["routes"]:
        (matcher,) = one["matchers"]
        if matcher.startswith("level="):
            found[matcher.split('"')[1]] = one["repeat_interval"]
    assert found == RESPONSE_TIMES


def test_no_secret_stands_in_the_file() -> None:
    """Keys and addresses that are secret are named by their files."""
    for receiver in yaml.safe_load(ALERTMANAGER.read_text())["receivers"]:
        for kind in ("pagerduty_configs", "slack_configs"):
            for one in receiver.get(kind, ()):
                secret = "routing_key_file" if kind == "pagerduty_configs" else "api_url_file"
                assert one[secret] == f"/etc/alertmanager/secrets/{receiver['name']}-{kind.removesuffix('_configs')}"
                assert not {"routing_key", "service_key", "api_url"} & one.keys()


# Grafana.


def panels(file: Path) -> list[dict[str, Any]]:
    """All panels of a dashboard, rows left out."""
    return [panel for panel in json.loads(file.read_text())["panels"] if panel["type"] != "row"]


def test_the_dashboard_is_what_its_program_prints() -> None:
    """Nobody has changed one without the other."""
    made = ran(sys.executable, str(MONITORING / "grafana" / "operators.py"))
    assert (MONITORING / "grafana" / "dashboards" / "operators.json").read_text() == made


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_panels_are_whole_and_do_not_overlap(file: Path) -> None:
    """Each has a number of its own, a title, a unit, a query, and its place within the 24 columns."""
    everything = json.loads(file.read_text())["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken: set[tuple[int, int]] = set()
    for panel in everything:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    for panel in panels(file):
        assert panel["title"]
        assert panel["targets"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        steps = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
        assert steps[0] is None
        assert all(low <= high for low, high in pairwise(steps[1:])), panel["title"]


def test_grafana_finds_what_is_provisioned() -> None:
    """The data source that panels ask by default, and a folder of dashboards."""
    folder = MONITORING / "grafana" / "provisioning"
    sources = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert {"prometheus", "alertmanager"} == {source["uid"] for source in sources}
    for file in DASHBOARDS:
        chosen = json.loads(file.read_text())["templating"]["list"][0]
        assert (chosen["type"], chosen["current"]["value"]) == ("datasource", "prometheus")
    (provider,) = yaml.safe_load((folder / "dashboards" / "pxl.yml").read_text())["providers"]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"


def test_every_recorded_series_that_is_asked_for_is_recorded() -> None:
    """Names with colons, in rules and panels alike."""
    recorded = {
        rule["record"]
        for file in RULES
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    texts = [file.read_text() for file in (*RULES, *DASHBOARDS)]
    asked = {name for text in texts for name in re.findall(r"\b[a-z_]+:logos_pxl_\w+:\w+", text)}
    assert asked == recorded
    assert (FOLDER / "recording.yml").is_file()

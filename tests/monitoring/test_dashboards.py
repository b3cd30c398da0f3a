"""Every query of every panel, and every series that an alert asks for, in a real Prometheus that scraped the real service at work."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from e2e.running import HARD, Server
from monitoring.installation import Installation, slow
from monitoring.promtool import ALERTS, MONITORING, rules
from prometheus_server import Prometheus

DASHBOARDS = sorted((MONITORING / "grafana" / "dashboards").glob("*.json"))


def queries(file: Path) -> Iterator[tuple[str, str]]:
    """Title and query of all panels, as Grafana sends them; a panel that is repeated has one for each value of its variable."""
    dashboard = json.loads(file.read_text())
    stages = next(one["query"].split(",") for one in dashboard["templating"]["list"] if one["name"] == "stage")
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            query = target["expr"].replace("$instance", ".+").replace("$__rate_interval", "20s")
            for stage in stages if "$stage" in query else [""]:
                yield panel["title"].replace("$stage", stage), query.replace("$stage", stage)


PANELS = [(file.stem, title, query) for file in DASHBOARDS for title, query in queries(file)]


def work(server: Server) -> None:
    """A morning's requests: goals of every kind by every door, some again, some malformed, too hard or too late."""
    for number in range(10):
        for goal in (f"BOX(d{number} -> d{number})", f"BOX(d{number} -> d{number})", f"d{number} -> BOX(d{number})", "BOX("):
            server.prove(goal)
    server.prove(slow(1), timeout_ms=60_000)
    server.prove(HARD, timeout_ms=50)
    server.client.post("/prove/batch", json={"goals": ["A -> A", "A -> BOX(A)"]})
    job = server.client.post("/prove", json={"goal": "BOX(B -> B)"}, headers={"Prefer": "respond-async"})
    assert server.client.get(job.headers["Location"], headers={"Prefer": "wait=20"}).json()["status"] == "done"


@pytest.fixture(scope="module")
def prometheus(running: Installation) -> Prometheus:
    """It has scraped the service before, during and after its work, and recorded what rules record."""
    prometheus = running.prometheus
    verdicts = 'sum(increase(logos_pxl_verdicts_total{verdict="invalid"}[20s])) > 5'
    # A series that a client's fault makes shows an increase with the second fault that is scraped.
    running.server.prove("BOX(")
    prometheus.eventually(lambda: prometheus.values('logos_pxl_rejections_total{reason="malformed-goal"}') != [])
    work(running.server)
    prometheus.eventually(lambda: len(prometheus.values(verdicts)) == 1)
    prometheus.eventually(lambda: len(prometheus.values('job_slo:logos_pxl_error_budget:remaining30d{slo="goals"}')) == 1)
    return prometheus


@pytest.mark.parametrize(("dashboard", "title", "query"), PANELS, ids=lambda value: re.sub(r"\W+", "-", value)[:60])
def test_no_panel_is_empty(prometheus: Prometheus, dashboard: str, title: str, query: str) -> None:
    """Each query gives numbers."""
    values = prometheus.values(query)
    assert [value for value in values if not math.isnan(value)], f"{dashboard}: {title}"


def test_panels_show_what_was_done(prometheus: Prometheus) -> None:
    """What must be more than nothing after such a morning is."""
    shown = {title: prometheus.values(query) for _, title, query in PANELS}
    for title in ("Verdicts by kind", "Refusals by reason", "Goals a second", "95th percentile by stage", "Durations of the stage kernel"):
        assert any(value > 0 for value in shown[title]), title
    assert shown["Replicas ready"] == [1]
    assert shown["Soundness alarms"] == [0]


def selectors(expression: str) -> set[str]:
    """The scraped series that an expression asks for, with their matchers."""
    found = re.findall(r"(?<![:\w])((?:logos_pxl_|process_|prometheus_|alertmanager_|up\b)\w*)(?![:\w])(\{[^}]*\})?", expression)
    return {name + matchers for name, matchers in found}


def asked() -> dict[str, str]:
    """Every selector of every rule, and a rule that has it."""
    both: list[dict[str, Any]] = [*ALERTS, *rules(alerts=False)]
    return {selector: rule.get("alert") or rule["record"] for rule in both for selector in selectors(rule["expr"])}


def test_every_series_that_a_rule_asks_for_is_there(prometheus: Prometheus) -> None:
    """Metrics and label values exist from the start: an alert on a misspelt one would never fire."""
    missing = {selector: rule for selector, rule in asked().items() if not prometheus.values(f"count({selector})")}
    assert missing == {}


def test_every_label_value_that_a_rule_names_is_there(prometheus: Prometheus) -> None:
    """Also each of several that a matcher gives as alternatives."""
    missing = set()
    for selector in asked():
        for label, operator, values in re.findall(r'(\w+)(=~|=)"([\w|-]+)"', selector):
            name = selector.partition("{")[0]
            missing |= {
                (name, label, value)
                for value in (values.split("|") if operator == "=~" else [values])
                if not prometheus.values(f'count({name}{{{label}="{value}"}})')
            }
    assert missing == set()

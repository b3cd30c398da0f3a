"""The operations manual's tables are those of the code: thresholds, escalation, scripts."""

import re

from documents.blocks import ROOT

from logos_pxl.ops.thresholds import KPIS, UPTIME, Kpi

INDEX = (ROOT / "docs" / "operations" / "index.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The rows of the first table below the heading, without its head."""
    table = INDEX.partition(f"{heading}\n")[2]
    lines = re.search(r"(?m)^\|.*\n\| --- .*\n((?:\|.*\n)+)", table)
    assert lines is not None, heading
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[1].splitlines()]


def shown(kpi: Kpi) -> list[str]:
    target, critical = kpi.wanted.split(", critical ")
    return [kpi.name, target, critical]


def test_the_indicators_have_the_thresholds_of_the_code() -> None:
    """Each indicator with its target and its critical threshold, and no other."""
    assert sorted(row[:3] for row in rows("## Indicators and thresholds")) == sorted(shown(kpi) for kpi in (*KPIS, UPTIME))


def test_each_indicators_metric_is_the_one_that_is_judged() -> None:
    """Availability is told over time, and not by one value."""
    metrics = {row[0]: row[4] for row in rows("## Indicators and thresholds")}
    for kpi in KPIS:
        assert metrics[kpi.name] == f"`{kpi.metric}`"


def test_every_script_has_its_time_or_its_place() -> None:
    """Each script of scripts/ stands on the page."""
    scripts = sorted(f"scripts/{path.name}" for path in (ROOT / "scripts").glob("*.sh"))
    assert len(scripts) >= 8
    assert [script for script in scripts if script not in INDEX] == []


def test_the_escalation_matrix_is_alertmanagers() -> None:
    """Whom to call: as the head of alertmanager.yml, whose routes another test holds to it."""
    head = (ROOT / "monitoring" / "alertmanager" / "alertmanager.yml").read_text()
    for row in rows("Whom to call:"):
        kind = row[0].replace(" or corruption", "").replace(" ", "-")
        assert re.search(rf"^#   {kind} +" + r" +".join(map(re.escape, row[1:])) + "$", head, re.MULTILINE), row

"""Runbooks say what the rules say. Their commands are run by tests/documents, like those of every page."""

import re
from pathlib import Path
from typing import Any

import pytest
from e2e.running import ROOT
from monitoring.promtool import ALERTS
from monitoring.test_configurations import MATRIX, RESPONSE_TIMES

RUNBOOKS = ROOT / "docs" / "runbooks"
NAMES = sorted({rule["alert"] for rule in ALERTS})
HEADINGS = ["Symptom", "What users feel", "Check", "Act", "Escalate", "Afterwards"]
WORDS = {"5m": "5 minutes", "15m": "15 minutes", "1h": "an hour", "4h": "4 hours"}


def rules_of(name: str) -> list[dict[str, Any]]:
    return [rule for rule in ALERTS if rule["alert"] == name]


def spoken(role: str) -> str:
    """A receiver's name as people say it."""
    known = {"ciso": "CISO", "cto": "CTO", "devops-lead": "DevOps Lead", "director-of-security": "Director of Security"}
    return known.get(role, role.replace("-", " ").title())


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    """By name."""
    assert sorted(file.stem for file in RUNBOOKS.glob("*.md") if file.stem != "index") == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_all_parts_in_order(name: str) -> None:
    """Symptom, what it means to users, how to check, what to do, whom to call, what to do afterwards; something to run or to ask in it."""
    text = (RUNBOOKS / f"{name}.md").read_text()
    assert text.startswith(f"# {name}\n")
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    assert parts[1::2] == HEADINGS
    assert all(part.strip() for part in parts[2::2])
    assert re.search(r"^ *```(console|promql)", parts[parts.index("Check") + 1], re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_those_whom_the_matrix_names(name: str) -> None:
    """For each level and incident type that the alert has, with the manual's times."""
    text = (RUNBOOKS / f"{name}.md").read_text().partition("## Escalate")[2]
    for rule in rules_of(name):
        level, incident = rule["labels"].get("level"), rule["labels"].get("incident")
        if level is None or incident is None:
            continue
        (line,) = (line for line in text.splitlines() if line.startswith(f"Level **{level}**, incident **{incident}**:"))
        roles = [spoken(role) for role in MATRIX[incident]]
        places = [line.index(role) for role in roles]
        assert places == sorted(places)
        assert f"Begin within {WORDS[RESPONSE_TIMES[level]]}." in line


def test_the_table_of_alerts_is_that_of_the_rules() -> None:
    """docs/operations/monitoring.md: times, levels and incident types."""
    text = (ROOT / "docs" / "operations" / "monitoring.md").read_text()
    found = {
        match[1]: [set(cell.split(", ")) for cell in match[2].split(" | ")[1:]]
        for match in re.finditer(r"^\| \[([A-Z]\w+)\]\(\.\./runbooks/\w+\.md\) \| (.+) \|$", text, re.MULTILINE)
    }
    wanted = {}
    for name in NAMES:
        rules = rules_of(name)
        columns = (("for", "at once"), ("level", "none"), ("incident", "none"))
        wanted[name] = [{{**rule, **rule["labels"]}.get(column, default) for rule in rules} for column, default in columns]
    assert found == {name: cells for name, cells in wanted.items() if not name.startswith("Escalated")}


def test_what_runbooks_look_for_in_logs_is_written_there() -> None:
    """Each phrase that a page greps for stands in the sources that write it."""
    sources = "".join(file.read_text() for file in Path(ROOT / "src" / "logos_pxl").rglob("*.py"))
    pages = "".join((RUNBOOKS / f"{name}.md").read_text() for name in NAMES)
    phrases = set(re.findall(r'grep "([^"]+)" logs/', pages))
    assert phrases >= {"could not be kept", "is damaged", "HMAC authentication failed", "Nonce reused"}
    assert {phrase for phrase in phrases if phrase not in sources} == {" 401 "}, "a status is written as a number"

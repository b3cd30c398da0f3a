"""What a real Alertmanager silences, by the labels of the rules: symptoms of what was told already, and never somebody else's matter."""

import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx2
import pytest
from alertmanager_server import running_alertmanager
from e2e.running import ROOT, free_port
from monitoring.alert_cases import JOB, REPLICA
from monitoring.installation import quick_alertmanager
from monitoring.promtool import ALERTS

ELSEWHERE = {"job": "prometheus", "instance": "localhost:9090"}


def firing(name: str, *, series: dict[str, str] | None = None, **chosen: str) -> dict[str, str]:
    """The labels of an alert as it reaches Alertmanager; ``chosen`` tells its rule from others of its name."""
    rule = next(rule for rule in ALERTS if rule["alert"] == name and all(rule["labels"].get(key) == value for key, value in chosen.items()))
    return {"alertname": name, **(REPLICA if series is None else series), **rule["labels"]}


def escalated(labels: dict[str, str]) -> dict[str, str]:
    """The escalation of an alert."""
    return {**labels, "alertname": "EscalatedToSecondary", "escalates": labels["alertname"], "escalation": "secondary"}


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """One with the routes and the inhibitions of monitoring/, whose messages reach nobody."""
    folder = tmp_path_factory.mktemp("alertmanager")
    with running_alertmanager(folder, free_port(), quick_alertmanager(folder, f"http://127.0.0.1:{free_port()}")) as client:
        yield client


def post(alertmanager: httpx2.Client, alerts: list[dict[str, str]], **times: str) -> None:
    """Tell Alertmanager of alerts."""
    posted = alertmanager.post("/api/v2/alerts", json=[{"labels": labels, **times} for labels in alerts])
    assert posted.status_code == 200, posted.text


def told_to_nobody(alertmanager: httpx2.Client) -> list[dict[str, str]]:
    """The alerts that are silenced by others now."""
    return [alert["labels"] for alert in alertmanager.get("/api/v2/alerts").json() if alert["status"]["inhibitedBy"]]


def silenced(alertmanager: httpx2.Client, alerts: list[dict[str, str]]) -> list[bool]:
    """Which of several alerts that fire at once are told to nobody."""
    last = {"job": f"after {len(alertmanager.get('/api/v2/alerts').json())}"}
    symptom = firing("InstanceDown", series=last)
    post(alertmanager, alerts)
    # Alerts are taken in order: when the last one silences its symptom, those before it have been considered.
    post(alertmanager, [firing("ServiceDown", series=last), symptom])
    eventually(lambda: symptom in told_to_nobody(alertmanager))
    found = [labels in told_to_nobody(alertmanager) for labels in alerts]
    now = datetime.now(UTC).isoformat()
    post(alertmanager, alerts, startsAt=now, endsAt=now)
    return found


DOWN = firing("ServiceDown", series=JOB)
NOT_READY = firing("ServiceNotReady", series=JOB)
RATIO = firing("VerificationRatioLow")
GRAVE = firing("VerificationRatioCritical")
SLOW = firing("HighLatencyP95Critical")
BUDGET = firing("ErrorBudgetBurn", series={**JOB, "slo": "uptime"}, indicator="budget-uptime")

SYMPTOMS = {
    "down": (DOWN, [firing("InstanceDown"), NOT_READY, RATIO, SLOW, BUDGET, escalated(RATIO)]),
    "not ready": (NOT_READY, [firing("InstanceNotReady"), RATIO, GRAVE, escalated(RATIO)]),
    "ratio": (GRAVE, [RATIO, firing("TargetMissed", indicator="verification-ratio")]),
    "latency": (SLOW, [firing("HighLatencyP95")]),
}
OTHERS = {
    "down": (DOWN, [firing("KernelRejected"), firing("ReplayedRequests", series=JOB), firing("CertificateDamaged"), escalated(DOWN)]),
    "down, and the monitoring itself": (DOWN, [firing("NotificationsFailing", series=ELSEWHERE), firing("Watchdog", series={})]),
    "not ready, and why": (NOT_READY, [firing("CanaryFailing"), firing("NoSessionStarts"), SLOW, firing("KernelRejected")]),
    "ratio": (GRAVE, [SLOW, firing("TargetMissed", indicator="memory"), RATIO | {"instance": "another"}]),
    "an escalation": (escalated(SLOW), [firing("HighLatencyP95")]),
}


@pytest.mark.parametrize("case", SYMPTOMS)
def test_a_cause_silences_its_symptoms(alertmanager: httpx2.Client, case: str) -> None:
    """It is told itself, they are not, and neither is their escalation."""
    cause, symptoms = SYMPTOMS[case]
    assert silenced(alertmanager, [cause, *symptoms]) == [False] + [True] * len(symptoms)


@pytest.mark.parametrize("case", OTHERS)
def test_everything_else_is_told(alertmanager: httpx2.Client, case: str) -> None:
    """Security and data, causes, other indicators and replicas, and the escalation of the cause."""
    cause, others = OTHERS[case]
    assert silenced(alertmanager, [cause, *others]) == [False] * (1 + len(others))


def test_runbooks_silences_do_what_they_say(alertmanager: httpx2.Client) -> None:
    """The commands of docs/runbooks/index.md, as they stand there: the first silences the escalation alone, the second the alert alone."""
    alert = firing("ServiceRestarting")
    both = [alert, escalated(alert)]
    post(alertmanager, both)
    commands = re.findall(r"^amtool silence add .+$", (ROOT / "docs" / "runbooks" / "index.md").read_text(), re.MULTILINE)
    assert len(commands) == 3
    for command, found in zip(commands[:2], ([False, True], [True, False]), strict=True):
        silence = amtool(alertmanager, *shlex.split(command)[1:])
        eventually(lambda found=found: [labels in silent(alertmanager) for labels in both] == found)
        amtool(alertmanager, "silence", "expire", silence)
        eventually(lambda: not any(labels in silent(alertmanager) for labels in both))
    assert amtool(alertmanager, "silence", "query", "-q") == ""


def amtool(alertmanager: httpx2.Client, *words: str) -> str:
    """What amtool prints."""
    command = ["amtool", f"--alertmanager.url={alertmanager.base_url}", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


def silent(alertmanager: httpx2.Client) -> list[dict[str, str]]:
    """The alerts that somebody has silenced."""
    return [alert["labels"] for alert in alertmanager.get("/api/v2/alerts").json() if alert["status"]["silencedBy"]]


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)

"""The operations manual's three scenarios in a real Prometheus and a real Alertmanager: alerts fire, reach their people, and end."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from e2e.running import HARD
from monitoring.installation import Installation, slow

MANUALS = {"VerificationRatioLow", "HighLatencyP95", "SessionPoolSaturated"}


@pytest.fixture
def installation(running: Installation) -> Installation:
    """The installation, all well, and nothing told."""
    quiet(running)
    running.outside.told.clear()
    return running


def quiet(installation: Installation) -> None:
    """Wait until no alert fires that a scenario raises."""
    raised = MANUALS | {"VerificationRatioCritical", "HighLatencyP95Critical", "ServiceNotReady"}
    installation.prometheus.eventually(lambda: not installation.prometheus.alerts("firing") & raised, within_s=60)


def numbered(pattern: str, count: int) -> list[str]:
    """Goals that differ; the numbers of two calls do as well."""
    start = time.monotonic_ns()
    return [pattern.format(start + number) for number in range(count)]


def eventually_told(installation: Installation, receivers: set[str], words: str, *, resolved: bool = False) -> None:
    """Wait until all of them, and nobody else, were told by pager and by chat."""
    outside = installation.outside

    def all_told() -> bool:
        return all(receivers <= outside.receivers(words, resolved=resolved, service=service) for service in ("pagerduty", "slack"))

    installation.prometheus.eventually(all_told, within_s=30)
    assert outside.receivers(words, resolved=resolved) == receivers


def test_a_low_verification_ratio_is_told_and_ends(installation: Installation) -> None:
    """Three of 25 goals stay unknown: high, so the primary is told, and nobody else; when the window has passed, the end is told too."""
    prometheus = installation.prometheus
    verdicts = installation.ask([HARD] * 3, timeout_ms=1) + installation.ask(numbered("BOX(a{0} -> a{0})", 22))
    assert verdicts == ["unknown"] * 3 + ["valid"] * 22
    prometheus.eventually(lambda: "VerificationRatioLow" in prometheus.alerts("firing"))
    eventually_told(installation, {"platform-engineer"}, "Verification ratio below 90%")
    assert "VerificationRatioCritical" not in prometheus.alerts("firing")
    prometheus.eventually(lambda: "VerificationRatioLow" not in prometheus.alerts("firing"), within_s=40)
    eventually_told(installation, {"platform-engineer"}, "Verification ratio below 90%", resolved=True)


def test_a_lost_kernel_is_everybodys_at_once_and_ends(installation: Installation) -> None:
    """No session lives, and none starts: the ratio is 0, the service not ready; all three are told at once; it recovers by itself."""
    prometheus = installation.prometheus
    with installation.without_kernel():
        assert set(installation.ask(numbered("BOX(b{0} -> b{0})", 8), timeout_ms=500)) == {"unknown"}
        prometheus.eventually(
            lambda: {"VerificationRatioLow", "VerificationRatioCritical", "ServiceNotReady"} <= prometheus.alerts("firing")
        )
        prometheus.eventually(lambda: "NoSessionStarts" in prometheus.alerts("pending") | prometheus.alerts("firing"))
        eventually_told(installation, {"devops-lead", "senior-engineer", "engineering-manager"}, "No replica decides goals")
    assert installation.outside.receivers("Verification ratio below 90%") == set(), "silenced by what is worse"
    quiet(installation)
    eventually_told(installation, {"devops-lead", "senior-engineer", "engineering-manager"}, "No replica decides goals", resolved=True)
    assert installation.server.prove("A -> A").json()["verdict"] == "valid"


def test_high_latency_is_told_and_ends(installation: Installation) -> None:
    """More slow goals than sessions: they wait for one another, the P95 rises, and falls again."""
    prometheus = installation.prometheus
    with ThreadPoolExecutor(1) as meanwhile:
        work = meanwhile.submit(installation.ask, [slow(number) for number in range(12)], clients=12, timeout_ms=60_000)
        quick = installation.ask(numbered("BOX(c{0} -> c{0})", 20), clients=4)
        assert set(work.result()) == set(quick) == {"valid"}
    prometheus.eventually(lambda: "HighLatencyP95" in prometheus.alerts("firing"))
    prometheus.eventually(lambda: bool(installation.outside.receivers("P95 latency exceeds")))
    assert installation.outside.receivers("P95 latency exceeds") == {"platform-engineer"}
    prometheus.eventually(lambda: "HighLatencyP95" not in prometheus.alerts("firing"), within_s=40)


def test_a_saturated_pool_is_told_and_ends(installation: Installation) -> None:
    """As long as both sessions are at work without a pause the alert fires; then it ends."""
    prometheus, over = installation.prometheus, threading.Event()

    def ask_on(first: int) -> None:
        for number in range(first, first + 100):
            if over.is_set():
                return
            installation.server.prove(slow(number, 22))

    threads = [threading.Thread(target=ask_on, args=(1000 * (client + 1),)) for client in range(6)]
    for thread in threads:
        thread.start()
    try:
        prometheus.eventually(lambda: "SessionPoolSaturated" in prometheus.alerts("firing"), within_s=60)
        prometheus.eventually(lambda: installation.outside.receivers("Session pool >90% utilized") == {"platform-engineer"})
    finally:
        over.set()
        for thread in threads:
            thread.join(60)
    prometheus.eventually(lambda: "SessionPoolSaturated" not in prometheus.alerts("firing"), within_s=40)


def test_the_heartbeat_arrives(running: Installation) -> None:
    """What says that all of the way works comes without any fault, again and again."""
    running.prometheus.eventually(lambda: any(one.service == "heartbeat" for one in running.outside.told))
    running.outside.told.clear()
    running.prometheus.eventually(lambda: any(one.service == "heartbeat" for one in running.outside.told))


def test_every_rule_evaluates(running: Installation) -> None:
    """On what the real service tells."""
    groups = running.prometheus.ask("rules")["groups"]
    assert [rule["name"] for group in groups for rule in group["rules"] if rule["health"] != "ok"] == []

"""The operations manual's three scenarios in a real Prometheus and a real Alertmanager: alerts fire, reach their people, and end."""

import contextlib
import functools
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from e2e.running import HARD
from monitoring.installation import Installation, slow

pytestmark = pytest.mark.alone

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
    prometheus.eventually(lambda: "VerificationRatioCritical" not in prometheus.alerts("firing"))
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
    """Slow goals hold up quick ones: the P95 rises, and falls again."""
    prometheus = installation.prometheus
    quick = functools.partial("BOX(c{0} -> c{0})".format)
    with asking(installation, slow, clients=6), asking(installation, quick, clients=20):
        prometheus.eventually(lambda: "HighLatencyP95" in prometheus.alerts("firing"), within_s=60)
        prometheus.eventually(lambda: installation.outside.receivers("P95 latency exceeds") == {"platform-engineer"})
    prometheus.eventually(lambda: "HighLatencyP95" not in prometheus.alerts("firing"), within_s=60)


def test_a_saturated_pool_is_told_and_ends(installation: Installation) -> None:
    """As long as both sessions are at work without a pause the alert fires; then it ends."""
    prometheus = installation.prometheus
    with asking(installation, functools.partial(slow, vertices=22), clients=6):
        prometheus.eventually(lambda: "SessionPoolSaturated" in prometheus.alerts("firing"), within_s=60)
        prometheus.eventually(lambda: installation.outside.receivers("Session pool >90% utilized") == {"platform-engineer"})
    prometheus.eventually(lambda: "SessionPoolSaturated" not in prometheus.alerts("firing"), within_s=60)


@contextlib.contextmanager
def asking(installation: Installation, goal: Callable[[int], str], *, clients: int) -> Iterator[None]:
    """Clients that ask for one goal after the other, each another one, until the end of the block."""
    numbers, over = itertools.count(time.monotonic_ns()), threading.Event()

    def ask() -> None:
        while not over.is_set():
            installation.server.prove(goal(next(numbers)))

    with ThreadPoolExecutor(clients) as threads:
        running = [threads.submit(ask) for _ in range(clients)]
        try:
            yield
        finally:
            over.set()
            for one in running:
                one.result(60)


def test_the_heartbeat_arrives(running: Installation) -> None:
    """What says that all of the way works comes without any fault, again and again."""
    running.prometheus.eventually(lambda: any(one.service == "heartbeat" for one in running.outside.told))
    running.outside.told.clear()
    running.prometheus.eventually(lambda: any(one.service == "heartbeat" for one in running.outside.told))


def test_every_rule_evaluates(running: Installation) -> None:
    """On what the real service tells."""
    groups = running.prometheus.ask("rules")["groups"]
    assert [rule["name"] for group in groups for rule in group["rules"] if rule["health"] != "ok"] == []

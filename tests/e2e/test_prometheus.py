"""A real Prometheus scrapes a running server, and the operations manual's queries and alerts evaluate on what it found."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from e2e.running import HARD, Server, free_port, running_server
from prometheus_server import Prometheus, running_prometheus

# As the manual gives them.
ALERTS = """
groups:
- name: logos-pxl-production
  rules:
  - alert: VerificationRatioLow
    expr: logos_pxl_verification_ratio_percent < 90
    for: 1m
    labels:
      severity: critical
    annotations:
      summary: "Verification ratio below 90%"
      description: "Current ratio: {{ $value }}%"
      runbook: "Check proof server health and SerAPI connections"

  - alert: HighLatencyP95
    expr: logos_pxl_p95_latency_ms > 300
    for: 2m
    labels:
      severity: warning
    annotations:
      summary: "P95 latency exceeds 300ms"
      description: "Current P95: {{ $value }}ms"
      runbook: "Check cache performance and session pool utilization"

  - alert: SessionPoolSaturated
    expr: (logos_pxl_session_pool_busy / logos_pxl_session_pool_total) > 0.9
    for: 30s
    labels:
      severity: warning
    annotations:
      summary: "Session pool >90% utilized"
      description: "Utilization: {{ $value | humanizePercentage }}"
      runbook: "Scale session pool or add instances"
"""

QUERIES = {
    "logos_pxl_verification_ratio_percent": (0, 100),
    "rate(logos_pxl_p95_latency_ms[5m])": (0, 1e6),
    "logos_pxl_cache_hit_rate_percent": (0, 100),
    "logos_pxl_session_pool_busy / logos_pxl_session_pool_total": (0, 1),
    "deriv(logos_pxl_p95_latency_ms[5m])": (-1e6, 1e6),
    'histogram_quantile(0.95, sum by (le) (rate(logos_pxl_stage_duration_seconds_bucket{stage="total"}[5m])))': (0, 60),
    "sum(rate(logos_pxl_verdicts_total[5m]))": (0, 1e6),
    "avg_over_time(up[5m])": (1, 1),
    "logos_pxl_build_info": (1, 1),
}
"""The manual's and docs/metrics.md's, each with the range in which its answer must lie."""


@contextmanager
def scraping(folder: Path, target: int) -> Iterator[Prometheus]:
    """A Prometheus with the manual's alerts, which scrapes one target every 200 ms."""
    (folder / "prometheus-alerts.yml").write_text(ALERTS)
    configuration = {
        "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"},
        "rule_files": ["prometheus-alerts.yml"],
        "scrape_configs": [{"job_name": "logos-pxl", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}],
    }
    with running_prometheus(folder, free_port(), configuration) as started:
        yield started


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own, with the shortest window, which is asked a few goals."""
    with running_server(tmp_path_factory.mktemp("scraped"), PXL_KPI_WINDOW_S="10") as started:
        yield started


@pytest.fixture(scope="module")
def prometheus(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has scraped the server several times, before and after the goals."""
    with scraping(tmp_path_factory.mktemp("prometheus"), server.port) as started:
        started.eventually(lambda: started.values("count_over_time(up[1m])") > [2])
        for goal in ("BOX(A -> A)", "A -> BOX(A)", "BOX(A -> A)", "BOX(B -> B)"):
            server.prove(goal)
        scrapes = started.values("count_over_time(up[1m])")[0]
        started.eventually(lambda: started.values("count_over_time(up[1m])") > [scrapes + 3])
        yield started


def test_the_target_is_healthy(prometheus: Prometheus) -> None:
    """No scrape failed."""
    (target,) = prometheus.ask("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    assert min(prometheus.values("min_over_time(up[1m])")) == 1


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_answers(prometheus: Prometheus, query: str) -> None:
    """One number, and one that can be."""
    (value,) = prometheus.values(query)
    low, high = QUERIES[query]
    assert low <= value <= high


def test_prometheus_knows_what_it_scraped(prometheus: Prometheus) -> None:
    """It got OpenMetrics or text, with the types that docs/metrics.md gives: for JSON it would know none."""
    metadata = prometheus.ask("metadata")
    types = {name: metadata[name][0]["type"] for name in metadata if name.startswith("logos_pxl_")}
    assert types["logos_pxl_session_pool_total"] == "gauge"
    assert types["logos_pxl_stage_duration_seconds"] == "histogram"
    assert "counter" in {types.get("logos_pxl_verdicts"), types.get("logos_pxl_verdicts_total")}
    assert prometheus.values('logos_pxl_verdicts_total{verdict="valid"}') == [3]


def test_the_alerts_are_loaded_well_and_silent(prometheus: Prometheus) -> None:
    """The manual's rules evaluate without an error, and a server that is well raises none."""
    (group,) = prometheus.ask("rules")["groups"]
    assert [(rule["name"], rule["health"], rule["state"]) for rule in group["rules"]] == [
        ("VerificationRatioLow", "ok", "inactive"),
        ("HighLatencyP95", "ok", "inactive"),
        ("SessionPoolSaturated", "ok", "inactive"),
    ]


def test_the_alerts_can_fire(prometheus: Prometheus, server: Server) -> None:
    """When most goals stay unknown and take long, ratio and latency go pending; when the window has passed, they are silent again."""

    def pending() -> set[str]:
        return {alert["labels"]["alertname"] for alert in prometheus.ask("alerts")["alerts"]}

    for _ in range(6):
        server.prove(HARD, timeout_ms=400)
    prometheus.eventually(lambda: pending() == {"VerificationRatioLow", "HighLatencyP95"})
    prometheus.eventually(lambda: pending() == set(), within_s=25)

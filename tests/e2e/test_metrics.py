"""The metrics of a running server: their forms, their meaning, and that the documentation names each."""

import contextlib
import json
import re
import resource
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from e2e.running import HARD, ROOT, Server, running_server
from prometheus_client.parser import text_string_to_metric_families

DOCUMENTED = re.compile(r"^\| `(?P<name>[a-z0-9_]+)` \| (?P<type>gauge|counter|histogram) \|", re.MULTILINE)

MANUAL_NAMES = (
    "logos_pxl_verification_ratio_percent",
    "logos_pxl_p95_latency_ms",
    "logos_pxl_cache_hit_rate_percent",
    "logos_pxl_uptime_seconds",
    "logos_pxl_session_pool_total",
    "logos_pxl_session_pool_busy",
    "logos_pxl_cache_size",
    "logos_pxl_cache_hits_total",
    "logos_pxl_cache_misses_total",
    "logos_pxl_cache_prefetch_hits_total",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own: what others ask would be counted too."""
    folder = tmp_path_factory.mktemp("metrics")
    variables = {"PXL_PERFORMANCE_INTERVAL_S": "0.2", "PXL_CANARY_INTERVAL_S": "0.5", "PXL_LOG_DIR": str(folder / "logs")}
    with running_server(folder, **variables) as started:
        yield started


def metrics(server: Server) -> dict[str, float]:
    """The flat document."""
    found: dict[str, float] = server.client.get("/metrics").json()
    return found


def increase(before: dict[str, float], after: dict[str, float], name: str) -> float:
    return after[name] - before.get(name, 0)


def test_a_fresh_server_misses_no_target(server: Server) -> None:
    """Every name of the manual is there and a number, before any goal was asked."""
    found = metrics(server)
    assert all(isinstance(found[name], int | float) for name in MANUAL_NAMES)
    assert (found["logos_pxl_verification_ratio_percent"], found["logos_pxl_p95_latency_ms"]) == (100, 0)
    assert (found["logos_pxl_session_pool_total"], found["logos_pxl_ready"], found["logos_pxl_window_goals"]) == (2, 1, 0)


def test_curl_and_jq_read_it(server: Server) -> None:
    """As the manual does, with curl's own Accept field."""
    url = f"http://127.0.0.1:{server.port}/metrics"
    answer = subprocess.run(["curl", "-s", url], capture_output=True, check=True, timeout=30).stdout
    assert json.loads(answer)["logos_pxl_session_pool_total"] == 2


def test_verdicts_are_counted_once_and_by_kind(server: Server) -> None:
    """Valid, invalid, unknown, cached: each goal asked is one verdict, and the ratio follows."""
    before = metrics(server)
    answers = [
        server.prove("BOX(Once -> Once)").json(),
        server.prove("Once -> BOX(Once)").json(),
        server.prove("BOX(Once -> Once)").json(),
        server.prove(HARD, timeout_ms=100).json(),
    ]
    assert [answer["verdict"] for answer in answers] == ["valid", "invalid", "valid", "unknown"]
    after = metrics(server)
    kinds = {kind: increase(before, after, f'logos_pxl_verdicts_total{{verdict="{kind}"}}') for kind in ("valid", "invalid", "unknown")}
    assert kinds == {"valid": 2, "invalid": 1, "unknown": 1}
    assert increase(before, after, 'logos_pxl_unknown_verdicts_total{reason="timeout"}') == 1
    assert increase(before, after, 'logos_pxl_stage_duration_seconds_count{stage="total"}') == 4
    assert increase(before, after, 'logos_pxl_stage_duration_seconds_count{stage="kernel"}') >= 2
    assert increase(before, after, "logos_pxl_cache_hits_total") == 1
    assert increase(before, after, "logos_pxl_cache_misses_total") == 3
    assert after["logos_pxl_window_goals"] == 4
    assert after["logos_pxl_verification_ratio_percent"] == 75
    assert 100 <= after["logos_pxl_p95_latency_ms"] < 5_000


def test_the_p95_is_what_the_answers_say(server: Server) -> None:
    """The indicator agrees with the latencies that were answered."""
    latencies = sorted(server.prove(f"BOX(P{number} -> P{number})").json()["latency_ms"] for number in range(96))
    found = metrics(server)["logos_pxl_p95_latency_ms"]
    # Of 100 goals with the four before: the 95th is the 95th or 96th of these.
    assert latencies[90] * 0.9 <= found <= latencies[-1] * 1.1 + 1


def test_refusals_are_counted_by_reason(server: Server) -> None:
    """And are no verdicts."""
    before = metrics(server)
    server.prove("BOX(A -> ")
    server.client.post("/prove", content=b"{", headers={"Content-Type": "application/json"})
    server.client.get("/nowhere")
    server.client.get("/prove")
    server.client.get("/metrics", headers={"Accept": "image/png"})
    after = metrics(server)
    reasons = ("malformed-goal", "invalid-json", "not-found", "method-not-allowed", "not-acceptable")
    assert [increase(before, after, f'logos_pxl_rejections_total{{reason="{reason}"}}') for reason in reasons] == [1] * 5
    assert after["logos_pxl_window_goals"] == before["logos_pxl_window_goals"]


def test_requests_that_cannot_be_read_are_counted_too(server: Server) -> None:
    """They never reach the routes."""
    before = metrics(server)
    for nonsense in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(nonsense)
            assert connection.recv(100)
    after = metrics(server)
    for reason in ("invalid-http", "head-too-large"):
        assert increase(before, after, f'logos_pxl_rejections_total{{reason="{reason}"}}') == 1


def test_connections_without_room_are_our_failure(tmp_path: Path) -> None:
    """Counted by reason, and health says so as soon as it can be asked."""
    with running_server(tmp_path, PXL_CONNECTION_LIMIT="2") as server:
        with contextlib.ExitStack() as stack:
            held = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10)) for _ in range(3)]
            for connection in held:
                connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert any(b" 503 " in connection.recv(200) for connection in held)
        assert metrics(server)['logos_pxl_rejections_total{reason="too-many-connections"}'] > 0
        assert server.client.get("/health").json()["problems"] == ["requests failed lately: too-many-connections"]


def test_entries_that_have_ended_are_not_in_the_size(tmp_path: Path) -> None:
    """Also when nobody asks for them any more."""
    with running_server(tmp_path, PXL_CACHE_TTL="1") as server:
        server.prove("BOX(A -> A)")
        assert metrics(server)["logos_pxl_cache_size"] == 1
        time.sleep(1.1)
        found = metrics(server)
        assert (found["logos_pxl_cache_size"], found["logos_pxl_cache_size_bytes"]) == (0, 0)


def test_a_client_that_goes_away_is_told_apart(server: Server) -> None:
    """Its goal is abandoned, and neither a verdict nor an error of ours."""
    before = metrics(server)
    with pytest.raises(httpx2.TimeoutException):
        server.client.post("/prove", json={"goal": HARD}, timeout=0.3)
    eventually(lambda: increase(before, metrics(server), "logos_pxl_abandoned_goals_total") == 1)
    after = metrics(server)
    assert increase(before, after, 'logos_pxl_http_requests_total{endpoint="POST /prove",status="499"}') == 1
    assert after["logos_pxl_window_goals"] == before["logos_pxl_window_goals"]
    assert server.client.get("/health").json()["status"] == "ok"


def test_memory_is_told_for_service_and_sessions(server: Server) -> None:
    """Within sight of what the system says."""
    found = metrics(server)
    assert found["process_resident_memory_bytes"] == pytest.approx(server.resident_bytes(), rel=0.2)
    assert 2 * 30e6 < found["logos_pxl_sessions_memory_resident_bytes"] < 4 * 300e6
    assert 0 < found["logos_pxl_memory_usage_percent"] < 100


def test_what_is_kept_is_told(server: Server) -> None:
    """Certificates beside their bounds, no failures, no lost line; and the clock by which signatures are judged."""
    found = metrics(server)
    assert 0 < found["logos_pxl_certificates_held"] <= found["logos_pxl_certificates_held_max"] == 10_000
    assert 0 < found["logos_pxl_certificates_size_bytes"] <= found["logos_pxl_certificates_size_max_bytes"]
    assert [found[f'logos_pxl_certificate_failures_total{{step="{step}"}}'] for step in ("write", "read", "verify")] == [0, 0, 0]
    assert [found[f'logos_pxl_log_lines_lost_total{{file="{file}"}}'] for file in ("access.log", "pxl-server.log")] == [0, 0]
    assert abs(found["logos_pxl_time_seconds"] - time.time()) < 30
    assert found["logos_pxl_authentication_required"] == 0


def test_every_metric_is_documented_and_every_documented_metric_exists(server: Server) -> None:
    """Names and types, both ways."""
    text = server.client.get("/metrics", headers={"Accept": "text/plain"}).text
    exposed = {
        family.name + "_total" if family.type == "counter" else family.name: family.type for family in text_string_to_metric_families(text)
    }
    documented = {match["name"]: match["type"] for match in DOCUMENTED.finditer((ROOT / "docs" / "metrics.md").read_text())}
    assert exposed == documented


def test_the_linter_of_prometheus_objects_to_the_manuals_names_only(server: Server) -> None:
    """promtool, from Debian, checks types, units and help texts."""
    text = server.client.get("/metrics", headers={"Accept": "text/plain"}).text
    lint = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=30)
    assert sorted((lint.stdout + lint.stderr).splitlines()) == [
        "logos_pxl_p95_latency_ms metric names should not contain abbreviated units",
        'logos_pxl_session_pool_total non-counter metrics should not have "_total" suffix',
    ]


def test_performance_tells_of_each_endpoint(server: Server) -> None:
    """What the manual's weekly review reads, at the endpoint and in the file."""
    document = server.client.get("/metrics/performance").json()
    (prove,) = [endpoint for endpoint in document["endpoints"] if "prove" in endpoint["name"]]
    assert prove["call_count"] >= 100
    assert 0 < prove["p50_duration_ms"] <= prove["p90_duration_ms"] <= prove["p95_duration_ms"] <= prove["p99_duration_ms"]
    assert prove["error_count"] == 0
    assert {endpoint["name"] for endpoint in document["endpoints"]} <= {
        "POST /prove",
        "GET /health",
        "GET /metrics",
        "GET /metrics/performance",
        "other",
    }


def test_the_performance_file_follows(server: Server) -> None:
    """Written again and again, whole each time."""
    server.prove("BOX(File -> File)")
    calls = next(e["call_count"] for e in server.client.get("/metrics/performance").json()["endpoints"] if e["name"] == "POST /prove")
    file = server.data.parent / "logs" / "performance.json"
    eventually(lambda: {e["name"]: e["call_count"] for e in json.loads(file.read_text())["endpoints"]}.get("POST /prove") == calls)


def test_a_full_disk_costs_the_file_only(tmp_path: Path) -> None:
    """The service goes on, counts, says it once, and writes again when there is room."""
    with running_server(tmp_path, PXL_PERFORMANCE_INTERVAL_S="0.1", PXL_LOG_DIR=str(tmp_path / "logs")) as server:
        file = tmp_path / "logs" / "performance.json"
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, hard))
        eventually(lambda: metrics(server)["logos_pxl_performance_write_failures_total"] > 2)
        assert server.prove("BOX(A -> A)").json()["verdict"] == "valid"
        assert "endpoints" in json.loads(file.read_text())
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        eventually(lambda: "POST /prove" in file.read_text())
        assert server.healthy()


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)

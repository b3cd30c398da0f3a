"""The reviews say what the archives (or Prometheus) and the running service say, and what follows from it."""

import json
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from e2e.running import ROOT, Server
from log_history import History, request

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.prometheus import query
from logos_pxl.ops.report import Check, Report, Status
from logos_pxl.ops.reviews import review_capacity, review_performance
from logos_pxl.ops.running import Operator
from logos_pxl.settings import Settings


def operator_of(url: str, log_dir: Path, **settings: Any) -> Operator:
    return Operator.of(Settings.of({}, ops_url=url, log_dir=log_dir, **settings))


def check(report: Report, name: str) -> Check:
    [found] = [one for one in report.checks() if one.name == name]
    return found


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty days of performance documents in which requests and latency rise, and a log with errors."""
    history = History(tmp_path_factory.mktemp("month") / "logs")
    for ago in range(30, 0, -1):
        history.performance(ago, 200 + 10 * (30 - ago), 30.0 + 2 * (30 - ago))
    with (history.log_dir / "pxl-server.log").open("w") as log:
        for number in range(3):
            log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z ERROR proving.judging: \x1b[2J</td> {number} broke request_id={'b' * 20}\n")
    return history.log_dir


def test_the_weekly_review_of_a_growing_service(server: Server, month: Path) -> None:
    """Each figure by what was archived: requests, P95 against the week before, error lines counted together."""
    report = review_performance(operator_of(str(server.client.base_url), month), days=7)
    assert check(report, "requests for results").value in (sum(200 + 10 * (30 - ago) for ago in range(1, days)) for days in (7, 8))
    assert check(report, "P95 latency of the days").value == pytest.approx(82, abs=1)
    assert check(report, "P95 against the days before").value == pytest.approx(82 / 68, abs=0.03)
    assert check(report, "ERROR lines").value == 3
    assert check(report, "ERROR lines").status is Status.ATTENTION
    [kind] = [note for section in report.sections for note in section.notes if note.startswith("3 times: ")]
    assert "\x1b" not in kind, "a log line cannot move the terminal's cursor"
    assert check(report, "verification ratio").status is Status.FINE


def test_a_slower_week_needs_attention(server: Server, tmp_path: Path) -> None:
    """Twice the latency of the week before; but not when both are next to nothing."""
    for ms, wanted in ((80.0, Status.ATTENTION), (0.4, Status.FINE)):
        history = History(tmp_path / f"{ms:g}")
        for ago in range(14, 0, -1):
            history.performance(ago, 50, ms if ago < 7 else ms / 2)
        report = review_performance(operator_of(str(server.client.base_url), history.log_dir), days=7)
        assert check(report, "P95 against the days before").status is wanted


def test_a_service_that_fails_is_critical(server: Server, tmp_path: Path) -> None:
    """One request in fifty ended with 5xx: below the manual's 99 %."""
    history = History(tmp_path / "logs")
    history.performance(1, 500, 5.0)
    [path] = (history.log_dir / "archive").glob("performance_*.json")
    document = json.loads(path.read_text())
    document["endpoints"][0]["error_count"] = 10
    path.write_text(json.dumps(document))
    success = check(
        review_performance(operator_of(str(server.client.base_url), history.log_dir), days=7), "answered without a failure (5xx)"
    )
    assert (success.status, success.value) == (Status.CRITICAL, 98.0)


def test_no_service_and_no_logs_are_told(tmp_path: Path) -> None:
    """What is not known is not fine; the folder that was asked is named."""
    report = review_performance(operator_of("http://127.0.0.1:1", tmp_path), days=7)
    assert check(report, "answers").status is Status.UNKNOWN
    assert check(report, "requests for results").status is Status.UNKNOWN
    assert check(report, "files read").status is Status.ATTENTION
    assert str(tmp_path) in check(report, "files read").advice


def test_the_monthly_review_looks_ahead(server: Server, month: Path) -> None:
    """The line goes on with the slope of thirty days; a P95 that will pass the target needs attention."""
    report = review_capacity(operator_of(str(server.client.base_url), month), days=31, ahead=30, cores=4)
    assert str(check(report, "requests a day").value) == "+10 a day over 30 days; in 30 days 790"
    assert check(report, "P95 latency").status is Status.FINE
    late = review_capacity(operator_of(str(server.client.base_url), month), days=31, ahead=150, cores=4)
    assert check(late, "P95 latency").status is Status.ATTENTION


METRICS: dict[str, Any] = {
    'logos_pxl_stage_duration_seconds_sum{stage="kernel"}': 2000.0,
    'logos_pxl_http_requests_total{endpoint="POST /prove",status="200"}': 900,
    'logos_pxl_http_requests_total{endpoint="POST /prove/batch",status="200"}': 100,
    'logos_pxl_http_requests_total{endpoint="POST /prove",status="401"}': 5000,
    'logos_pxl_http_requests_total{endpoint="GET /metrics",status="200"}': 5000,
    "logos_pxl_session_pool_max": 5,
    "logos_pxl_memory_available_bytes": 8 << 30,
    "logos_pxl_session_memory_resident_max_bytes": 100 << 20,
}


class Metrics:
    """The service of a reader, for loads that no test can make."""

    url = "http://127.0.0.1:1"

    def metrics(self) -> dict[str, Any]:
        """What /metrics says."""
        return METRICS


def test_a_load_beyond_the_machine_needs_replicas(tmp_path: Path) -> None:
    """A thousand requests a minute of two seconds each: 33 busy sessions, on four cores."""
    history = History(tmp_path / "logs")
    history.day(1, iter([(43_200 + number * 60 // 1000, request()) for number in range(60_000)]))
    operator = Operator(Settings.of({}, log_dir=history.log_dir), Metrics(), operator_of("http://127.0.0.1:1", tmp_path).target)  # type: ignore[arg-type]
    report = review_capacity(operator, days=30, ahead=30, cores=4)
    sizing = next(section for section in report.sections if section.title == "PXL_POOL_SIZE")
    assert sizing.data["busy"] == pytest.approx(60_000 / 3600 * 2)
    assert sizing.data["wanted"] == 48
    assert check(report, "recommended").value == 8
    assert check(report, "recommended").advice == "set PXL_POOL_SIZE=8 and restart"
    assert "run 6 replicas of 8" in check(report, "this machine carries it").advice
    assert check(report, "requests a day").status is Status.UNKNOWN, "a day is no trend"


@pytest.fixture
def prometheus() -> Iterator[tuple[str, list[str]]]:
    """One that answers 0.25 to every query and notes the queries; its address."""
    asked: list[str] = []

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """The form of Prometheus' HTTP API."""
            asked.append(parse_qs(urlsplit(self.path).query)["query"][0])
            days = [[1_700_000_000 + 86_400 * day, str(100 + day)] for day in range(30)]
            result = {"values": days} if "query_range" in self.path else {"value": [1_700_000_000, "0.25"]}
            body = json.dumps({"status": "success", "data": {"result": [result]}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as made:
        threading.Thread(target=made.serve_forever).start()
        yield f"http://127.0.0.1:{made.server_port}", asked
        made.shutdown()


def test_prometheus_is_asked_where_it_runs(server: Server, tmp_path: Path, prometheus: tuple[str, list[str]]) -> None:
    """For the figures of other days; the report says so."""
    url, asked = prometheus
    operator = operator_of(str(server.client.base_url), tmp_path, prometheus_url=url)
    report = review_performance(operator, days=7)
    assert check(report, "P95 latency of the days").value == 250.0
    assert any("[7d] offset 7d" in one for one in asked)
    assert f"Prometheus: {url}" in str(report.as_json())
    capacity = review_capacity(operator, days=30, ahead=30, cores=4)
    assert str(check(capacity, "requests a day").value).startswith("+1 a day over 30 days")
    assert check(capacity, "recommended").value == 1


def test_a_prometheus_that_does_not_answer_is_told() -> None:
    """The figures of the logs do not silently take its place."""
    with pytest.raises(OperationFailed, match=r"PXL_PROMETHEUS_URL='http://127\.0\.0\.1:1' does not answer"):
        query("http://127.0.0.1:1", "up")


@pytest.mark.parametrize("script", ["weekly_performance_review.sh", "monthly_capacity_review.sh"])
def test_the_manuals_scripts_are_the_commands(server: Server, script: str) -> None:
    """With their options; the exit status is the report's."""
    ran = subprocess.run(
        [str(ROOT / "scripts" / script), "--json"],
        env={"PATH": "/usr/bin:/bin", "PXL_OPS_URL": str(server.client.base_url)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert json.loads(ran.stdout)["exit_status"] == ran.returncode

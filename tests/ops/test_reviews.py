"""The reviews say what the logs of many days and the running service say, and what follows from it."""

import json
import random
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from e2e.running import ROOT, Server
from log_history import History, Told, request

from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.reviews.capacity import demand_of
from logos_pxl.ops.reviews.days import by_day, whole_days
from logos_pxl.ops.reviews.documents import rendered
from logos_pxl.ops.reviews.operations import capacity_review, performance_review
from logos_pxl.ops.running import Operator
from logos_pxl.settings import Settings

HOSTILE = "</td><script>alert(1)</script> | [x](javascript:alert(1)) `~"


def operator_of(url: str, log_dir: Path) -> Operator:
    return Operator.of(Settings.of({}, ops_url=url, log_dir=log_dir))


def check(report: Report, name: str) -> Check:
    [found] = [one for one in report.checks() if one.name == name]
    return found


def a_day(count: int, *, ms: float, failed: int = 0) -> Iterator[tuple[int, Told]]:
    """Requests over a whole day, durations scattered about ``ms``; every second one in the hour from noon on."""
    chance = random.Random(count)
    for number in range(count):
        second = 43_200 + number * 3600 // count if number % 2 else number * 86_400 // count
        status = 500 if number < failed else 200
        yield second, request(status=status, ms=chance.lognormvariate(0, 0.3) * ms)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty days in which requests and latency rise."""
    history = History(tmp_path_factory.mktemp("month") / "logs")
    for ago in range(30, 0, -1):
        history.day(ago, a_day(200 + 10 * (30 - ago), ms=20 + 2 * (30 - ago), failed=1 if ago == 2 else 0))
        history.performance(ago, 200 + 10 * (30 - ago), 30.0)
    with (history.log_dir / "pxl-server.log").open("w") as log:
        for number in range(3):
            log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.25Z ERROR proving.judging: {HOSTILE} {number} request_id={'b' * 20}\n")
    return history.log_dir


def test_the_weekly_review_of_a_growing_service(server: Server, month: Path) -> None:
    """Each figure by what was written: requests, P95 against the week before, failures, errors told together."""
    report = performance_review(operator_of(str(server.client.base_url), month), days=7, output=None)
    # Seven whole days, and today, on which nobody has asked.
    assert check(report, "requests for verdicts").value == sum(200 + 10 * (30 - ago) for ago in range(1, 8))
    compared = check(report, "P95 against the week before")
    assert 1.15 < float(str(compared.value)) < 1.35
    success = check(report, "answered without a failure of ours")
    assert success.status is Status.FINE
    assert success.value == round(100 * (1 - 1 / sum(200 + 10 * (30 - ago) for ago in range(1, 8))), 3)
    assert check(report, "ERROR lines").value == 4
    assert check(report, "ERROR lines").status is Status.ATTENTION
    notes = [note for section in report.sections for note in section.notes]
    assert any(note.startswith("3 times: proving.judging: </td>") for note in notes), "what differs by numbers and ids alone is one kind"
    assert any("rising" in note for note in notes)
    assert any(note.startswith("POST /prove: 490 calls") for note in notes)
    assert check(report, "logs read").status is Status.FINE
    assert check(report, "verification ratio").status is Status.FINE


def test_a_slower_week_wants_attention(server: Server, tmp_path: Path) -> None:
    """Twice the latency of the week before; but not when both are next to nothing."""
    for ms, wanted in ((80.0, Status.ATTENTION), (0.4, Status.FINE)):
        history = History(tmp_path / f"{ms:g}")
        for ago in range(14, 0, -1):
            history.day(ago, a_day(50, ms=ms if ago <= 7 else ms / 2))
        report = performance_review(operator_of(str(server.client.base_url), history.log_dir), days=7, output=None)
        assert check(report, "P95 against the week before").status is wanted


def test_a_service_that_fails_is_critical(server: Server, tmp_path: Path) -> None:
    """One request in fifty ended with 500: below the manual's 99 %."""
    history = History(tmp_path / "logs")
    history.day(1, a_day(500, ms=5, failed=10))
    report = performance_review(operator_of(str(server.client.base_url), history.log_dir), days=7, output=None)
    success = check(report, "answered without a failure of ours")
    assert (success.status, success.value) == (Status.CRITICAL, 98.0)
    assert report.status is Status.CRITICAL


def test_no_service_and_no_logs_are_told(tmp_path: Path) -> None:
    """What is not known is not fine."""
    report = performance_review(operator_of("http://127.0.0.1:1", tmp_path), days=7, output=None)
    assert check(report, "answers").status is Status.UNKNOWN
    assert check(report, "requests for verdicts").status is Status.UNKNOWN
    assert check(report, "logs read").status is Status.ATTENTION


def test_the_monthly_review_forecasts_and_sizes(server: Server, month: Path) -> None:
    """The trend is found with its interval, the forecast goes on with it, and the reasoning is told."""
    server.prove("p -> p")
    report = capacity_review(operator_of(str(server.client.base_url), month), days=30, ahead=30, cores=4, output=None)
    assert check(report, "requests for verdicts").value == "rising"
    assert check(report, "in 30 days").value == pytest.approx(200 + 10 * 60, abs=15)
    assert check(report, "P95 latency").value == "rising"
    sizing = next(section for section in report.sections if section.title == "PXL_POOL_SIZE")
    assert sizing.data["current"] == 2
    assert sizing.data["recommended"] <= sizing.data["machine_carries"] <= 8
    assert any("Little's law" in note for note in sizing.notes)
    assert any("Erlang C" in note for note in sizing.notes)


METRICS: dict[str, Any] = {
    'logos_pxl_stage_duration_seconds_sum{stage="kernel"}': 2000.0,
    'logos_pxl_http_requests_total{endpoint="POST /prove",status="200"}': 900,
    'logos_pxl_http_requests_total{endpoint="POST /prove/batch",status="200"}': 100,
    'logos_pxl_http_requests_total{endpoint="POST /prove",status="401"}': 5000,
    'logos_pxl_http_requests_total{endpoint="GET /metrics",status="200"}': 5000,
    "logos_pxl_session_pool_max": 5,
    "logos_pxl_memory_available_bytes": 8 << 30,
    "process_resident_memory_bytes": 200 << 20,
    "logos_pxl_session_memory_resident_max_bytes": 100 << 20,
}


class Metrics:
    """The service of a reader, for loads that no test can make."""

    url = "http://127.0.0.1:1"

    def __init__(self, **changed: Any) -> None:
        self._metrics = METRICS | changed

    def metrics(self) -> dict[str, Any]:
        """What /metrics says."""
        return self._metrics


def test_little_and_erlang_on_known_figures(month: Path) -> None:
    """Two seconds of a session for each request that was let in: 245 requests in the busiest hour make 0.14 busy sessions."""
    now = datetime.now(UTC)
    from logos_pxl.ops.history.log_reading import LogReader  # noqa: PLC0415

    days = by_day(LogReader(month, 0).access())
    demand = demand_of(METRICS, days, now, 30)
    assert demand is not None
    assert demand.seconds == 2.0
    busiest = max(day.busiest_hour_rate for day in whole_days(days, now))
    assert demand.busiest_hour == busiest
    assert demand.coming_hour is not None
    assert demand.rate == demand.coming_hour.high > busiest
    assert demand.load == pytest.approx(2 * demand.coming_hour.high)


def test_a_load_beyond_the_machine_wants_replicas(tmp_path: Path) -> None:
    """A thousand requests a minute of two seconds each: 33 busy sessions, on four cores; and how many are told."""
    history = History(tmp_path / "logs")
    history.day(1, iter([(43_200 + number * 60 // 1000, request()) for number in range(60_000)]))
    operator = Operator(Settings.of({}, log_dir=history.log_dir), Metrics(), operator_of("http://127.0.0.1:1", tmp_path).target)  # type: ignore[arg-type]
    report = capacity_review(operator, days=30, ahead=30, cores=4, output=None)
    sizing = next(section for section in report.sections if section.title == "PXL_POOL_SIZE")
    assert sizing.data["load_erlangs"] == pytest.approx(60_000 / 3600 * 2)
    assert sizing.data["wanted"] == 48
    assert check(report, "recommended").value == 8
    assert check(report, "recommended").advice == "set PXL_POOL_SIZE=8 and restart"
    assert "run 6 replicas of 8" in check(report, "this machine carries it").advice
    assert check(report, "trend").status is Status.UNKNOWN, "a day is no trend"


class Links(HTMLParser):
    """The elements of a page, and what they would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note them."""
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "data") or name.startswith("on")]


def test_the_document_is_whole_and_runs_nothing(server: Server, month: Path, tmp_path: Path) -> None:
    """HTML with three charts, in one file; what a log line says is text in it."""
    output = tmp_path / "review.html"
    report = performance_review(operator_of(str(server.client.base_url), month), days=7, output=output)
    assert report.sections[-1].notes == (f"written: {output}",)
    text = output.read_text()
    page = Links()
    page.feed(text)
    assert page.tags.count("svg") == 3
    assert "script" not in page.tags
    assert all(value.startswith("#") for value in page.loads), page.loads
    assert "&lt;script&gt;alert(#)" in text
    assert re.search(r"<title>Latency of requests for verdicts</title>", text)


def test_markdown_holds_text_as_text() -> None:
    """Pipes, brackets and tags of a log do not become a table, a link or a script."""
    section = Section("Errors", (Check(HOSTILE, Status.FINE, HOSTILE, advice=f"{HOSTILE}\n# x"),), (HOSTILE,), {"rows": [{"a_b": HOSTILE}]})
    text = rendered(".md", Report("performance-review", HOSTILE, (section,), HOSTILE), {})
    assert "<script" not in re.sub(r"\\<", "", text)
    assert "\n# x" not in text
    [row] = [line for line in text.splitlines() if line.startswith("| fine")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 6


def test_the_script_ends_with_the_status_of_the_worst_check(server: Server, month: Path, tmp_path: Path) -> None:
    """From any folder; ``--json`` is one document; a wrong name of a document is told before anything is read."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "PXL_OPS_URL": str(server.client.base_url),
        "PXL_LOG_DIR": str(month),
        "PXL_ENV_FILE": "/dev/null",
    }
    script = str(ROOT / "scripts" / "weekly_performance_review.sh")
    ran = subprocess.run([script, "--json"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60)
    document = json.loads(ran.stdout)
    assert ran.returncode == document["exit_status"] == 1, ran.stderr
    wrong = subprocess.run(
        [script, "--output", "x.pdf"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (wrong.returncode, wrong.stdout) == (3, "")
    assert "give a name that ends in .html or .md" in wrong.stderr

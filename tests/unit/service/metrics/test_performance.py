"""performance.json: always whole, never in the way."""

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from clocks import Clock

from logos_pxl.observing import Observer
from logos_pxl.service.metrics import performance
from logos_pxl.service.metrics.endpoints import EndpointStatistics
from logos_pxl.service.metrics.performance import FILE_NAME, PerformanceFile, PerformanceReport


class Failures(Observer):
    """Counts what could not be written."""

    def __init__(self) -> None:
        self.count = 0

    def performance_not_written(self) -> None:
        """One more."""
        self.count += 1


@pytest.fixture
def statistics() -> EndpointStatistics:
    statistics = EndpointStatistics(Clock())
    for seconds in (0.001, 0.002, 0.003):
        statistics.answered("POST /prove", seconds, error=seconds > 0.002)
    return statistics


@pytest.fixture
def failures() -> Failures:
    return Failures()


def opened(folder: Path, statistics: EndpointStatistics, failures: Failures, interval_s: float = 60) -> PerformanceFile:
    return PerformanceFile(folder, PerformanceReport(statistics), failures, interval_s=interval_s)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_the_file_is_there_from_the_start(tmp_path: Path, statistics: EndpointStatistics, failures: Failures) -> None:
    """A backup in the first minute finds it, with the members that the manual reads."""
    async with opened(tmp_path / "logs", statistics, failures):
        document = json.loads((tmp_path / "logs" / FILE_NAME).read_text())
    (endpoint,) = document["endpoints"]
    assert endpoint.pop("p99_duration_ms") == pytest.approx(3, rel=0.011)
    assert {name: round(value, 1) if isinstance(value, float) else value for name, value in endpoint.items()} == {
        "name": "POST /prove",
        "call_count": 3,
        "p50_duration_ms": 2.0,
        "p90_duration_ms": 3.0,
        "p95_duration_ms": 3.0,
        "error_count": 1,
    }


async def test_it_is_written_again_and_at_the_end(
    tmp_path: Path, statistics: EndpointStatistics, failures: Failures, eventually: Callable[..., Awaitable[None]]
) -> None:
    """Also after an operator emptied it, as the manual's rotation does."""
    file = tmp_path / FILE_NAME
    async with opened(tmp_path, statistics, failures, interval_s=0.02):
        file.write_text("{}")
        await eventually(lambda: "endpoints" in json.loads(file.read_text()))
        statistics.answered("GET /health", 0.001, error=False)
    assert [endpoint["name"] for endpoint in json.loads(file.read_text())["endpoints"]] == ["GET /health", "POST /prove"]


async def test_no_reader_ever_sees_half_a_file(tmp_path: Path, statistics: EndpointStatistics, failures: Failures) -> None:
    """A reader in a loop beside a writer in a loop parses every time."""
    for number in range(200):
        statistics.answered(f"GET /{number}", 0.001, error=False)
    file = opened(tmp_path, statistics, failures)
    await file.write()
    ended = threading.Event()

    def read() -> int:
        reads = 0
        while not ended.is_set():
            assert len(json.loads((tmp_path / FILE_NAME).read_text())["endpoints"]) == 201
            reads += 1
        return reads

    reading = asyncio.create_task(asyncio.to_thread(read))
    for _ in range(50):
        await file.write()
    ended.set()
    assert await reading > 5
    assert names_in(tmp_path) == [FILE_NAME]


async def test_a_folder_that_cannot_be_written_does_no_harm(
    tmp_path: Path, statistics: EndpointStatistics, failures: Failures, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told once when it begins and once when it ends, and counted each time."""
    obstacle = tmp_path / "logs"
    obstacle.write_text("a file where the folder should be")
    file = opened(obstacle, statistics, failures)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await file.write()
        assert failures.count == 3
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        obstacle.unlink()
        await file.write()
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert (obstacle / FILE_NAME).is_file()


async def test_a_disk_that_hangs_holds_up_nobody(
    tmp_path: Path, statistics: EndpointStatistics, failures: Failures, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait is bounded, and a second write is not begun behind the first."""
    hanging = threading.Event()
    monkeypatch.setattr(performance, "WRITE_TIMEOUT_S", 0.05)
    monkeypatch.setattr(performance, "replace_file", lambda *_: hanging.wait(10))
    file = opened(tmp_path, statistics, failures)
    async with asyncio.timeout(2):
        await file.write()
        await file.write()
    hanging.set()
    assert failures.count == 2

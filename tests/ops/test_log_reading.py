"""Logs are read as the service writes them, in both forms, archives included, damaged or not."""

import gzip
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from log_history import History, Told, lines_of, request

from logos_pxl.ops.history.log_lines import access_line, server_line
from logos_pxl.ops.history.log_reading import LogReader
from logos_pxl.ops.history.performance_files import performance_history
from logos_pxl.ops.reviews.days import Day, by_day, days_ago
from logos_pxl.ops.reviews.security import Attempts, Traffic

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
REFUSED = "HMAC authentication failed: Nonce reused; X-Signature is right (key current), X-Nonce came before"


def written(told: Told, form: str) -> tuple[str, str]:
    """What both logs get."""
    access, server = lines_of(form, [(time.time(), told)])
    return access.decode().rstrip("\n"), server.decode().rstrip("\n")


@pytest.mark.parametrize("form", ["text", "json"])
@example(agent=b"", path=b"\xa0", remark="")
@given(agent=st.binary(max_size=40), path=st.binary(min_size=1, max_size=40), remark=st.text(max_size=60))
def test_what_the_service_writes_is_read(form: str, agent: bytes, path: bytes, remark: str) -> None:
    """Whatever a client put into it."""
    line = request("2001:db8::1", status=401, ms=12.3, key="old", remark=REFUSED + remark) | {"path": b"/" + path, "user_agent": agent}
    access_text, server_text = written(line, form)
    access, server = access_line(access_text), server_line(server_text)
    assert access is not None
    assert (access.client, access.key, access.method, access.status) == ("2001:db8::1", "old", "POST", 401)
    assert access.duration_ms == pytest.approx(12.3)
    assert server is not None
    assert (server.client, server.level, server.endpoint, server.status) == ("2001:db8::1", "WARNING", "POST /prove", 401)
    assert server.refusal == "Nonce reused"
    assert abs(access.at - datetime.now(UTC).timestamp()) < 5
    assert abs(server.at - access.at) <= 1


@pytest.mark.parametrize(
    "line", ["", "{", "{}", "[]", '{"timestamp": 1}', "  | b trace", "2026-99-99T09:30:00.25Z INFO x: y", "\x00", "null", "1.2.3.4 - -"]
)
def test_what_is_no_line_is_passed_over(line: str) -> None:
    """Or it has a time that is in no span; nothing fails."""
    for read in (access_line, server_line):
        found = read(line)
        assert found is None or found.at == 0


@pytest.mark.parametrize("as_json", [False, True])
def test_archives_and_the_current_log_are_one(tmp_path: Path, *, as_json: bool) -> None:
    """Of the span and no more."""
    history = History(tmp_path, until=NOW, as_json=as_json)
    for ago in range(9, -1, -1):
        history.day(ago, iter([(60 * number, request(ms=ago + 1)) for number in range(100)]))
    days = by_day(LogReader(tmp_path, days_ago(NOW, 7)).access())
    assert [(NOW.date() - day.day).days for day in days] == [7, 6, 5, 4, 3, 2, 1, 0]
    assert all(day.work == 100 for day in days)
    assert [round(day.p95_ms, 1) for day in days] == pytest.approx([8, 7, 6, 5, 4, 3, 2, 1], rel=0.02)


def test_a_log_that_is_being_rotated_is_read(tmp_path: Path) -> None:
    """It stands aside for a moment, or since a crash."""
    history = History(tmp_path, until=NOW)
    history.day(0, iter([(1, request())]))
    (tmp_path / "access.log").rename(tmp_path / ".access_20260331.rotating")
    assert len(list(LogReader(tmp_path, days_ago(NOW, 1)).access())) == 1


def test_a_damaged_archive_is_told_and_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """And the other files are read all the same."""
    history = History(tmp_path, until=NOW)
    chance = random.Random(1)
    history.day(1, iter([(number, request(ms=chance.random() * 100)) for number in range(3000)]))
    history.day(0, iter([(1, request())]))
    [archive] = (tmp_path / "archive").glob("access_*.log.gz")
    archive.write_bytes(archive.read_bytes()[:-2000])
    (tmp_path / "archive" / "access_20260330.log.gz").write_bytes(b"no gzip")
    reader = LogReader(tmp_path, days_ago(NOW, 3))
    assert 100 < len(list(reader.access())) < 3001
    assert [text.split(" cannot")[0] for text in reader.unreadable] == [str(tmp_path / "archive" / "access_20260330.log.gz"), str(archive)]


def test_a_file_without_line_ends_does_not_fill_the_memory(tmp_path: Path) -> None:
    """It is read in pieces, and holds no line."""
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / f"access_{NOW:%Y%m%d}.log.gz").write_bytes(gzip.compress(bytes(8 << 20), 1))
    assert list(LogReader(tmp_path, 0).access()) == []


def test_the_busiest_hour_is_any_sixty_minutes() -> None:
    """Also when the clock strikes in the middle of it."""
    day = Day(NOW.date())
    day.by_minute[600:660] = [2] * 60
    day.by_minute[630:690] = [6] * 60
    assert day.busiest_hour_rate == pytest.approx(6 * 60 / 3600)
    assert day.busiest_minute_rate == pytest.approx(0.1)


def test_what_was_not_let_in_is_no_work(tmp_path: Path) -> None:
    """Refused signatures and quotas cost no session."""
    history = History(tmp_path, until=NOW)
    statuses = [200, 401, 429, 503, 200]
    history.day(0, iter([(number, request(status=status)) for number, status in enumerate(statuses)]))
    [day] = by_day(LogReader(tmp_path, days_ago(NOW, 1)).access())
    assert (day.requests, day.work, day.failed) == (5, 3, 1)


def test_attempts_are_counted_by_reason_and_source(tmp_path: Path) -> None:
    """From archives too."""
    history = History(tmp_path, until=NOW)
    for ago in (3, 0):
        lines = [
            request("198.51.100.7", status=401, remark=REFUSED),
            request("198.51.100.8", status=401, remark="HMAC authentication failed: Missing signature; x"),
        ]
        history.day(ago, iter(enumerate([*lines, lines[0], request()])))
    attempts = Attempts.of(LogReader(tmp_path, days_ago(NOW, 7)).server())
    assert attempts.reasons == {"Nonce reused": 4, "Missing signature": 2}
    assert attempts.sources == {"198.51.100.7": 4, "198.51.100.8": 2}


def test_many_sources_take_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones are told apart, the rest is counted together."""
    monkeypatch.setattr("logos_pxl.ops.reviews.security._MAX_SOURCES", 100)
    found = [access_line(written(request(f"10.0.{number % 250}.{number // 250}"), "text")[0]) for number in range(1000)]
    traffic = Traffic.of(line for line in found if line is not None)
    assert len(traffic.requests) == 101
    assert traffic.requests["others"] == 900
    assert traffic.requests.total() == 1000
    assert Counter(traffic.busiest_minute)["10.0.1.0"] == 1


def test_performance_documents_are_read_in_order(tmp_path: Path) -> None:
    """Those of the span; what is none is told."""
    history = History(tmp_path, until=NOW)
    for ago in (40, 3, 2, 1):
        history.performance(ago, calls=ago, p95_ms=ago)
    (tmp_path / "archive" / "performance_20260329_2.json").write_text('{"endpoints": 3}')
    (tmp_path / "performance.json").write_text("{}")
    unreadable: list[str] = []
    found = performance_history(tmp_path, since=NOW - timedelta(days=7), unreadable=unreadable)
    assert [one.calls for one in found] == [3, 2, 1]
    assert len(unreadable) == 1
    assert "performance_20260329_2.json" in unreadable[0]

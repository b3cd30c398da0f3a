"""Logs are read as the service writes them, in both forms, archives included, damaged or not."""

import gzip
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from log_history import History as Written
from log_history import Told, lines_of, request

from logos_pxl.ops.history import REFUSED, History

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


def since(days: int) -> float:
    return (NOW - timedelta(days=days)).timestamp()


def written(told: Told, form: str, folder: Path) -> History:
    """Both logs with one line."""
    folder.mkdir(exist_ok=True)
    access, server = lines_of(form, [(time.time(), told)])
    (folder / "access.log").write_bytes(access)
    (folder / "pxl-server.log").write_bytes(server)
    return History(folder, 0)


@pytest.mark.parametrize("form", ["text", "json"])
@example(agent=b"", path=b"\xa0", note="")
@given(agent=st.binary(max_size=40), path=st.binary(min_size=1, max_size=40), note=st.text(max_size=60))
def test_what_the_service_writes_is_read(tmp_path_factory: pytest.TempPathFactory, form: str, agent: bytes, path: bytes, note: str) -> None:
    """Whatever a client put into it."""
    line = request("2001:db8::1", status=401, ms=12.3, key="old", remark=f"{REFUSED}Nonce reused; {note}")
    history = written(line | {"path": b"/" + path, "user_agent": agent}, form, tmp_path_factory.mktemp("logs"))
    [access], [server] = list(history.access()), list(history.server())
    assert (access["client"], access["key"], access["method"], access["status"]) == ("2001:db8::1", "old", "POST", 401)
    assert float(access["duration_ms"]) == pytest.approx(12.3)
    assert (server["client"], server["level"]) == ("2001:db8::1", "WARNING")
    assert server["remark"].startswith(f"{REFUSED}Nonce reused; ")
    assert abs(access["at"] - time.time()) < 5
    assert abs(server["at"] - access["at"]) <= 1


@pytest.mark.parametrize(
    "line", ["", "{", "{}", "[]", '{"timestamp": 1}', "  | b trace", "2026-99-99T09:30:00.25Z INFO x: y", "\x00", "null", "1.2.3.4 - -"]
)
def test_what_is_no_line_is_passed_over(tmp_path: Path, line: str) -> None:
    """Nothing fails."""
    for name in ("access", "pxl-server"):
        (tmp_path / f"{name}.log").write_text(f"{line}\n")
    assert [*History(tmp_path, 0).access(), *History(tmp_path, 0).server()] == []


@pytest.mark.parametrize("as_json", [False, True])
def test_archives_and_the_current_log_are_one(tmp_path: Path, *, as_json: bool) -> None:
    """Of the span and no more."""
    history = Written(tmp_path, until=NOW, as_json=as_json)
    for ago in range(9, -1, -1):
        history.day(ago, iter([(60 * number, request()) for number in range(100)]))
    days = [(NOW.date() - datetime.fromtimestamp(line["at"], UTC).date()).days for line in History(tmp_path, since(7) - 43_200).access()]
    assert days == [ago for ago in range(7, -1, -1) for _ in range(100)]


def test_a_log_that_is_being_rotated_is_read(tmp_path: Path) -> None:
    """It stands beside the current one for a moment, or since a crash."""
    Written(tmp_path, until=NOW).day(0, iter([(1, request())]))
    (tmp_path / "access.log").rename(tmp_path / "access_20260331.log")
    assert len(list(History(tmp_path, since(1)).access())) == 1


def test_a_damaged_archive_is_told_and_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """And the other files are read nevertheless."""
    history = Written(tmp_path, until=NOW)
    chance = random.Random(1)
    history.day(1, iter([(number, request(ms=chance.random() * 100)) for number in range(3000)]))
    history.day(0, iter([(1, request())]))
    [archive] = (tmp_path / "archive").glob("access_*.log.gz")
    archive.write_bytes(archive.read_bytes()[:-2000])
    (tmp_path / "archive" / "access_20260330.log.gz").write_bytes(b"no gzip")
    reader = History(tmp_path, since(3))
    assert 100 < len(list(reader.access())) < 3001
    assert [text.split(" cannot")[0] for text in reader.faults] == [str(tmp_path / "archive" / "access_20260330.log.gz"), str(archive)]


def test_a_file_without_line_ends_does_not_fill_the_memory(tmp_path: Path) -> None:
    """It is read in pieces, and holds no line."""
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / f"access_{NOW:%Y%m%d}.log.gz").write_bytes(gzip.compress(bytes(8 << 20), 1))
    assert list(History(tmp_path, 0).access()) == []


def test_performance_documents_are_read_in_order(tmp_path: Path) -> None:
    """Those of the span; what is none is told."""
    history = Written(tmp_path, until=NOW)
    for ago in (40, 3, 2, 1):
        history.performance(ago, calls=ago, p95_ms=ago)
    (tmp_path / "archive" / "performance_20260329_2.json").write_text('{"endpoints": 3}')
    (tmp_path / "performance.json").write_text("{}")
    reader = History(tmp_path, since(7))
    assert [endpoints[0]["call_count"] for _, endpoints in reader.performance()] == [3, 2, 1]
    assert len(reader.faults) == 1
    assert "performance_20260329_2.json is not a performance document" in reader.faults[0]

"""Logs are archived while they are written: every line once, whatever happens in between."""

import gzip
import json
import os
import re
import resource
import shutil
import signal
import stat
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from e2e.loading import Load
from e2e.running import running_server
from e2e.test_logs import assert_every_request_has_its_line
from killing import in_child

from logos_pxl.ops import rotate_logs as rotation
from logos_pxl.ops.alone import alone_in
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.history import archived
from logos_pxl.ops.rotate_logs import KEEP_AT_LEAST, prune, rotate

DAY = date(2026, 1, 31)


def lines_of(log_dir: Path, name: str) -> list[str]:
    """All lines of a log, archived ones first."""
    packed = [gzip.decompress(one.path.read_bytes()).decode() for one in archived(log_dir, name)]
    return [line for text in (*packed, (log_dir / f"{name}.log").read_text()) for line in text.splitlines()]


def make_logs(log_dir: Path, *, lines: int = 1000) -> None:
    log_dir.mkdir(parents=True)
    for name in ("access", "pxl-server"):
        (log_dir / f"{name}.log").write_text("".join(f"{name} {number}\n" for number in range(lines)))
    (log_dir / "performance.json").write_text('{"endpoints": [{"name": "POST /prove"}]}')


def test_no_line_is_lost_under_load_and_none_is_there_twice(folder: Path) -> None:
    """Six rotations on one day while six clients ask without a pause."""
    with running_server(folder, PXL_POOL_SIZE="1", PXL_LOG_STDERR="false", PXL_PERFORMANCE_INTERVAL_S="0.2") as server:
        with Load(server, clients=6) as load:
            for _ in range(6):
                time.sleep(0.3)
                rotate(server.logs, DAY)
        assert set(load.statuses) == {200}
        assert load.statuses[200] > 200
    assert len(archived(server.logs, "access")) == len(archived(server.logs, "pxl-server")) == 6
    assert_every_request_has_its_line({name: lines_of(server.logs, name) for name in ("access", "pxl-server")}, load)
    assert json.loads(archived(server.logs, "performance")[0].path.read_bytes())["endpoints"]


def test_names_modes_and_the_empty_log(tmp_path: Path) -> None:
    """As the manual names them; for the same readers; and the log is there at once, for ``tail``."""
    make_logs(tmp_path / "logs")
    (tmp_path / "logs" / "access.log").chmod(0o640)
    if os.geteuid() == 0:
        os.chown(tmp_path / "logs" / "access.log", 12, 34)
    rotate(tmp_path / "logs", DAY)
    names = {path.name for path in (tmp_path / "logs" / "archive").iterdir()}
    assert names == {"access_20260131.log.gz", "pxl-server_20260131.log.gz", "performance_20260131.json"}
    for path in (tmp_path / "logs" / "access.log", tmp_path / "logs" / "archive" / "access_20260131.log.gz"):
        status = path.stat()
        assert stat.S_IMODE(status.st_mode) == 0o640
        assert os.geteuid() != 0 or (status.st_uid, status.st_gid) == (12, 34)
    assert (tmp_path / "logs" / "access.log").read_bytes() == b""
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == ["access.log", "archive", "performance.json", "pxl-server.log"]


def test_a_second_run_on_one_day_loses_nothing(tmp_path: Path) -> None:
    """It has a name of its own; an empty log makes no archive."""
    make_logs(tmp_path / "logs")
    first = rotate(tmp_path / "logs", DAY)
    assert len(first) == 3
    (tmp_path / "logs" / "access.log").write_text("late\n")
    rotate(tmp_path / "logs", DAY)
    assert {one.path.name for one in archived(tmp_path / "logs", "access")} == {"access_20260131.log.gz", "access_20260131_2.log.gz"}
    assert len(archived(tmp_path / "logs", "pxl-server")) == 1
    assert lines_of(tmp_path / "logs", "access") == [*(f"access {number}" for number in range(1000)), "late"]


def test_a_rotation_that_is_killed_loses_nothing_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every change of a file; the next rotation goes on."""
    # Nobody writes here, and there is no late line to wait for.
    monkeypatch.setattr(rotation, "_SETTLE_S", 0)
    for number in range(1, 200):
        logs = tmp_path / str(number)
        make_logs(logs)
        status = in_child(lambda logs=logs: rotate(logs, DAY) and None, killed_at=number)
        with (logs / "access.log").open("a") as log:
            log.write("later\n")
        rotate(logs, DAY)
        for name, more in (("access", ["later"]), ("pxl-server", [])):
            assert lines_of(logs, name) == [f"{name} {line}" for line in range(1000)] + more, f"killed at change {number}"
        assert not list(logs.glob("*_*.log"))
        if status == 0:
            assert number > 15
            return
    raise AssertionError("it never ended")


def test_a_line_that_comes_late_is_archived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that has the old file open still writes into it while it is compressed."""
    make_logs(tmp_path / "logs")
    monkeypatch.setattr(rotation, "_SETTLE_S", 0)
    copy, written = shutil.copyfileobj, iter(range(10))

    def late(source: Any, target: Any, length: int) -> None:
        copy(source, target, length)
        if next(written) == 0:
            with Path(source.name).open("a") as writer:
                writer.write("late\n")

    monkeypatch.setattr(rotation.shutil, "copyfileobj", late)
    rotate(tmp_path / "logs", DAY)
    assert lines_of(tmp_path / "logs", "access") == [*(f"access {number}" for number in range(1000)), "late"]


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """The rotation fails, and says so; the next one archives what is there."""
    make_logs(tmp_path / "logs", lines=60_000)
    assert os.waitstatus_to_exitcode(in_child(lambda: _rotate_with_little_room(tmp_path / "logs"), killed_at=0)) == 0
    assert not archived(tmp_path / "logs", "access", "pxl-server")
    rotate(tmp_path / "logs", DAY)
    for name in ("access", "pxl-server"):
        assert len(lines_of(tmp_path / "logs", name)) == 60_000


def _rotate_with_little_room(logs: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    with pytest.raises(OSError, match="File too large"):
        rotate(logs, DAY)


def archives_of(tmp_path: Path, now: datetime, days: Iterable[int]) -> set[str]:
    (tmp_path / "archive").mkdir(exist_ok=True)
    for ago in days:
        (tmp_path / "archive" / f"access_{now - timedelta(days=ago):%Y%m%d}.log.gz").touch()
    return {path.name for path in (tmp_path / "archive").iterdir()}


def test_what_is_thirty_days_old_goes(tmp_path: Path) -> None:
    """By the date in the name; files of other names stay."""
    now = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    archives_of(tmp_path, now, [*range(7), 29, 30, 31, 32, 400])
    for name in ("performance_20250101_3.json", "access_20251399.log.gz", "notes_20250101.log.gz"):
        (tmp_path / "archive" / name).touch()
    gone = set(prune(tmp_path, keep_days=30, now=now))
    assert gone == {f"access_{now - timedelta(days=days):%Y%m%d}.log.gz" for days in (31, 32, 400)}
    assert not gone & {path.name for path in (tmp_path / "archive").iterdir()}


def test_a_wrong_clock_does_not_remove_the_last_archives(tmp_path: Path) -> None:
    """In 2099 all are old: the newest seven of each kind stay."""
    names = archives_of(tmp_path, datetime(2026, 3, 2, tzinfo=UTC), range(20))
    prune(tmp_path, keep_days=30, now=datetime(2099, 1, 1, tzinfo=UTC))
    assert KEEP_AT_LEAST == 7
    assert {path.name for path in (tmp_path / "archive").iterdir()} == set(sorted(names)[-7:])


def test_two_rotations_at_once_are_one(tmp_path: Path) -> None:
    """The second is refused while the first is at work."""
    make_logs(tmp_path / "logs")
    (tmp_path / "logs" / "archive").mkdir()
    pid = os.fork()
    if not pid:
        with alone_in(tmp_path / "logs" / "archive", "rotation"):
            (tmp_path / "locked").touch()
            time.sleep(30)
        os._exit(0)
    try:
        ends = time.monotonic() + 20
        while not (tmp_path / "locked").exists():
            assert time.monotonic() < ends
            time.sleep(0.01)
        with pytest.raises(OperationFailed, match=re.escape("another rotation is at work")):
            rotate(tmp_path / "logs", DAY)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert len(rotate(tmp_path / "logs", DAY)) == 3

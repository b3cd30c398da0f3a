"""Queued lines and their writer: a failing disk costs bounded memory and nothing else."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from logos_pxl.logs.writing import LineListener, LogFile, QueuedLines


def started(path: Path, *, max_lines: int = 50_000) -> tuple[QueuedLines, ExitStack]:
    """A queue that is written to a file, and what stops that."""
    lines = QueuedLines("test.log", max_lines=max_lines)
    file, opened = LogFile(path), ExitStack()
    opened.callback(file.close)
    listener = LineListener(lines, file.append)
    listener.start()
    opened.callback(listener.stop)
    return lines, opened


def wait_until(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    ends = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_lines_wait_while_the_disk_is_full(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """When there is room again they are written, in order; the log says how many found no room in memory."""
    log = tmp_path / "log"
    log.symlink_to("/dev/full")
    lines, opened = started(log, max_lines=99)
    sent = [b"line %03d\n" % number for number in range(300)]
    lines.enqueue(sent[0])
    wait_until(lambda: "test.log cannot be written: No space left on device" in caplog.text)
    for line in sent[1:]:
        lines.enqueue(line)
    kept = 1 + 99
    assert lines.lost == 300 - kept
    # The next try finds that the name leads elsewhere.
    log.unlink()
    wait_until(lambda: log.exists() and log.read_bytes() == b"".join(sent[:kept]), 10)
    wait_until(lambda: f"{300 - kept} lines of test.log were lost" in caplog.text)
    opened.close()
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING", "ERROR"], "each is said once"
    assert lines.lost == 300 - kept


def test_room_that_was_written_is_free_again(tmp_path: Path) -> None:
    """The bound is on lines that wait, not on all lines."""
    lines, opened = started(tmp_path / "log", max_lines=1)
    for _ in range(20):
        lines.enqueue(b"line\n")
        wait_until(lines.lines.empty)
    opened.close()
    assert (tmp_path / "log").read_bytes() == b"line\n" * 20
    assert lines.lost == 0


def test_closing_does_not_wait_for_a_full_disk() -> None:
    """/dev/full refuses every write; its lines are counted as lost."""
    lines, opened = started(Path("/dev/full"))
    for _ in range(100):
        lines.enqueue(b"line\n")
    began = time.monotonic()
    opened.close()
    assert time.monotonic() - began < 3
    assert lines.lost == 100


BLOCKED = """
import logging, sys, time
from pathlib import Path
from logos_pxl.logs.opening import Logs
from logos_pxl.settings import ServiceSettings
started = time.monotonic()
with Logs.open(ServiceSettings(PXL_LOG_DIR=Path(sys.argv[1]), PXL_LOG_STDERR=True)) as logs:
    for _ in range(40_000):
        logging.warning("x" * 100)
    assert logs.lost_lines()["standard error"] > 20_000
    assert logs.lost_lines()["pxl-server.log"] == 0
print(time.monotonic() - started)
"""


def test_a_pipe_that_nobody_reads_blocks_nothing(tmp_path: Path) -> None:
    """Neither producers, nor the file, nor the end of the process wait for its reader."""
    process = subprocess.Popen([sys.executable, "-c", BLOCKED, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.wait(30) == 0
        assert float(process.stdout.read()) < 10
        assert (tmp_path / "pxl-server.log").read_bytes().count(b"x" * 100) == 40_000
    finally:
        process.kill()
        process.communicate()


def test_stopping_writes_what_is_queued(tmp_path: Path) -> None:
    """The last lines before the end are in the file, and no thread is left."""
    threads = threading.active_count()
    lines, opened = started(tmp_path / "log")
    for number in range(1000):
        lines.enqueue(b"%d\n" % number)
    opened.close()
    assert (tmp_path / "log").read_bytes().split() == [b"%d" % number for number in range(1000)]
    assert threading.active_count() == threads


def test_a_single_line_is_written_at_once(tmp_path: Path) -> None:
    """It does not wait for others."""
    lines, opened = started(tmp_path / "log")
    lines.enqueue(b"last\n")
    wait_until(lambda: (tmp_path / "log").stat().st_size > 0, 1)
    opened.close()


def test_a_record_that_cannot_be_formatted_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """As everywhere in logging: the mistake goes to standard error, the caller goes on."""
    lines = QueuedLines("test.log")
    lines.handle(logging.LogRecord("part", logging.INFO, __file__, 1, "%d", ("no number",), None))
    assert "TypeError" in capsys.readouterr().err

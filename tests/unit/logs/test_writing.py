"""Queued lines and their writer: a failing disk costs bounded memory and nothing else."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from logos_pxl.logs.writing import LineListener, LogFile, QueuedLines


def started(path: Path, *, max_bytes: int = 16 << 20) -> tuple[QueuedLines, LineListener]:
    """A queue, and the listener that writes it to a file."""
    lines = QueuedLines("test.log", max_bytes=max_bytes)
    listener = LineListener(lines, LogFile(path))
    listener.start()
    return lines, listener


def wait_until(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    ends = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_lines_wait_while_the_disk_is_full(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """When there is room again they are written, in order; the log says how many found no room in memory."""
    log = tmp_path / "log"
    log.symlink_to("/dev/full")
    lines, listener = started(log, max_bytes=1000)
    sent = [b"line %03d\n" % number for number in range(300)]
    for line in sent:
        lines.enqueue(line)
    kept = 1000 // len(sent[0])
    assert lines.lost == 300 - kept
    wait_until(lambda: "test.log cannot be written: No space left on device" in caplog.text)
    # The next try finds that the name leads elsewhere.
    log.unlink()
    wait_until(lambda: log.exists() and log.read_bytes() == b"".join(sent[:kept]), 10)
    wait_until(lambda: f"{300 - kept} lines of test.log were lost" in caplog.text)
    listener.stop()
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING", "ERROR"], "each is said once"
    assert lines.lost == 300 - kept


def test_room_that_was_written_is_free_again(tmp_path: Path) -> None:
    """The bound is on lines that wait, not on all lines."""
    lines, listener = started(tmp_path / "log", max_bytes=1000)
    for _ in range(20):
        lines.enqueue(b"x" * 899 + b"\n")
        wait_until(lambda: not lines.half_full())
    listener.stop()
    assert (tmp_path / "log").stat().st_size == 20 * 900
    assert lines.lost == 0


def test_closing_does_not_wait_for_a_full_disk() -> None:
    """/dev/full refuses every write; its lines are counted as lost."""
    lines, listener = started(Path("/dev/full"))
    for _ in range(100):
        lines.enqueue(b"line\n")
    began = time.monotonic()
    listener.stop()
    assert time.monotonic() - began < 3
    assert lines.lost == 100


BLOCKED = """
import logging, time
from logos_pxl.logs.writing import LineListener, QueuedLines, StandardError
logging.getLogger().addHandler(logging.NullHandler())
lines = QueuedLines("stderr", max_bytes=1 << 20)
listener = LineListener(lines, StandardError())
listener.start()
started = time.monotonic()
for _ in range(50_000):
    lines.enqueue(b"x" * 100 + b"\\n")
assert lines.lost > 30_000
listener.stop()
print(time.monotonic() - started)
"""


def test_a_pipe_that_nobody_reads_blocks_nothing() -> None:
    """Neither producers nor the end of the process wait for its reader."""
    process = subprocess.Popen([sys.executable, "-c", BLOCKED], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.wait(30) == 0
        assert float(process.stdout.read()) < 6
    finally:
        process.kill()
        process.communicate()


def test_stopping_writes_what_is_queued(tmp_path: Path) -> None:
    """The last lines before the end are in the file, and no thread is left."""
    threads = threading.active_count()
    lines, listener = started(tmp_path / "log")
    for number in range(1000):
        lines.enqueue(b"%d\n" % number)
    listener.stop()
    assert (tmp_path / "log").read_bytes().split() == [b"%d" % number for number in range(1000)]
    assert threading.active_count() == threads


def test_a_single_line_is_written_at_once(tmp_path: Path) -> None:
    """It does not wait for others."""
    lines, listener = started(tmp_path / "log")
    lines.enqueue(b"last\n")
    wait_until(lambda: (tmp_path / "log").stat().st_size > 0, 1)
    listener.stop()


def test_a_record_that_cannot_be_formatted_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """As everywhere in logging: the mistake goes to standard error, the caller goes on."""
    lines = QueuedLines("test.log")
    lines.handle(logging.LogRecord("part", logging.INFO, __file__, 1, "%d", ("no number",), None))
    assert "TypeError" in capsys.readouterr().err

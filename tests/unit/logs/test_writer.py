"""Lines on their way: a disk that fails costs nobody anything but memory, within bounds."""

import errno
import os
import threading
import time
from pathlib import Path

import pytest

from logos_pxl.logs.targets import Descriptor, LogFile
from logos_pxl.logs.writer import LineWriter


def lost_line(lost: int) -> bytes:
    return b"%d lines were lost\n" % lost


class FullDisk(LogFile):
    """A real file on a disk that is full as long as ``full`` says; then it takes a few bytes at a time."""

    full = True

    def append(self, data: memoryview) -> int:
        """Refuse, or take seven bytes."""
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().append(data[:7])


def wait_until(holds: object, within_s: float = 5.0) -> None:
    ends = time.monotonic() + within_s
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_lines_wait_while_the_disk_is_full(tmp_path: Path) -> None:
    """When there is room again they are written, in order, and it is told how many found no room in memory."""
    target = FullDisk(tmp_path / "log")
    writer = LineWriter("log", target, lost_line, max_pending_bytes=1000)
    lines = [b"line %03d\n" % number for number in range(300)]
    for line in lines:
        started = time.monotonic()
        writer.write(line)
        assert time.monotonic() - started < 0.5
    kept = 1000 // len(lines[0])
    assert writer.lost == 300 - kept
    target.full = False
    wait_until(lambda: b"were lost" in target.path.read_bytes(), 10)
    writer.close(timeout_s=5)
    assert writer.lost == 300 - kept, "what was told is not forgotten"
    assert target.path.read_bytes() == b"".join(lines[:kept]) + lost_line(300 - kept)


def test_a_real_full_device_raises_nothing() -> None:
    """/dev/full refuses every write; writing and closing go on."""
    writer = LineWriter("full", LogFile(Path("/dev/full")), lost_line)
    for _ in range(100):
        writer.write(b"line\n")
    started = time.monotonic()
    writer.close(timeout_s=3)
    assert time.monotonic() - started < 3


def test_a_reader_that_does_not_read_holds_nobody() -> None:
    """A pipe that nobody empties blocks the writing thread, not those who write lines, nor the end."""
    reading, writing = os.pipe()
    try:
        writer = LineWriter("stderr", Descriptor(writing), lost_line, max_pending_bytes=1 << 20)
        started = time.monotonic()
        for _ in range(50_000):
            writer.write(b"x" * 100 + b"\n")
        assert time.monotonic() - started < 5
        writer.close(timeout_s=0.2)
        assert time.monotonic() - started < 6
    finally:
        os.close(reading)
        os.close(writing)


def test_closing_writes_what_was_taken(tmp_path: Path) -> None:
    """The last lines before the end are in the file."""
    writer = LineWriter("log", LogFile(tmp_path / "log"), lost_line)
    for number in range(1000):
        writer.write(b"%d\n" % number)
    writer.close(timeout_s=5)
    assert (tmp_path / "log").read_bytes().split() == [b"%d" % number for number in range(1000)]


def test_an_urgent_line_does_not_wait_for_others(tmp_path: Path) -> None:
    """What may be the last word of a process is written at once."""
    writer = LineWriter("log", LogFile(tmp_path / "log"), lost_line)
    writer.write(b"last\n", urgent=True)
    wait_until(lambda: (tmp_path / "log").stat().st_size > 0, 1)
    writer.close(timeout_s=5)


def test_no_thread_stays_behind(tmp_path: Path) -> None:
    """Closing ends the writing thread."""
    before = threading.active_count()
    writer = LineWriter("log", LogFile(tmp_path / "log"), lost_line)
    writer.close(timeout_s=5)
    assert threading.active_count() == before


@pytest.mark.parametrize("size", [1, 1 << 18, (1 << 18) + 1, 1 << 20])
def test_long_lines_are_whole(tmp_path: Path, size: int) -> None:
    """Pieces end where lines end."""
    writer = LineWriter("log", LogFile(tmp_path / "log"), lost_line)
    lines = [bytes([letter]) * size + b"\n" for letter in b"abc"]
    for line in lines:
        writer.write(line)
    writer.close(timeout_s=5)
    assert (tmp_path / "log").read_bytes() == b"".join(lines)

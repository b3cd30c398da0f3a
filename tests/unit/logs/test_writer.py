"""Lines on their way: a disk that fails costs nobody anything but memory, within bounds."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from logos_pxl_engine import LineWriter


def lost_line(lost: int) -> bytes:
    return b"%d lines were lost\n" % lost


def line_writer(path: Path | None, *, changes: list[str | None] | None = None, max_pending_bytes: int = 16 << 20) -> LineWriter:
    """One that notes what it tells."""
    noted = [] if changes is None else changes
    return LineWriter("log", path, lost_line, noted.append, max_pending_bytes=max_pending_bytes)


def wait_until(holds: object, within_s: float = 5.0) -> None:
    ends = time.monotonic() + within_s
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_lines_wait_while_the_disk_is_full(tmp_path: Path) -> None:
    """When there is room again they are written, in order, and it is told how many found no room in memory."""
    log = tmp_path / "log"
    log.symlink_to("/dev/full")
    changes: list[str | None] = []
    writer = line_writer(log, changes=changes, max_pending_bytes=1000)
    lines = [b"line %03d\n" % number for number in range(300)]
    for line in lines:
        started = time.monotonic()
        writer.write(line)
        assert time.monotonic() - started < 0.5
    kept = 1000 // len(lines[0])
    assert writer.lost == 300 - kept
    wait_until(lambda: changes == ["No space left on device"])
    # The next try finds that the name leads elsewhere.
    log.unlink()
    wait_until(lambda: log.exists() and b"were lost" in log.read_bytes(), 10)
    writer.close(timeout_s=5)
    assert writer.lost == 300 - kept, "what was told is not forgotten"
    assert log.read_bytes() == b"".join(lines[:kept]) + lost_line(300 - kept)
    assert changes == ["No space left on device", None]


def test_a_full_disk_costs_whoever_closes_no_time() -> None:
    """/dev/full refuses every write; writing and closing go on."""
    writer = line_writer(Path("/dev/full"))
    for _ in range(100):
        writer.write(b"line\n")
    started = time.monotonic()
    writer.close(timeout_s=3)
    assert time.monotonic() - started < 3


def test_who_fails_when_told_stops_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of whoever is told of changes is no reason to write no more."""
    unraisable: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", unraisable.append)

    def changed(_: str | None) -> None:
        raise ValueError

    log = tmp_path / "log"
    log.symlink_to("/dev/full")
    writer = LineWriter("log", log, lost_line, changed, max_pending_bytes=1000)
    writer.write(b"line\n")
    wait_until(lambda: bool(unraisable))
    log.unlink()
    wait_until(lambda: log.exists() and log.read_bytes() == b"line\n", 10)
    writer.close(timeout_s=5)


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    """With the error's own class."""
    with pytest.raises(IsADirectoryError, match="Is a directory") as raised:
        line_writer(tmp_path)
    assert raised.value.strerror == "Is a directory"


BLOCKED = """
import time
from logos_pxl_engine import LineWriter
writer = LineWriter("stderr", None, lambda lost: b"lost", print, max_pending_bytes=1 << 20)
started = time.monotonic()
for _ in range(50_000):
    writer.write(b"x" * 100 + b"\\n")
assert writer.lost > 30_000
writer.close(timeout_s=0.2)
print(time.monotonic() - started)
"""


def test_a_reader_that_does_not_read_holds_nobody() -> None:
    """A pipe that nobody empties blocks the writing thread, not those who write lines, nor the end."""
    process = subprocess.Popen([sys.executable, "-c", BLOCKED], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.wait(30) == 0
        assert float(process.stdout.read()) < 6
    finally:
        process.kill()
        process.communicate()


def test_closing_writes_what_was_taken(tmp_path: Path) -> None:
    """The last lines before the end are in the file."""
    writer = line_writer(tmp_path / "log")
    for number in range(1000):
        writer.write(b"%d\n" % number)
    writer.close(timeout_s=5)
    assert (tmp_path / "log").read_bytes().split() == [b"%d" % number for number in range(1000)]


def test_an_urgent_line_does_not_wait_for_others(tmp_path: Path) -> None:
    """What may be the last word of a process is written at once."""
    writer = line_writer(tmp_path / "log")
    writer.write(b"last\n", urgent=True)
    wait_until(lambda: (tmp_path / "log").stat().st_size > 0, 1)
    writer.close(timeout_s=5)


def test_no_thread_stays_behind(tmp_path: Path) -> None:
    """Closing ends the writing thread."""

    def threads() -> int:
        return sum((task / "comm").read_text() == "log-mine\n" for task in Path("/proc/self/task").iterdir())

    writer = LineWriter("mine", tmp_path / "log", lost_line, print, max_pending_bytes=1000)
    wait_until(lambda: threads() == 1)
    writer.close(timeout_s=5)
    wait_until(lambda: threads() == 0)


@pytest.mark.parametrize("size", [1, 1 << 18, (1 << 18) + 1, 1 << 20])
def test_long_lines_are_whole(tmp_path: Path, size: int) -> None:
    """Pieces end where lines end."""
    writer = line_writer(tmp_path / "log")
    lines = [bytes([letter]) * size + b"\n" for letter in b"abc"]
    for line in lines:
        writer.write(line)
    writer.close(timeout_s=5)
    assert (tmp_path / "log").read_bytes() == b"".join(lines)

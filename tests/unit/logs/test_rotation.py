"""Rotation while lines are written: none is lost, none is torn."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from logos_pxl.logs.writing import LineListener, LogFile, QueuedLines

ROTATIONS = 5


def started(log: Path) -> tuple[QueuedLines, ExitStack]:
    lines = QueuedLines(log.name)
    file, opened = LogFile(log), ExitStack()
    opened.callback(file.close)
    listener = LineListener(lines, file.append)
    listener.start()
    opened.callback(listener.stop)
    return lines, opened


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "pxl-server.log"


@contextmanager
def writing(log: Path) -> Iterator[list[int]]:
    """Two threads write numbered lines until the block ends; gives a list that holds how many were written at the end."""
    lines, opened = started(log)
    counts: list[int] = []
    ending = threading.Event()

    def write(thread: int) -> None:
        number = 0
        while not ending.is_set():
            lines.enqueue(b"%d-%d %b\n" % (thread, number, b"x" * 100))
            number += 1
            if number % 20 == 0:
                time.sleep(0.002)
        counts.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield counts
    finally:
        ending.set()
        for thread in threads:
            thread.join()
        opened.close()


def lines_of(*files: Path) -> list[bytes]:
    """All lines, in the order of the files."""
    data = b"".join(file.read_bytes() for file in files)
    assert data.endswith(b"\n")
    return data.splitlines()


def assert_all_there(lines: list[bytes], counts: list[int]) -> None:
    """Each line exactly once, those of one thread in their order."""
    numbers = [line.split(b" ")[0] for line in lines]
    assert all(line.endswith(b" " + b"x" * 100) for line in lines), "a line is torn"
    of_thread = {thread: [int(number.split(b"-")[1]) for number in numbers if number.startswith(b"%d-" % thread)] for thread in range(2)}
    assert sorted(len(found) for found in of_thread.values()) == sorted(counts)
    for found in of_thread.values():
        assert found == list(range(len(found)))


def test_renaming_loses_no_line(log: Path) -> None:
    """Nothing has to say that the file was renamed."""
    parts = [log.with_name(f"pxl-server.{number}") for number in range(ROTATIONS)]
    with writing(log) as counts:
        for part in parts:
            time.sleep(0.2)
            log.rename(part)
        time.sleep(0.2)
    lines = lines_of(*parts, log)
    assert_all_there(lines, counts)
    assert log.stat().st_size > 0


def test_an_archive_folder_that_comes_late_is_no_trouble(log: Path) -> None:
    """The folder removed with its files is made again."""
    log = log.parent / "logs" / "access.log"
    log.parent.mkdir()
    lines, opened = started(log)
    log.unlink()
    log.parent.rmdir()
    lines.enqueue(b"line\n")
    opened.close()
    assert log.read_bytes() == b"line\n"

"""Rotation while lines are written: none is lost, none is torn."""

import gzip
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from logos_pxl.logs.writing import LineListener, LogFile, QueuedLines

ROTATIONS = 5


def started(log: Path) -> tuple[QueuedLines, LineListener]:
    lines = QueuedLines(log.name)
    listener = LineListener(lines, LogFile(log))
    listener.start()
    return lines, listener


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "pxl-server.log"


@contextmanager
def writing(log: Path) -> Iterator[list[int]]:
    """Two threads write numbered lines until the block ends; gives a list that holds how many were written at the end."""
    lines, listener = started(log)
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
        listener.stop()


def lines_of(*files: Path) -> list[bytes]:
    """All lines, in the order of the files."""
    data = b"".join(gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes() for file in files)
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


def test_copying_and_truncating_as_the_manual_does_loses_no_line(log: Path) -> None:
    """``gzip -c`` into an archive, then an empty file: nothing is written between the two, also when they are some time apart."""
    parts = [log.with_name(f"pxl-server_{number}.log.gz") for number in range(ROTATIONS)]
    with writing(log) as counts:
        for part in parts:
            time.sleep(1.2)
            subprocess.run(["bash", "-c", f'gzip -c "{log}" > "{part}"; sleep 0.15; > "{log}"'], check=True, timeout=30)
        time.sleep(0.2)
    assert_all_there(lines_of(*parts, log), counts)
    assert all(len(lines_of(part)) > 100 for part in parts)


def test_who_reads_for_ever_does_not_stop_the_log(log: Path) -> None:
    """``tail -f`` sees each line, within seconds."""
    lines, listener = started(log)
    tail = subprocess.Popen(["tail", "-n", "+1", "-f", str(log)], stdout=subprocess.PIPE)
    try:
        assert tail.stdout is not None
        for number in range(3):
            lines.enqueue(b"line %d\n" % number)
            began = time.monotonic()
            assert tail.stdout.readline() == b"line %d\n" % number
            assert time.monotonic() - began < 5
    finally:
        tail.kill()
        tail.communicate()
        listener.stop()


def test_an_archive_folder_that_comes_late_is_no_trouble(log: Path) -> None:
    """The folder removed with its files is made again."""
    log = log.parent / "logs" / "access.log"
    log.parent.mkdir()
    lines, listener = started(log)
    log.unlink()
    log.parent.rmdir()
    lines.enqueue(b"line\n")
    listener.stop()
    assert log.read_bytes() == b"line\n"

"""Logs moved into the archive while the service writes them.

A log is renamed, and an empty one with the same mode and owner takes its name; the service opens that one with its next line, without being
told (docs/logs.md). SIGHUP would do more than that, for it reloads the configuration too.

Invariant: a line is in the log, in the file that was moved aside, or in the archive, at every moment; the file aside is removed only when
the archive was read back and holds all of it. What a crash or a full disk leaves aside, the next rotation archives, without archiving
anything twice.
"""

import errno
import gzip
import json
import os
import time
import zlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from logos_pxl.durable import sync_folder, write_whole
from logos_pxl.ops.alone import alone_in
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.history.archive import FOLDER, LOGS, PERFORMANCE, free_name, moved_aside

_SUFFIX = ".log.gz"
_PIECE_BYTES = 1 << 20
# A write that began before the file was renamed ends within this.
_SETTLE_S = 0.5


@dataclass(frozen=True, slots=True)
class Rotated:
    """One file that is in the archive now. ``bytes`` and ``lines`` are those of the log before compression."""

    log: str
    archive: Path
    lines: int
    bytes: int


def rotate(log_dir: Path, day: date) -> list[Rotated]:
    """Archive both logs and performance.json. Raises OperationFailed; what was not archived is there still."""
    try:
        (log_dir / FOLDER).mkdir(parents=True, exist_ok=True)
        with alone_in(log_dir / FOLDER, "rotation"):
            for left in _left_aside(log_dir):
                _put_empty(_log_of(left), left)
            done = [_compress(log_dir, left) for left in _left_aside(log_dir)]
            aside = [_move_aside(log_dir, stem, day) for stem in LOGS]
            if any(aside):
                time.sleep(_SETTLE_S)
            done += [_compress(log_dir, path) for path in aside if path is not None]
            performance = _archive_performance(log_dir, day)
    except OSError as error:
        raise OperationFailed(
            f"the logs in {log_dir} could not be archived: {error.strerror or error}: {error.filename or ''}; no line is lost, rotate again"
        ) from error
    return [rotated for group in done for rotated in group] + performance


def _left_aside(log_dir: Path) -> list[Path]:
    return sorted(path for stem in LOGS for path in log_dir.glob(f".{stem}_*.rotating"))


def _log_of(aside: Path) -> Path:
    return aside.with_name(f"{aside.name[1:].partition('_')[0]}.log")


def _move_aside(log_dir: Path, stem: str, day: date) -> Path | None:
    """Rename the log; ``None`` when there is none, or nothing is in it."""
    log = log_dir / f"{stem}.log"
    if not log.exists() or not log.stat().st_size:
        return None
    aside = moved_aside(log_dir, free_name(log_dir, stem, day, _SUFFIX))
    log.rename(aside)
    _put_empty(log, aside)
    return aside


def _put_empty(log: Path, former: Path) -> None:
    """An empty file for the service and for who reads the log, unless the service was quicker."""
    beside = log.with_name(f".{log.name}.new")
    beside.unlink(missing_ok=True)
    if log.exists():
        return
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        _as(descriptor, former.stat())
    finally:
        os.close(descriptor)
    try:
        log.hardlink_to(beside)
    except FileExistsError:
        pass
    except OSError:
        # A file system without links: the service makes its file itself, with its next line.
        if not log.exists():
            beside.rename(log)
    beside.unlink(missing_ok=True)


def _as(descriptor: int, former: os.stat_result) -> None:
    """With the mode and the owner that the log had."""
    if os.geteuid() == 0:
        os.fchown(descriptor, former.st_uid, former.st_gid)
    os.fchmod(descriptor, former.st_mode & 0o777)


def _compress(log_dir: Path, aside: Path) -> list[Rotated]:
    """Everything in the file aside, also what comes while it is being read."""
    name = aside.name.removeprefix(".").removesuffix(".rotating")
    target = log_dir / FOLDER / f"{name}{_SUFFIX}"
    done: list[Rotated] = []
    with aside.open("rb") as file:
        held = _held_already(target, file)
        removed = False
        while True:
            size = os.fstat(file.fileno()).st_size
            if size > held:
                # All of it anew: lines that came late belong into the same archive.
                done = [_write_archive(file, size, target)]
                held = size
            elif not removed:
                aside.unlink()
                removed = True
            else:
                return done


def _held_already(target: Path, file: BinaryIO) -> int:
    """How much of the file its archive holds: all that a rotation wrote which was cut off before it could tidy up."""
    held = 0
    try:
        with gzip.open(target, "rb") as packed:
            while piece := packed.read(_PIECE_BYTES):
                if file.read(len(piece)) != piece:
                    raise OperationFailed(f"{target} holds something else than {file.name}, which belongs into it: move one of them away")
                held += len(piece)
    except FileNotFoundError:
        return 0
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise OperationFailed(f"{target} is damaged ({error}), and {file.name} belongs into it: move the archive away") from error
    return held


def _write_archive(file: BinaryIO, size: int, target: Path) -> Rotated:
    """Compress the first ``size`` bytes, read them back, and give them their name."""
    beside = target.with_name(f".{target.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w+b") as raw:  # noqa: PTH123 - a descriptor
            _as(descriptor, os.fstat(file.fileno()))
            lines = _pack(file, size, raw, target)
        beside.rename(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)
    return Rotated(f"{target.name.partition('_')[0]}.log", target, lines, size)


def _pack(file: BinaryIO, size: int, raw: BinaryIO, target: Path) -> int:
    """How many lines were written."""
    lines, crc, left = 0, 0, size
    file.seek(0)
    with gzip.GzipFile(filename="", mode="wb", fileobj=raw) as packed:
        while left and (piece := file.read(min(_PIECE_BYTES, left))):
            packed.write(piece)
            lines, crc, left = lines + piece.count(b"\n"), zlib.crc32(piece, crc), left - len(piece)
    raw.flush()
    os.fsync(raw.fileno())
    _require_same(raw, crc, size, target)
    return lines


def _require_same(raw: BinaryIO, crc: int, size: int, target: Path) -> None:
    raw.seek(0)
    found_crc, found = 0, 0
    with gzip.GzipFile(fileobj=raw, mode="rb") as packed:
        while piece := packed.read(_PIECE_BYTES):
            found_crc, found = zlib.crc32(piece, found_crc), found + len(piece)
    if (found_crc, found) != (crc, size):
        raise OSError(errno.EIO, "it reads back as something else than was written", str(target))


def _archive_performance(log_dir: Path, day: date) -> list[Rotated]:
    """A copy: the service writes the document anew by itself, and emptying it would only hide the day's figures for a minute."""
    try:
        data = (log_dir / f"{PERFORMANCE}.json").read_bytes()
        if not json.loads(data).get("endpoints"):
            return []
    except (FileNotFoundError, ValueError, AttributeError):
        return []
    target = log_dir / FOLDER / f"{free_name(log_dir, PERFORMANCE, day, '.json')}.json"
    beside = target.with_name(f".{target.name}.new")
    write_whole(beside, data)
    beside.rename(target)
    return [Rotated(f"{PERFORMANCE}.json", target, 0, len(data))]

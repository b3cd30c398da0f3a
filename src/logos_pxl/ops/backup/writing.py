"""Archives written.

Invariant: a file under an archive's name is whole, on the disk, and was read back before it got the name. What fails leaves nothing behind.
An archive is for its owner only, for it may hold secrets.
"""

import gzip
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from logos_pxl.durable import sync_folder
from logos_pxl.ops.backup import tape
from logos_pxl.ops.backup.collecting import Found
from logos_pxl.ops.backup.envelope import manifest_tar, trailer
from logos_pxl.ops.backup.manifest import FORMAT, FileEntry, Manifest
from logos_pxl.ops.backup.naming import archive_name
from logos_pxl.ops.backup.reading import PIECE_BYTES, Archive
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.version import __version__

# Another backup of the same second has the name: the next second is soon.
_NAME_TRIES = 5


@dataclass(frozen=True, slots=True)
class Written:
    """An archive that is there. ``gone`` are files that went away while it was written."""

    path: Path
    manifest: Manifest
    bytes: int
    gone: tuple[str, ...]


def write_archive(folder: Path, found: Found, *, kernel_hash: str | None) -> Written:
    """Write a new archive into ``folder``, which is made when missing. Raises OperationFailed; then nothing was left behind."""
    if not found.files:
        raise OperationFailed("there is nothing to back up: no configuration, no history, no certificates in the places of this service")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _temporary(folder / f".{os.getpid()}.files.new") as body, _temporary(folder / f".{os.getpid()}.archive.new") as whole:
            entries, gone = _write_files(body[1], found)
            manifest = Manifest(
                format=FORMAT,
                created=datetime.now(UTC).isoformat(timespec="seconds"),
                version=__version__,
                kernel_hash=kernel_hash,
                files=entries,
                folders=found.folders,
            )
            _write_whole(whole[1], manifest, body[1])
            with Archive.open(whole[0]) as archive:
                archive.verify()
            size = whole[0].stat().st_size
            path = _named(whole[0], folder)
            sync_folder(folder)
    except OSError as error:
        raise OperationFailed(f"the backup could not be written to {folder}: {error.strerror or error}; nothing was left behind") from error
    return Written(path, manifest, size, tuple(gone))


@contextmanager
def _temporary(path: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file that only its owner may read, removed at the end."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w+b") as file:  # noqa: PTH123 - a descriptor
            yield path, file
    finally:
        path.unlink(missing_ok=True)


def _write_files(out: BinaryIO, found: Found) -> tuple[list[FileEntry], list[str]]:
    """The files' tar, compressed; what was written, and what had gone before its turn."""
    entries: list[FileEntry] = []
    gone: list[str] = []
    with _compressing(out) as tar:
        for name, path in sorted(found.files.items()):
            try:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            except FileNotFoundError:
                # Certificates are evicted, logs are rotated, also now.
                gone.append(name)
                continue
            except OSError as error:
                raise OperationFailed(f"{path} cannot be read: {error.strerror}; no backup was made") from error
            with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
                entries.append(_write_file(tar, name, file))
        tar.write(tape.ending(tar.tell()))
    out.flush()
    return entries, gone


def _write_file(tar: gzip.GzipFile, name: str, file: BinaryIO) -> FileEntry:
    status = os.fstat(file.fileno())
    mode = status.st_mode & 0o777
    tar.write(tape.head(name, size=status.st_size, mode=mode, mtime_s=status.st_mtime_ns // 10**9))
    digest, left = hashlib.sha256(), status.st_size
    while left:
        piece = file.read(min(PIECE_BYTES, left))
        if not piece:
            raise OperationFailed(f"{name} became shorter while it was read: try again")
        digest.update(piece)
        tar.write(piece)
        left -= len(piece)
    tar.write(tape.filling(status.st_size))
    return FileEntry(name=name, mode=mode, bytes=status.st_size, sha256=digest.hexdigest(), mtime_ns=status.st_mtime_ns)


def _write_whole(out: BinaryIO, manifest: Manifest, body: BinaryIO) -> None:
    with _compressing(out) as tar:
        tar.write(manifest_tar(manifest.as_bytes()))
    body.seek(0)
    shutil.copyfileobj(body, out, PIECE_BYTES)
    out.flush()
    out.seek(0)
    digest = hashlib.file_digest(out, "sha256").hexdigest()  # type: ignore[arg-type]
    out.write(trailer(digest))
    out.flush()
    os.fsync(out.fileno())


def _compressing(out: BinaryIO) -> gzip.GzipFile:
    return gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0)


def _named(temporary: Path, folder: Path) -> Path:
    """Give the archive its name, which no other has."""
    for _ in range(_NAME_TRIES):
        path = folder / archive_name(datetime.now(UTC))
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            time.sleep(1)
        except OSError:
            # Some file systems, of network shares above all, have no links.
            if not path.exists():
                return temporary.rename(path)
        else:
            return path
    raise OperationFailed(f"{folder} has a backup of each of the last {_NAME_TRIES} seconds: that is no backup but a loop")

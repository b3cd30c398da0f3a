"""Atomic replacement of files.

Invariant: a reader of a replaced file finds its old content or its new one, also after a crash.
"""

import os
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Put ``data`` in the file's place, at once. Raises OSError; then what was there is there still."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The name is fixed: what a crash leaves behind is written over.
    beside = path.with_name(f".{path.name}.new")
    write_whole(beside, data)
    beside.replace(path)


def replace_private_file(path: Path, data: bytes) -> None:
    """As ``replace_file``, with the mode and the owner of what is there, else for its owner only. The rename is on the disk too."""
    # A link stays one; its file is replaced.
    path = path.resolve()
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, which nobody else may read from the start
        if path.exists():
            take_place_of(descriptor, path)
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)
    sync_folder(path.parent)


def take_place_of(descriptor: int, path: Path) -> None:
    """Give an open file the mode and, where that may be done, the owner of the file at ``path``. Raises OSError."""
    former = path.stat()
    if os.geteuid() == 0:
        os.fchown(descriptor, former.st_uid, former.st_gid)
    os.fchmod(descriptor, former.st_mode & 0o777)


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` and have it on the disk. Raises OSError."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""The lock that makes a supervisor the only one of its folder.

A POSIX record lock: it ends with its process, however that ends; a child does not inherit it; and the kernel tells who holds it. So the
number in the file is for people, and a stale one misleads nobody.
"""

import fcntl
import os
import struct
from pathlib import Path

# struct flock of 64-bit Linux: type, whence, start, length, process.
_FLOCK = "hhqqi"


def take(path: Path) -> bool:
    """Lock the file until this process ends; false when another process holds it. Raises OSError when it cannot be made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    # The descriptor stays open: closing any of the file's descriptors would end the lock.
    os.ftruncate(descriptor, 0)
    os.write(descriptor, b"%d\n" % os.getpid())
    return True


def holder(path: Path) -> int | None:
    """The process that holds the lock; ``None`` when nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, pid = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    finally:
        os.close(descriptor)
    return None if kind == fcntl.F_UNLCK else pid

"""The tar inside an archive: POSIX ustar, plain files only.

Invariant: ``head`` is the only head that a file of this name, size, mode and time can have; a reader compares bytes and interprets nothing,
so that no link, device, sparse file or extension of the format is ever seen.
"""

import tarfile

BLOCK_BYTES = 512
# Two blocks of zeros, filled up to a record: what tar programs expect at the end.
_RECORD_BYTES = tarfile.RECORDSIZE
MAX_FILE_BYTES = (1 << 33) - 1
"""Eleven octal digits."""

_NEWEST_S = (1 << 33) - 1


def head(name: str, *, size: int, mode: int, mtime_s: int) -> bytes:
    """The 512 bytes before a file; nothing of this machine's users is told. Raises ValueError when the format cannot hold the name."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, mode, min(mtime_s, _NEWEST_S)
    return info.tobuf(tarfile.USTAR_FORMAT, "utf-8", "strict")


def filling(size: int) -> bytes:
    """The zeros behind a file."""
    return bytes(-size % BLOCK_BYTES)


def ending(written: int) -> bytes:
    """The zeros behind the last file, when ``written`` bytes stand before them."""
    return bytes(2 * BLOCK_BYTES + -(written + 2 * BLOCK_BYTES) % _RECORD_BYTES)


def fits(name: str) -> bool:
    """Whether the format can hold the name: 100 bytes, and before a slash of it another 155."""
    try:
        head(name, size=0, mode=0, mtime_s=0)
    except ValueError:
        return False
    return True


def difference(found: bytes, wanted: bytes) -> str:
    """What a head that is not as it must be says instead, for a message."""
    try:
        info = tarfile.TarInfo.frombuf(found, "utf-8", "surrogateescape")
        expected = tarfile.TarInfo.frombuf(wanted, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return "something that is no head of a tar"
    if info.name != expected.name:
        return f"{info.name!r}"
    if info.type != tarfile.REGTYPE:
        return "a link, a device or the like of that name"
    if info.size != expected.size:
        return f"a file of that name and {info.size} bytes"
    return "a file of that name with another mode, time or owner"

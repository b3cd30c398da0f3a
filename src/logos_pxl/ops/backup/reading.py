"""Archives read: every one is taken for hostile until its last byte has been looked at.

Invariant: ``files`` gives each file of the manifest once, in its order, with its own bytes, and nothing else. The manifest fixes every
byte of the tar but the files' own: anything else is refused, and so is a byte more than the manifest announces.
"""

import hashlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from logos_pxl.ops.backup import tape
from logos_pxl.ops.backup.envelope import BodyReader, Envelope
from logos_pxl.ops.backup.manifest import ArchiveRefused, FileEntry, Manifest

PIECE_BYTES = 1 << 18


class Archive:
    """An archive that is open and whose digest fits. ``path`` is for messages."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        """Raises ArchiveRefused, OSError."""
        self.path = path
        self._file = file
        self._envelope = Envelope.read(file)
        self.manifest = Manifest.read(self._envelope.manifest)

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Open the file at ``path``; the message of what is raised in the block names it. Raises ArchiveRefused."""
        try:
            file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - Path.open takes no opener; closed below
        except OSError as error:
            raise ArchiveRefused(f"{path} cannot be read: {error.strerror}") from error
        with file:
            try:
                _require_file(file.fileno())
                yield cls(path, file)
            except ArchiveRefused as error:
                raise type(error)(f"{path}: {error}; nothing of it was used") from error

    def verify(self) -> None:
        """Read every file to its end. Raises ArchiveRefused."""
        for _, content in self.files():
            while content.read(PIECE_BYTES):
                pass

    def files(self) -> Iterator[tuple[FileEntry, "Content"]]:
        """Each file, and its bytes, which the caller reads to the end before the next. Raises ArchiveRefused."""
        files = self.manifest.files
        before_end = sum(tape.BLOCK_BYTES + entry.bytes + len(tape.filling(entry.bytes)) for entry in files)
        end = tape.ending(before_end)
        body: BinaryIO = io.BufferedReader(BodyReader(self._file, self._envelope, longest=before_end + len(end)), PIECE_BYTES)
        for entry in files:
            wanted = tape.head(entry.name, size=entry.bytes, mode=entry.mode, mtime_s=entry.mtime_ns // 10**9)
            found = body.read(tape.BLOCK_BYTES)
            if found != wanted:
                raise ArchiveRefused(f"where its manifest has {entry.name} stands {tape.difference(found, wanted)}")
            content = Content(entry, body)
            yield entry, content
            content.require_read()
            if any(body.read(len(tape.filling(entry.bytes)))):
                raise ArchiveRefused(f"something stands behind {entry.name}")
        if body.read(len(end) + 1) != end:
            raise ArchiveRefused("it does not end where its manifest ends")


def _without_waiting(path: str, flags: int) -> int:
    """Opening a pipe would wait for a writer, who may never come."""
    return os.open(path, flags | os.O_NONBLOCK)


def _require_file(descriptor: int) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise ArchiveRefused("it is no file")


class Content:
    """The bytes of one file, hashed as they are read."""

    def __init__(self, entry: FileEntry, body: BinaryIO) -> None:
        self._entry = entry
        self._body = body
        self._digest = hashlib.sha256()
        self._left = entry.bytes
        self._checked = False

    def read(self, size: int) -> bytes:
        """At most ``size`` next bytes; none at the end, when they were what the manifest says. Raises ArchiveRefused."""
        data = self._body.read(min(size, self._left))
        self._digest.update(data)
        self._left -= len(data)
        if not data and not self._checked:
            if self._left or self._digest.hexdigest() != self._entry.sha256:
                raise ArchiveRefused(f"the bytes of {self._entry.name} do not fit their SHA-256 in the manifest")
            self._checked = True
        return data

    def require_read(self) -> None:
        """Raises RuntimeError when the caller did not read to the end."""
        if not self._checked:
            raise RuntimeError(f"{self._entry.name} was not read to its end")

"""The bytes of an archive: one file that ``tar`` can read, and that tells whether a single bit of it has changed.

It is three gzip members, which tools read as one stream: a tar of the manifest alone, a tar of the files, and an empty member whose
comment is the SHA-256 of everything before it. The manifest comes first, so that a reader knows what will follow and how much; the digest
comes last, so that a writer need not know the end when it begins.

Invariant: ``Envelope`` objects exist only for files whose digest fits.
"""

import hashlib
import io
import re
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Self

from logos_pxl.ops.backup import tape
from logos_pxl.ops.backup.manifest import MAX_MANIFEST_BYTES, ArchiveRefused

MANIFEST_NAME = "MANIFEST.json"

# gzip (RFC 1952): magic, deflate, a comment follows, no time, no flags, unknown system; then the comment, and an empty stream.
_TRAILER_HEAD = b"\x1f\x8b\x08\x10\x00\x00\x00\x00\x00\xffsha256:"
_TRAILER_TAIL = b"\x00\x03\x00" + bytes(8)
_TRAILER = re.compile(re.escape(_TRAILER_HEAD) + b"([0-9a-f]{64})" + re.escape(_TRAILER_TAIL))
TRAILER_BYTES = len(_TRAILER_HEAD) + 64 + len(_TRAILER_TAIL)

_PIECE_BYTES = 1 << 18
_GZIP = 16 + zlib.MAX_WBITS


def trailer(sha256_hex: str) -> bytes:
    """The last bytes of an archive whose other bytes have this digest."""
    return _TRAILER_HEAD + sha256_hex.encode() + _TRAILER_TAIL


@dataclass(frozen=True, slots=True)
class Envelope:
    """``manifest`` is the manifest's bytes; the files' member is bytes ``body_start`` to ``body_end`` of the file."""

    manifest: bytes
    body_start: int
    body_end: int

    @classmethod
    def read(cls, file: BinaryIO) -> Self:
        """Check the digest, and read the manifest. Raises ArchiveRefused, OSError."""
        body_end = _checked_end(file)
        file.seek(0)
        decompressed, body_start = _first_member(file, body_end)
        return cls(_only_file(decompressed), body_start, body_end)


def _checked_end(file: BinaryIO) -> int:
    end = file.seek(0, io.SEEK_END) - TRAILER_BYTES
    file.seek(max(end, 0))
    found = _TRAILER.fullmatch(file.read(TRAILER_BYTES))
    if end <= 0 or found is None:
        raise ArchiveRefused("it does not end as a backup of this program does: it was cut off, or something else wrote it")
    file.seek(0)
    digest, left = hashlib.sha256(), end
    while left:
        piece = file.read(min(_PIECE_BYTES, left))
        if not piece:
            raise ArchiveRefused("it became shorter while it was read")
        digest.update(piece)
        left -= len(piece)
    if digest.hexdigest().encode() != found[1]:
        raise ArchiveRefused("its bytes do not fit the SHA-256 at its end: it is damaged")
    return end


def _first_member(file: BinaryIO, end: int) -> tuple[bytes, int]:
    """The manifest's member decompressed, and where the next member begins."""
    # Its tar: a head, the manifest, filled up to 512 bytes.
    longest = MAX_MANIFEST_BYTES + 1024
    decompress, found = zlib.decompressobj(_GZIP), bytearray()
    place = 0
    while not decompress.eof:
        piece = file.read(min(_PIECE_BYTES, end - place))
        if not piece:
            raise ArchiveRefused("it holds no whole manifest")
        place += len(piece)
        found += _inflated(decompress, piece, longest + 1 - len(found))
        if len(found) > longest:
            raise ArchiveRefused(f"its manifest is longer than {MAX_MANIFEST_BYTES} bytes")
    return bytes(found), place - len(decompress.unused_data)


def _inflated(decompress: "zlib._Decompress", piece: bytes, longest: int) -> bytes:
    try:
        return decompress.decompress(piece, longest)
    except zlib.error as error:
        raise ArchiveRefused(f"it is no gzip: {error}") from error


def manifest_tar(manifest: bytes) -> bytes:
    """The tar of the manifest alone, without an end."""
    return tape.head(MANIFEST_NAME, size=len(manifest), mode=0o600, mtime_s=0) + manifest + tape.filling(len(manifest))


def _only_file(tar: bytes) -> bytes:
    start = tape.BLOCK_BYTES
    # As many bytes as the head says, once it is known to be the one head that a manifest of some length can have.
    size = int(tar[124:135], 8) if tar[124:135].isdigit() else 0
    manifest = tar[start : start + size]
    if manifest_tar(manifest) != tar:
        raise ArchiveRefused(f"it does not begin with the file {MANIFEST_NAME} alone")
    return manifest


class BodyReader(io.RawIOBase):
    """The files' tar, decompressed; at most ``longest`` bytes of it, whatever the compressed bytes would become."""

    def __init__(self, file: BinaryIO, envelope: Envelope, *, longest: int) -> None:
        super().__init__()
        self._file = file
        self._place = envelope.body_start
        self._end = envelope.body_end
        self._left = longest
        self._decompress = zlib.decompressobj(_GZIP)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        """Fill some of ``buffer``; 0 at the end. Raises ArchiveRefused."""
        while not self._decompress.eof:
            piece = self._decompress.unconsumed_tail or self._next()
            data = _inflated(self._decompress, piece, min(len(buffer), self._left + 1))
            if len(data) > self._left:
                raise ArchiveRefused("its files are longer than its manifest says")
            if data:
                self._left -= len(data)
                buffer[: len(data)] = data
                return len(data)
            if not piece and not self._decompress.eof:
                raise ArchiveRefused("its files end in the middle")
        if self._decompress.unused_data or self._place != self._end:
            raise ArchiveRefused("something stands behind its files")
        return 0

    def _next(self) -> bytes:
        self._file.seek(self._place)
        piece = self._file.read(min(_PIECE_BYTES, self._end - self._place))
        self._place += len(piece)
        return piece

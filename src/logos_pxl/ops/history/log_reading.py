"""The logs of a span of time: those in the archive, one that is being rotated, and the one that is being written.

Invariant: a file that cannot be read, or is damaged, is told and passed over; what was read of it before counts.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from logos_pxl.ops.history.archive import archived
from logos_pxl.ops.history.log_lines import AccessLine, ServerLine, access_line, server_line

# Longer than any line of ours: what has no line feed within it is no log.
_MAX_LINE_BYTES = 1 << 16

Line = TypeVar("Line", AccessLine, ServerLine)


@dataclass(slots=True)
class LogReader:
    """Reads lines from ``since`` on (seconds since 1970). ``unreadable`` are sentences about files, ``files`` how many were read."""

    log_dir: Path
    since: float
    unreadable: list[str] = field(default_factory=list)
    files: int = 0

    def access(self) -> Iterator[AccessLine]:
        """Of access.log."""
        return self._lines("access", access_line)

    def server(self) -> Iterator[ServerLine]:
        """Of pxl-server.log."""
        return self._lines("pxl-server", server_line)

    def _lines(self, stem: str, parse: Callable[[str], Line | None]) -> Iterator[Line]:
        for path in self._files(stem):
            for text in self._text_lines(path):
                line = parse(text)
                if line is not None and line.at >= self.since:
                    yield line

    def _files(self, stem: str) -> Iterator[Path]:
        # What was archived on the first day holds lines of that day too.
        for one in archived(self.log_dir, stem, since=datetime.fromtimestamp(self.since, UTC).date()):
            yield one.path
        yield from sorted(self.log_dir.glob(f".{stem}_*.rotating"))
        if (self.log_dir / f"{stem}.log").exists():
            yield self.log_dir / f"{stem}.log"

    def _text_lines(self, path: Path) -> Iterator[str]:
        try:
            with _opened(path) as file:
                self.files += 1
                while line := file.readline(_MAX_LINE_BYTES):
                    yield line.decode("utf-8", "replace").rstrip("\n")
        except (OSError, EOFError, zlib.error) as error:
            self.unreadable.append(f"{path} cannot be read to its end: {error}")


def _opened(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb"))

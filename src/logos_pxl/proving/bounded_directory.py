"""A folder of files, bounded in number and bytes, the oldest going first.

Invariant: a file under its own name is whole, for it was written under another name and renamed; the index holds every file that this
object knows of, oldest first, and their number and bytes are within the bounds. Not thread-safe: its owner calls it from one thread.
Another process may write into the same folder; what it adds is counted at the next opening.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import logos_pxl_engine as engine

_NAME = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z_.-]{0,199}")
_TEMPORARY = ".writing"


class BoundedDirectory:
    """The folder at ``path``, made when missing."""

    def __init__(self, path: Path, *, max_files: int, max_bytes: int) -> None:
        """Open the folder and read what it holds. Raises OSError."""
        self.path = path
        self._max_files = max_files
        self._max_bytes = max_bytes
        self.evicted = 0
        """Files that went for want of room since this was opened."""
        path.mkdir(parents=True, exist_ok=True)
        self._sizes = _scan(path)
        self._bytes = sum(self._sizes.values())
        self._evict()

    def __len__(self) -> int:
        return len(self._sizes)

    def __contains__(self, name: str) -> bool:
        return name in self._sizes

    @property
    def total_bytes(self) -> int:
        """The bytes of all files that the index holds."""
        return self._bytes

    def write(self, name: str, data: bytes) -> bool:
        """Keep ``data`` under ``name``; false when it alone passes the bounds. Raises OSError, leaving no partial file."""
        outcome = self.write_all([(name, data)])[0]
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    def write_all(self, files: Sequence[tuple[str, bytes]]) -> list[bool | OSError]:
        """Keep data under names; for each file what ``write`` would have given or raised, and all in the time of one change of threads."""
        for name, _ in files:
            self._path_of(name)
        fitting = [(name, data) for name, data in files if self._max_files > 0 and len(data) <= self._max_bytes]
        failures = iter(engine.write_files(self.path, f".{os.getpid()}{_TEMPORARY}", fitting))
        outcomes: list[bool | OSError] = []
        for name, data in files:
            fits = self._max_files > 0 and len(data) <= self._max_bytes
            failure = next(failures) if fits else None
            outcomes.append(fits if failure is None else failure)
            if fits and failure is None:
                self._forget(name)
                self._sizes[name] = len(data)
                self._bytes += len(data)
        self._evict()
        return outcomes

    def read(self, name: str) -> bytes | None:
        """The file's bytes; ``None`` when there is no such file. Raises OSError when it is there and cannot be read."""
        try:
            return self._path_of(name).read_bytes()
        except FileNotFoundError:
            self._forget(name)
            return None

    def discard(self, name: str) -> None:
        """Remove the file, if there is one."""
        self._path_of(name).unlink(missing_ok=True)
        self._forget(name)

    def _path_of(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a file name of this folder: {name!r}")
        return self.path / name

    def _forget(self, name: str) -> None:
        self._bytes -= self._sizes.pop(name, 0)

    def _evict(self) -> None:
        oldest = iter(self._sizes)
        going: list[str] = []
        files, size_bytes = len(self._sizes), self._bytes
        while files > self._max_files or size_bytes > self._max_bytes:
            going.append(next(oldest))
            files -= 1
            size_bytes -= self._sizes[going[-1]]
        # What cannot be removed is forgotten all the same, until the next opening finds it.
        if going:
            engine.remove_files(self.path, going)
        for name in going:
            self._forget(name)
        self.evicted += len(going)


def _scan(path: Path) -> dict[str, int]:
    """Names and sizes, oldest first; what a writer that died left half-written is removed."""
    found: list[tuple[int, str, int]] = []
    for entry in os.scandir(path):
        if entry.name.endswith(_TEMPORARY):
            if not _writer_lives(entry.name):
                Path(entry.path).unlink(missing_ok=True)
        elif entry.is_file(follow_symlinks=False) and _NAME.fullmatch(entry.name):
            status = entry.stat(follow_symlinks=False)
            found.append((status.st_mtime_ns, entry.name, status.st_size))
    return {name: size for _, name, size in sorted(found)}


def _writer_lives(temporary: str) -> bool:
    pid = temporary.removesuffix(_TEMPORARY).rpartition(".")[2]
    return pid.isdigit() and int(pid) != os.getpid() and Path("/proc", pid).exists()

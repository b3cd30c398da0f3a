"""Room on the disks where the service keeps its data and its logs.

Invariant: a disk is judged by share and by bytes, for a tenth of a large disk is plenty, and half of a tiny one is little.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil

from logos_pxl.ops.report import Status
from logos_pxl.settings import Settings

_MIB = 1 << 20
_LOW_SHARE, _LOW_BYTES = 0.10, 20 * 1024 * _MIB
_CRITICAL_SHARE, _CRITICAL_BYTES = 0.02, 2 * 1024 * _MIB
_NOTHING_BYTES = 64 * _MIB

THRESHOLD = "writable; attention < 10 % and 20 GiB, critical < 2 % and 2 GiB, or < 64 MiB"


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system below ``folder``, ``free_bytes`` of ``total_bytes``; ``problem`` says why nothing can be written there."""

    name: str
    folder: Path
    free_bytes: int
    total_bytes: int
    problem: str = ""

    @property
    def share(self) -> float:
        """The free part, from 0 to 1."""
        return self.free_bytes / self.total_bytes if self.total_bytes else 0.0

    @property
    def status(self) -> Status:
        """How it stands."""
        nearly_full = self.share < _CRITICAL_SHARE and self.free_bytes < _CRITICAL_BYTES
        if self.problem or nearly_full or self.free_bytes < _NOTHING_BYTES:
            return Status.CRITICAL
        return Status.ATTENTION if self.share < _LOW_SHARE and self.free_bytes < _LOW_BYTES else Status.FINE

    def __str__(self) -> str:
        room = f"{self.free_bytes // _MIB} MiB ({self.share:.1%}) are free in {self.folder}"
        return f"{self.folder} cannot be written: {self.problem}; {room}" if self.problem else room


def disks_of(settings: Settings) -> tuple[Disk, ...]:
    """Those of ``PXL_DATA_DIR`` and ``PXL_LOG_DIR``, as this machine has them."""
    return tuple(_disk(name, folder) for name, folder in (("data", settings.data_dir), ("logs", settings.log_dir)))


def _disk(name: str, folder: Path) -> Disk:
    place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    usage = psutil.disk_usage(str(place))
    return Disk(name, place, usage.free, usage.total, _why_not_writable(place))


def _why_not_writable(place: Path) -> str:
    """Found out by writing: permissions, quotas, inodes and read-only mounts all count."""
    try:
        with tempfile.TemporaryFile(dir=place) as written:
            written.write(b"\0" * 4096)
            written.flush()
    except OSError as error:
        return error.strerror or str(error)
    return ""

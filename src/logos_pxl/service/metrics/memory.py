"""Memory of this process, and how much there may be."""

import os
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_CGROUP_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")


def resident_bytes() -> int:
    """Resident memory of this process, without its sessions."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE_BYTES


def available_bytes(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """The most that the service and its sessions together can have: the container's limit, or else the machine's memory."""
    machine = os.sysconf("SC_PHYS_PAGES") * _PAGE_BYTES
    limits = [_number(cgroup / name) for name in _CGROUP_LIMITS]
    return min([machine, *(limit for limit in limits if limit is not None)])


def _number(path: Path) -> int | None:
    """The file's number; ``None`` when there is no file, or its word is ``max``."""
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None

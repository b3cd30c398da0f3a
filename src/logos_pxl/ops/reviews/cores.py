"""How many processor cores this process may use: those of its affinity, as far as its control group (version 2) allows."""

import os
from pathlib import Path


def usable_cores(cpu_max: Path = Path("/sys/fs/cgroup/cpu.max")) -> float:
    """Cores, possibly a fraction of one."""
    cores = float(len(os.sched_getaffinity(0)))
    try:
        quota, _, period = cpu_max.read_text().strip().partition(" ")
        return cores if quota == "max" else min(cores, int(quota) / int(period or "100000"))
    except (OSError, ValueError, ZeroDivisionError):
        return cores

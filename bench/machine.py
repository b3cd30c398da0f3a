"""What a report says of where it was measured: the size of the machine and the versions, never its name or its paths."""

import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

import logos_pxl_engine as engine

_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Machine:
    """Processor model and cores, memory, and the load (one-minute average) when the measuring began."""

    cores: int
    cpu: str
    memory_gib: int
    load: float
    python: str
    engine: str

    @classmethod
    def here(cls) -> "Machine":
        """The machine that runs this, now."""
        memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return cls(
            cores=len(os.sched_getaffinity(0)),
            cpu=_cpu_model(),
            memory_gib=round(memory_bytes / _GIB),
            load=round(os.getloadavg()[0], 2),
            python=platform.python_version(),
            engine=engine.__version__,
        )

    def sentence(self) -> str:
        """One line for people."""
        return (
            f"{self.cores} cores of {self.cpu}, {self.memory_gib} GiB; load {self.load} at the start; "
            f"Python {self.python}, engine {self.engine}"
        )

    def document(self) -> dict[str, object]:
        """The fields, for JSON."""
        return asdict(self)


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()

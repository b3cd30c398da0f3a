"""Settings as the parts of the service use them: seconds instead of milliseconds, and paths that were looked up."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from logos_pxl.errors import KernelNotBuilt


@dataclass(frozen=True, slots=True)
class CanarySettings:
    """A round of canaries runs every ``interval_s``. A canary may take ``timeout_s``; its success counts for ``max_age_s``. In seconds."""

    interval_s: float
    timeout_s: float
    max_age_s: float


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How a Coq session is started, and its limits."""

    coq_dir: Path
    coqtop: Path
    python: Path
    memory_bytes: int
    stack_bytes: int
    cpu_s: int
    start_timeout_s: float


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """The number of sessions, and when a session is replaced.

    ``size`` sessions work at once and ``spares`` more are kept warm. ``check_timeout_s`` bounds one check, once it has a session. A session
    is replaced after ``max_checks`` checks, or when it holds more than ``idle_memory_bytes`` (resident) or has used more than
    ``idle_cpu_s`` (processor time) between two checks.
    """

    size: int
    spares: int
    queue_limit: int
    check_timeout_s: float
    max_checks: int
    idle_memory_bytes: int
    idle_cpu_s: float


def find_coq_dir(given: Path | None) -> Path:
    """The folder of the compiled kernel: ``given``, else ``coq/`` beside the package's source, else ``coq/`` in the current folder.

    Raises KernelNotBuilt.
    """
    candidates = [Path(__file__).resolve().parents[3] / "coq", Path.cwd() / "coq"] if given is None else [given]
    for candidate in candidates:
        if (candidate / "serve.v").is_file():
            return candidate.resolve()
    looked = ", ".join(str(candidate) for candidate in candidates)
    raise KernelNotBuilt(f"no serve.v in {looked}: set PXL_COQ_DIR to the folder that holds theories/, plugin/ and serve.v")


def find_coqtop(name: str) -> Path:
    """The program ``coqtop``, by name or path. Raises KernelNotBuilt."""
    found = shutil.which(name)
    if found is None:
        raise KernelNotBuilt(
            f"PXL_COQTOP={name!r}: no such program on the search path {os.environ.get('PATH', '')!r}; "
            "install Coq 8.16 (Debian: apt-get install coq) or give the program's path"
        )
    return Path(found).resolve()

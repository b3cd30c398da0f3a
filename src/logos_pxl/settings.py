"""Settings: what files and environment say (``Settings``), and what is made of it (``SessionSettings``, ``PoolSettings``).

Invariant: a ``Settings`` object exists only when every variable in it is in range. A wrong value ends in a ``ConfigurationError`` that
names the variable, the value and what would do; all wrong values are told at once. Units stand in the field names; the variables of the
operations manual keep the manual's names.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import ConfigDict, SecretStr, ValidationError

from logos_pxl.client_settings import ClientSettings
from logos_pxl.errors import ConfigurationError, KernelNotBuilt
from logos_pxl.operations_settings import OperationsSettings
from logos_pxl.service_settings import ServiceSettings
from logos_pxl.sources import CONFIG_DIR, ENV_FILE, Sourced, Sources
from logos_pxl.variables import explain
from logos_pxl.variables import variable as _variable
from logos_pxl.workload_settings import WorkloadSettings

MIB = 1024 * 1024


class Settings(WorkloadSettings, ServiceSettings, OperationsSettings, ClientSettings):
    """The settings as files and environment give them, validated. Those of signatures, quotas and logs are in ``ServiceSettings``."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, hide_input_in_errors=True)

    # Where the others come from.
    config_dir: Path = _variable(Path("configs"), CONFIG_DIR, "the folder whose TOML files are read; set it in the environment")
    env_file: Path = _variable(Path(".env"), ENV_FILE, "the file of NAME=value lines that is read; set it in the environment")

    # The server (the manual's names).
    server_host: str = _variable("127.0.0.1", "PXL_SERVER_HOST", "the address to listen on, such as 127.0.0.1 or 0.0.0.0", min_length=1)
    server_port: int = _variable(8088, "PXL_SERVER_PORT", "a port from 1 to 65535, or 0 for any free one", ge=0, le=65535)
    max_request_bytes: int = _variable(
        1_048_576, "MAX_REQUEST_SIZE", "bytes of a request body, from 1024 to 1073741824", ge=1024, le=1 << 30
    )
    connection_timeout_s: float = _variable(60, "CONNECTION_TIMEOUT", "seconds, more than 0 and at most 3600", gt=0, le=3600)
    threads: int = _variable(4, "PXL_THREADS", "a whole number of search threads from 1 to 256", ge=1, le=256)
    connection_limit: int = _variable(100, "PXL_CONNECTION_LIMIT", "a whole number of open connections from 1 to 100000", ge=1, le=100_000)
    channel_timeout_s: float = _variable(
        60, "PXL_CHANNEL_TIMEOUT", "seconds that a connection may idle, more than 0 and at most 3600", gt=0, le=3600
    )
    listen_backlog: int = _variable(
        2048, "PXL_LISTEN_BACKLOG", "a whole number of connections that may wait to be taken, from 1 to 65535", ge=1, le=65_535
    )
    reuse_port: bool = _variable(False, "PXL_REUSE_PORT", "true or false: whether several processes may listen on the port (SO_REUSEPORT)")
    drain_delay_s: float = _variable(
        1,
        "PXL_DRAIN_DELAY",
        "seconds between SIGTERM, when the service says that it is not ready, and its last new connection, from 0 to 600",
        ge=0,
        le=600,
    )
    cache_ttl_s: float = _variable(300, "PXL_CACHE_TTL", "seconds from 0 (keep nothing) to 31536000", ge=0, le=31_536_000)
    cache_max_entries: int = _variable(
        1_000, "PXL_CACHE_MAX_ENTRIES", "a whole number of verdicts to keep, from 0 (keep none) to 10000000", ge=0, le=10_000_000
    )
    cache_max_bytes: int = _variable(
        64 * MIB, "PXL_CACHE_MAX_BYTES", "bytes of memory for verdicts, from 0 to 1099511627776", ge=0, le=1 << 40
    )
    redis_url: SecretStr | None = _variable(
        None, "PXL_REDIS_URL", "the URL of the Redis that replicas share, such as redis://127.0.0.1:6379/0, or nothing"
    )
    redis_timeout_ms: int = _variable(
        250, "PXL_REDIS_TIMEOUT_MS", "milliseconds that one call of Redis may take, from 1 to 60000", ge=1, le=60_000
    )

    # Goals and verdicts.
    goal_max_bytes: int = _variable(1_048_576, "PXL_GOAL_MAX_BYTES", "bytes of a goal's text, from 16 to 1073741824", ge=16, le=1 << 30)
    goal_max_depth: int = _variable(
        10_000, "PXL_GOAL_MAX_DEPTH", "a whole number of nested connectives from 1 to 1000000", ge=1, le=1_000_000
    )
    goal_max_atoms: int = _variable(
        20_000, "PXL_GOAL_MAX_ATOMS", "a whole number of different atoms from 1 to 10000000", ge=1, le=10_000_000
    )
    goal_max_nodes: int = _variable(
        400_000, "PXL_GOAL_MAX_NODES", "a whole number of connectives and atoms from 1 to 100000000", ge=1, le=100_000_000
    )
    default_timeout_ms: int = _variable(
        10_000, "PXL_DEFAULT_TIMEOUT_MS", "milliseconds for a request that names no timeout_ms, from 1 to 3600000", ge=1, le=3_600_000
    )
    max_timeout_ms: int = _variable(
        60_000, "PXL_MAX_TIMEOUT_MS", "the largest timeout_ms that a request may name, from 1 to 3600000", ge=1, le=3_600_000
    )
    search_memory_bytes: int = _variable(
        1024 * MIB, "PXL_SEARCH_MEMORY_BYTES", "bytes that one search may take, at least 16777216 (16 MiB)", ge=16 * MIB, le=1 << 46
    )
    statement_max_nodes: int = _variable(
        2_000, "PXL_STATEMENT_MAX_NODES", "connectives and atoms of the largest goal whose statement Coq prints, from 0", ge=0, le=1_000_000
    )
    data_dir: Path = _variable(Path("var"), "PXL_DATA_DIR", "the folder for certificates and post-mortems; it is made when missing")
    certificates_max: int = _variable(
        10_000, "PXL_CERTIFICATES_MAX", "a whole number of certificates to keep, from 0 (keep none) to 10000000", ge=0, le=10_000_000
    )
    certificates_max_bytes: int = _variable(
        1024 * MIB, "PXL_CERTIFICATES_MAX_BYTES", "bytes of certificates to keep, from 0 to 1099511627776", ge=0, le=1 << 40
    )
    post_mortems_max: int = _variable(
        100, "PXL_POST_MORTEMS_MAX", "a whole number of post-mortems to keep, from 1 to 100000", ge=1, le=100_000
    )
    post_mortems_max_bytes: int = _variable(
        256 * MIB, "PXL_POST_MORTEMS_MAX_BYTES", "bytes of post-mortems to keep, at least 1048576 (1 MiB)", ge=MIB, le=1 << 40
    )
    shutdown_timeout_s: float = _variable(
        30,
        "PXL_SHUTDOWN_TIMEOUT",
        "seconds that draining may take after SIGTERM, PXL_DRAIN_DELAY included, more than 0 and at most 600",
        gt=0,
        le=600,
    )

    # Metrics and health.
    kpi_window_s: float = _variable(300, "PXL_KPI_WINDOW_S", "seconds that the indicators look back, from 10 to 86400", ge=10, le=86_400)
    performance_interval_s: float = _variable(
        60, "PXL_PERFORMANCE_INTERVAL_S", "seconds between two versions of performance.json, from 0.1 to 86400", ge=0.1, le=86_400
    )
    canary_interval_s: float = _variable(
        15, "PXL_CANARY_INTERVAL_S", "seconds between two rounds of canaries, from 0.1 to 3600", ge=0.1, le=3600
    )
    canary_timeout_s: float = _variable(5, "PXL_CANARY_TIMEOUT_S", "seconds that a canary may take, from 0.1 to 600", ge=0.1, le=600)
    canary_max_age_s: float = _variable(
        60, "PXL_CANARY_MAX_AGE_S", "seconds that a canary's success counts, from 1 to 86400; more than the interval", ge=1, le=86_400
    )

    # The kernel sessions.
    pool_size: int = _variable(5, "PXL_POOL_SIZE", "a whole number of sessions from 1 to 256", ge=1, le=256)
    pool_spares: int = _variable(1, "PXL_POOL_SPARES", "a whole number of warm spare sessions from 0 to 64", ge=0, le=64)
    queue_limit: int = _variable(
        256, "PXL_QUEUE_LIMIT", "a whole number of goals that may wait for a search thread or a session, from 0 to 100000", ge=0, le=100_000
    )
    kernel_timeout_ms: int = _variable(
        60_000, "PXL_KERNEL_TIMEOUT_MS", "milliseconds that one kernel check may take, from 1 to 3600000", ge=1, le=3_600_000
    )
    session_max_checks: int = _variable(
        20_000, "PXL_SESSION_MAX_CHECKS", "a whole number of checks from 1 to 1000000000", ge=1, le=1_000_000_000
    )
    session_memory_bytes: int = _variable(
        4096 * MIB,
        "PXL_SESSION_MEMORY_BYTES",
        "bytes of address space that a session may take, at least 402653184 (384 MiB)",
        ge=384 * MIB,
        le=1 << 46,
    )
    session_idle_memory_bytes: int = _variable(
        256 * MIB,
        "PXL_SESSION_IDLE_MEMORY_BYTES",
        "resident bytes that a session may hold between two checks, at least 134217728 (128 MiB)",
        ge=128 * MIB,
        le=1 << 46,
    )
    session_stack_bytes: int = _variable(
        1024 * MIB, "PXL_SESSION_STACK_BYTES", "bytes of stack for a session, at least 8388608 (8 MiB)", ge=8 * MIB, le=1 << 40
    )
    session_cpu_s: int = _variable(
        3600, "PXL_SESSION_CPU_S", "seconds of processor time in a session's life, from 10 to 1000000", ge=10, le=1_000_000
    )
    session_start_timeout_ms: int = _variable(
        15_000, "PXL_SESSION_START_TIMEOUT_MS", "milliseconds that a session may take to start, from 100 to 600000", ge=100, le=600_000
    )
    coq_dir: Path | None = _variable(None, "PXL_COQ_DIR", "the folder that holds theories/, plugin/ and serve.v")
    coqtop: str = _variable("coqtop", "PXL_COQTOP", "the name or the path of Coq's coqtop program", min_length=1)

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read files and environment; ``overrides`` (field names, such as ``pool_size=2``) come before them. Raises ConfigurationError."""
        return cls.of(Sources().read(), **overrides)

    @classmethod
    def of(cls, found: Mapping[str, Sourced], **overrides: Any) -> Self:
        """The settings that the variables in ``found`` amount to. Raises ConfigurationError."""
        values: dict[str, Any] = {name: held.value for name, held in found.items()}
        # By their variables: of two names for one field pydantic would take either.
        values.update({str(cls.model_fields[name].validation_alias): value for name, value in overrides.items()})
        try:
            return cls(**values)
        except ValidationError as error:
            raise ConfigurationError(explain(cls, error)) from error

    def session(self) -> "SessionSettings":
        """Resolve what one session needs. Raises KernelNotBuilt when Coq or the kernel folder cannot be found."""
        return SessionSettings(
            coq_dir=find_coq_dir(self.coq_dir),
            coqtop=_find_coqtop(self.coqtop),
            python=Path(sys.executable),
            memory_bytes=self.session_memory_bytes,
            stack_bytes=self.session_stack_bytes,
            cpu_s=self.session_cpu_s,
            start_timeout_s=self.session_start_timeout_ms / 1000,
        )

    @property
    def search_threads(self) -> int:
        """The threads of searches: for waiting clients, for jobs and for batches."""
        return self.threads + self.job_threads + self.batch_threads

    def pool(self) -> "PoolSettings":
        """Resolve what the pool needs."""
        return PoolSettings(
            size=self.pool_size,
            spares=self.pool_spares,
            # Goals are counted before their search; the pool's own bound is never reached by those that were let in.
            queue_limit=self.queue_limit + self.search_threads,
            check_timeout_s=self.kernel_timeout_ms / 1000,
            max_checks=self.session_max_checks,
            idle_memory_bytes=self.session_idle_memory_bytes,
            idle_cpu_s=self.session_cpu_s / 2,
        )

    def canaries(self) -> "CanarySettings":
        """Resolve what the canaries need. Raises ConfigurationError when one would be too old before the next comes."""
        next_s = self.canary_interval_s + self.canary_timeout_s
        if self.canary_max_age_s <= next_s:
            raise ConfigurationError(
                f"PXL_CANARY_MAX_AGE_S={self.canary_max_age_s:g}: the next canary may take until "
                f"PXL_CANARY_INTERVAL_S + PXL_CANARY_TIMEOUT_S ({next_s:g} s); give more than that"
            )
        return CanarySettings(self.canary_interval_s, self.canary_timeout_s, self.canary_max_age_s)


@dataclass(frozen=True, slots=True)
class CanarySettings:
    """A round every ``interval_s``; a canary may take ``timeout_s``; its success counts for ``max_age_s``. All in seconds."""

    interval_s: float
    timeout_s: float
    max_age_s: float


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """How one Coq session is started, and its limits."""

    coq_dir: Path
    coqtop: Path
    python: Path
    memory_bytes: int
    stack_bytes: int
    cpu_s: int
    start_timeout_s: float


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How many sessions there are, and when one is replaced.

    ``size`` sessions work at once and ``spares`` more are kept warm. ``check_timeout_s`` bounds one check, once it has a session. A session
    is replaced after ``max_checks`` checks, or when it holds more than ``idle_memory_bytes`` (resident) or used more than ``idle_cpu_s``
    (processor time) between two checks.
    """

    size: int
    spares: int
    queue_limit: int
    check_timeout_s: float
    max_checks: int
    idle_memory_bytes: int
    idle_cpu_s: float


def find_coq_dir(given: Path | None) -> Path:
    """The folder of the compiled kernel: ``given``, else ``coq/`` beside the package's source, else in the current folder."""
    if given is not None:
        candidates = [given]
    else:
        candidates = [Path(__file__).resolve().parents[2] / "coq", Path.cwd() / "coq"]
    for candidate in candidates:
        if (candidate / "serve.v").is_file():
            return candidate.resolve()
    looked = ", ".join(str(candidate) for candidate in candidates)
    raise KernelNotBuilt(f"no serve.v in {looked}: set PXL_COQ_DIR to the folder that holds theories/, plugin/ and serve.v")


def _find_coqtop(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise KernelNotBuilt(
            f"PXL_COQTOP={name!r}: no such program on the search path {os.environ.get('PATH', '')!r}; "
            "install Coq 8.16 (Debian: apt-get install coq) or give the program's path"
        )
    return Path(found).resolve()

"""Every setting of the service, by subject, and ``Settings``, which holds all of them validated.

Invariant: a ``Settings`` object exists only when every value in it is in range, and a signature key in it has at least 256 bits. A wrong
value raises a ``ConfigurationError`` that names the variable, the value and what would be right; all wrong values are reported at once.
Field names carry units. Variables of the operations manual keep the manual's names.
"""

import sys
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr, ValidationError

from logos_pxl.errors import ConfigurationError
from logos_pxl.settings.declaring import explain, setting
from logos_pxl.settings.resolved import CanarySettings, PoolSettings, SessionSettings, find_coq_dir, find_coqtop
from logos_pxl.settings.sources import CONFIG_DIR, ENV_FILE, Sourced, Sources
from logos_pxl.wire.http import DEFAULT_BATCH_GOALS, DEFAULT_MAX_REQUEST_BYTES
from logos_pxl.wire.signing import key_of_hex

Network = IPv4Network | IPv6Network

MIB = 1 << 20
_GIB, _TIB, _LARGEST_BYTES = 1 << 30, 1 << 40, 1 << 46
_HOUR_S, _DAY_S, _YEAR_S = 3_600, 86_400, 31_536_000
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _level(value: Any) -> Any:
    return "WARN" if _upper(value) == "WARNING" else _upper(value)


def _parts(value: Any) -> Any:
    return tuple(part for part in (piece.strip() for piece in value.split(",")) if part) if isinstance(value, str) else value


def _networks(value: Any) -> Any:
    return tuple(ip_network(part) if isinstance(part, str) else part for part in _parts(value))


def _key(value: SecretStr) -> SecretStr:
    key_of_hex(value.get_secret_value())
    return value


def _open_paths(paths: tuple[str, ...]) -> tuple[str, ...]:
    for path in paths:
        if not path.startswith("/") or "*" in path.removesuffix("/*") or path == "/*":
            raise ValueError(f"{path!r} is neither a path nor a path that ends in /*")
    return paths


Key = Annotated[SecretStr, AfterValidator(_key)]
_KEY = "at least 64 hexadecimal digits (256 bits), such as 'openssl rand -hex 32' prints"
_OPEN_PATHS = ("/", "/status", "/web/*", "/health", "/health/*", "/metrics", "/metrics/*", "/openapi.json")


class ServiceSettings(BaseModel):
    """The HTTP server: connections, signatures, quotas, logs, metrics."""

    # The server (the manual's names).
    server_host: str = setting("127.0.0.1", "PXL_SERVER_HOST", "the address to listen on, such as 127.0.0.1 or 0.0.0.0", min_length=1)
    server_port: int = setting(8088, "PXL_SERVER_PORT", "a port, or 0 for any free one", ge=0, le=65_535)
    reuse_port: bool = setting(False, "PXL_REUSE_PORT", "true or false: whether several processes may listen on the port (SO_REUSEPORT)")
    listen_backlog: int = setting(2048, "PXL_LISTEN_BACKLOG", "a whole number of connections that may wait to be accepted", ge=1, le=65_535)
    connection_limit: int = setting(100, "PXL_CONNECTION_LIMIT", "a whole number of open connections", ge=1, le=100_000)
    channel_timeout_s: float = setting(60, "PXL_CHANNEL_TIMEOUT", "seconds that a connection may be idle", gt=0, le=_HOUR_S)
    connection_timeout_s: float = setting(60, "CONNECTION_TIMEOUT", "seconds for reading a request's head, and its body", gt=0, le=_HOUR_S)
    max_request_bytes: int = setting(DEFAULT_MAX_REQUEST_BYTES, "MAX_REQUEST_SIZE", "bytes of a request body", ge=1024, le=_GIB)
    drain_delay_s: float = setting(
        1, "PXL_DRAIN_DELAY", "seconds between SIGTERM, when readiness begins to fail, and the last new connection", ge=0, le=600
    )
    shutdown_timeout_s: float = setting(
        30, "PXL_SHUTDOWN_TIMEOUT", "seconds that draining may take after SIGTERM, PXL_DRAIN_DELAY included", gt=0, le=600
    )
    web_dir: Path | None = setting(None, "PXL_WEB_DIR", "the folder of the page, which holds index.html")

    # Signed requests (the manual's names).
    hmac_auth_enabled: bool = setting(False, "ENABLE_HMAC_AUTH", "true (requests must be signed) or false")
    hmac_key: Key | None = setting(None, "HMAC_SECRET_KEY", _KEY)
    hmac_key_new: Key | None = setting(None, "HMAC_SECRET_KEY_NEW", _KEY)
    hmac_key_old: Key | None = setting(None, "HMAC_SECRET_KEY_OLD", _KEY)
    open_paths: Annotated[tuple[str, ...], BeforeValidator(_parts), AfterValidator(_open_paths)] = setting(
        _OPEN_PATHS,
        "PXL_OPEN_PATHS",
        "paths, separated by commas, that GET and HEAD reach without a signature; /health/* is all that is below /health",
    )

    # Quotas.
    rate_limit_enabled: bool = setting(False, "RATE_LIMIT_ENABLED", "true (clients have a quota) or false")
    rate_limit_per_minute: int = setting(
        60, "RATE_LIMIT_PER_MINUTE", "a whole number of requests that a client may make in a minute", ge=1, le=10_000_000
    )
    rate_limit_by: Annotated[Literal["address", "key"], BeforeValidator(_lower)] = setting(
        "address", "PXL_RATE_LIMIT_BY", "address (each client address has a quota) or key (each signature key has one)"
    )
    trusted_proxies: Annotated[tuple[Network, ...], BeforeValidator(_networks)] = setting(
        (), "PXL_TRUSTED_PROXIES", "addresses or networks, separated by commas, whose X-Forwarded-For is believed, such as 10.0.0.0/8"
    )

    # Logs.
    log_level: Annotated[Literal["DEBUG", "INFO", "WARN", "ERROR"], BeforeValidator(_level)] = setting(
        "INFO", "LOG_LEVEL", "DEBUG, INFO, WARN or ERROR"
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower)] = setting("text", "LOG_FORMAT", "text or json")
    log_dir: Path = setting(Path("logs"), "PXL_LOG_DIR", "the folder for pxl-server.log and access.log; it is made when missing")
    log_stderr: bool = setting(True, "PXL_LOG_STDERR", "true (standard error gets what pxl-server.log gets) or false")

    # Metrics and health.
    kpi_window_s: float = setting(300, "PXL_KPI_WINDOW_S", "seconds that the indicators look back", ge=10, le=_DAY_S)
    performance_interval_s: float = setting(
        60, "PXL_PERFORMANCE_INTERVAL_S", "seconds between two versions of performance.json", ge=0.1, le=_DAY_S
    )
    canary_interval_s: float = setting(15, "PXL_CANARY_INTERVAL_S", "seconds between two rounds of canaries", ge=0.1, le=_HOUR_S)
    canary_timeout_s: float = setting(5, "PXL_CANARY_TIMEOUT_S", "seconds that a canary may take", ge=0.1, le=600)
    canary_max_age_s: float = setting(
        60, "PXL_CANARY_MAX_AGE_S", "seconds that a canary's success counts, which must be more than the interval", ge=1, le=_DAY_S
    )


class ProvingSettings(BaseModel):
    """Deciding goals: limits of goals, cache, certificates, jobs and batches, kernel sessions."""

    # Goals and verdicts.
    threads: int = setting(4, "PXL_THREADS", "a whole number of search threads", ge=1, le=256)
    queue_limit: int = setting(
        256, "PXL_QUEUE_LIMIT", "a whole number of goals that may wait for a search thread or a session", ge=0, le=100_000
    )
    goal_max_bytes: int = setting(MIB, "PXL_GOAL_MAX_BYTES", "bytes of a goal's text", ge=16, le=_GIB)
    goal_max_depth: int = setting(10_000, "PXL_GOAL_MAX_DEPTH", "a whole number of nested connectives", ge=1, le=1_000_000)
    goal_max_atoms: int = setting(20_000, "PXL_GOAL_MAX_ATOMS", "a whole number of different atoms", ge=1, le=10_000_000)
    goal_max_nodes: int = setting(400_000, "PXL_GOAL_MAX_NODES", "a whole number of connectives and atoms", ge=1, le=100_000_000)
    default_timeout_ms: int = setting(
        10_000, "PXL_DEFAULT_TIMEOUT_MS", "milliseconds for a request that names no timeout_ms", ge=1, le=_HOUR_MS
    )
    max_timeout_ms: int = setting(60_000, "PXL_MAX_TIMEOUT_MS", "the largest timeout_ms that a request may name", ge=1, le=_HOUR_MS)
    search_memory_bytes: int = setting(_GIB, "PXL_SEARCH_MEMORY_BYTES", "bytes that one search may take", ge=16 * MIB, le=_LARGEST_BYTES)
    statement_max_nodes: int = setting(
        2_000, "PXL_STATEMENT_MAX_NODES", "connectives and atoms of the largest goal whose statement Coq prints", ge=0, le=1_000_000
    )

    # Cache and shared state.
    cache_ttl_s: float = setting(300, "PXL_CACHE_TTL", "seconds that a verdict is kept, where 0 keeps none", ge=0, le=_YEAR_S)
    cache_max_entries: int = setting(
        1_000, "PXL_CACHE_MAX_ENTRIES", "a whole number of verdicts to keep, where 0 keeps none", ge=0, le=10_000_000
    )
    cache_max_bytes: int = setting(64 * MIB, "PXL_CACHE_MAX_BYTES", "bytes of memory for verdicts", ge=0, le=_TIB)
    redis_url: SecretStr | None = setting(
        None, "PXL_REDIS_URL", "the URL of the Redis that replicas share, such as redis://127.0.0.1:6379/0, or nothing"
    )
    redis_timeout_ms: int = setting(250, "PXL_REDIS_TIMEOUT_MS", "milliseconds that one Redis call may take", ge=1, le=60_000)

    # Jobs and batches. Their searches have threads of their own, so that they never take one from a waiting client.
    replica: str = setting(
        "",
        "PXL_REPLICA",
        "a name for this process among its replicas, of 1 to 63 letters, digits, dots and hyphens, beginning with a letter or a digit",
        pattern="^([A-Za-z0-9][A-Za-z0-9.-]{0,62})?$",
    )
    job_threads: int = setting(2, "PXL_JOB_THREADS", "a whole number of jobs that are worked on at once", ge=1, le=64)
    jobs_max: int = setting(1_000, "PXL_JOBS_MAX", "a whole number of jobs to hold, ended ones included", ge=1, le=1_000_000)
    jobs_max_bytes: int = setting(256 * MIB, "PXL_JOBS_MAX_BYTES", "bytes of goals and results that jobs may hold", ge=MIB, le=_TIB)
    job_ttl_s: float = setting(600, "PXL_JOB_TTL", "seconds for which an ended job is kept", ge=1, le=604_800)
    job_max_timeout_ms: int = setting(
        600_000, "PXL_JOB_MAX_TIMEOUT_MS", "the largest timeout_ms of a job, and its default", ge=1, le=_DAY_MS
    )
    event_interval_s: float = setting(
        15, "PXL_EVENT_INTERVAL", "seconds between two keep-alive comments in a stream of events", ge=0.1, le=_HOUR_S
    )
    batch_threads: int = setting(2, "PXL_BATCH_THREADS", "a whole number of goals of batches that are worked on at once", ge=1, le=64)
    batch_max_goals: int = setting(DEFAULT_BATCH_GOALS, "PXL_BATCH_MAX_GOALS", "a whole number of goals in a batch", ge=1, le=100_000)
    batch_timeout_s: float = setting(600, "PXL_BATCH_TIMEOUT", "seconds that a whole batch may take", ge=1, le=_DAY_S)

    # Stored data.
    data_dir: Path = setting(Path("var"), "PXL_DATA_DIR", "the folder for certificates and post-mortems; it is made when missing")
    certificates_max: int = setting(
        10_000, "PXL_CERTIFICATES_MAX", "a whole number of certificates to keep, where 0 keeps none", ge=0, le=10_000_000
    )
    certificates_max_bytes: int = setting(_GIB, "PXL_CERTIFICATES_MAX_BYTES", "bytes of certificates to keep", ge=0, le=_TIB)
    post_mortems_max: int = setting(100, "PXL_POST_MORTEMS_MAX", "a whole number of post-mortems to keep", ge=1, le=100_000)
    post_mortems_max_bytes: int = setting(256 * MIB, "PXL_POST_MORTEMS_MAX_BYTES", "bytes of post-mortems to keep", ge=MIB, le=_TIB)

    # The kernel sessions.
    pool_size: int = setting(5, "PXL_POOL_SIZE", "a whole number of sessions", ge=1, le=256)
    pool_spares: int = setting(1, "PXL_POOL_SPARES", "a whole number of warm spare sessions", ge=0, le=64)
    kernel_timeout_ms: int = setting(60_000, "PXL_KERNEL_TIMEOUT_MS", "milliseconds that one kernel check may take", ge=1, le=_HOUR_MS)
    session_max_checks: int = setting(
        20_000, "PXL_SESSION_MAX_CHECKS", "a whole number of checks in a session's life", ge=1, le=1_000_000_000
    )
    session_memory_bytes: int = setting(
        4096 * MIB, "PXL_SESSION_MEMORY_BYTES", "bytes of address space for a session", ge=384 * MIB, le=_LARGEST_BYTES
    )
    session_idle_memory_bytes: int = setting(
        256 * MIB,
        "PXL_SESSION_IDLE_MEMORY_BYTES",
        "resident bytes that a session may hold between two checks",
        ge=128 * MIB,
        le=_LARGEST_BYTES,
    )
    session_stack_bytes: int = setting(_GIB, "PXL_SESSION_STACK_BYTES", "bytes of stack for a session", ge=8 * MIB, le=_TIB)
    session_cpu_s: int = setting(3600, "PXL_SESSION_CPU_S", "seconds of processor time in a session's life", ge=10, le=1_000_000)
    session_start_timeout_ms: int = setting(
        15_000, "PXL_SESSION_START_TIMEOUT_MS", "milliseconds that a session may take to start", ge=100, le=600_000
    )
    coq_dir: Path | None = setting(None, "PXL_COQ_DIR", "the folder that holds theories/, plugin/ and serve.v")
    coqtop: str = setting("coqtop", "PXL_COQTOP", "the name or the path of Coq's coqtop program", min_length=1)


class OperationsSettings(BaseModel):
    """What ``pxl ops`` reads. The service itself reads none of it."""

    # Where the service runs.
    ops_target: Annotated[Literal["systemd", "supervisord", "compose", "kubernetes"], BeforeValidator(_lower)] = setting(
        "supervisord", "PXL_OPS_TARGET", "systemd, supervisord, compose (docker-compose) or kubernetes (kubectl)"
    )
    ops_url: str | None = setting(
        None, "PXL_OPS_URL", "the address of the service, such as http://127.0.0.1:8088, or nothing", pattern=r"^https?://[^/\s]+"
    )
    ops_service: str = setting(
        "pxl-prover",
        "PXL_OPS_SERVICE",
        "the name of the unit, program, compose service or deployment; of several replicas NAME=PORT,NAME=PORT",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*(=\d{1,5})?(,[A-Za-z0-9][A-Za-z0-9._@-]*(=\d{1,5})?)*$",
    )
    ops_namespace: str | None = setting(
        None, "PXL_OPS_NAMESPACE", "the namespace of the deployment in Kubernetes, or nothing", pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"
    )
    supervisord_conf: Path = setting(
        Path("deploy/supervisord.conf"), "PXL_SUPERVISORD_CONF", "the configuration file of supervisord, for PXL_OPS_TARGET=supervisord"
    )

    prometheus_url: str | None = setting(
        None, "PXL_PROMETHEUS_URL", "the address of Prometheus, such as http://127.0.0.1:9090, or nothing", pattern=r"^https?://[^/\s]+"
    )

    # What is kept.
    backup_dir: Path = setting(Path("backups"), "PXL_BACKUP_DIR", "the folder for backups; it is made when missing")
    export_dir: Path = setting(Path("exports"), "PXL_EXPORT_DIR", "the folder for exported states; it is made when missing")
    keep_days: float = setting(30, "PXL_KEEP_DAYS", "days that backups and archived logs are kept", gt=0, le=36_500)

    start_timeout_s: float = setting(120, "PXL_START_TIMEOUT_S", "seconds until the service must be ready after its start", ge=1, le=3600)


class ClientSettings(BaseModel):
    """What the command line and the agents' server read."""

    url: str | None = setting(
        None,
        "PXL_URL",
        "the address of a service, such as http://127.0.0.1:8088, or nothing: the local engine",
        pattern=r"^https?://[^/\s]+",
    )


class Settings(ProvingSettings, ServiceSettings, OperationsSettings, ClientSettings):
    """All settings, validated."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, hide_input_in_errors=True)

    # Where the other settings are read from.
    config_dir: Path = setting(Path("configs"), CONFIG_DIR, "the folder whose TOML files are read; set it in the environment")
    env_file: Path = setting(Path(".env"), ENV_FILE, "the file of NAME=value lines that is read; set it in the environment")

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read files and environment. ``overrides`` (field names, such as ``pool_size=2``) have priority. Raises ConfigurationError."""
        return cls.of(Sources().read(), **overrides)

    @classmethod
    def of(cls, found: Mapping[str, Sourced], **overrides: Any) -> Self:
        """The settings that the variables in ``found`` give. Raises ConfigurationError."""
        values: dict[str, Any] = {name: held.value for name, held in found.items()}
        # By variable: pydantic would take either of a field's two names.
        values.update({str(cls.model_fields[name].validation_alias): value for name, value in overrides.items()})
        try:
            return cls(**values)
        except ValidationError as error:
            raise ConfigurationError(explain(cls, error)) from error

    @property
    def search_threads(self) -> int:
        """The threads of all searches: for waiting clients, for jobs and for batches."""
        return self.threads + self.job_threads + self.batch_threads

    def session(self) -> SessionSettings:
        """What a Coq session needs. Raises KernelNotBuilt when Coq or the kernel's folder cannot be found."""
        return SessionSettings(
            coq_dir=find_coq_dir(self.coq_dir),
            coqtop=find_coqtop(self.coqtop),
            python=Path(sys.executable),
            memory_bytes=self.session_memory_bytes,
            stack_bytes=self.session_stack_bytes,
            cpu_s=self.session_cpu_s,
            start_timeout_s=self.session_start_timeout_ms / 1000,
        )

    def pool(self) -> PoolSettings:
        """What the session pool needs."""
        return PoolSettings(
            size=self.pool_size,
            spares=self.pool_spares,
            # Goals are counted before their search, so that an accepted goal never reaches the pool's own bound.
            queue_limit=self.queue_limit + self.search_threads,
            check_timeout_s=self.kernel_timeout_ms / 1000,
            max_checks=self.session_max_checks,
            idle_memory_bytes=self.session_idle_memory_bytes,
            idle_cpu_s=self.session_cpu_s / 2,
        )

    def canaries(self) -> CanarySettings:
        """What the canaries need. Raises ConfigurationError when a success would expire before the next canary ends."""
        next_s = self.canary_interval_s + self.canary_timeout_s
        if self.canary_max_age_s <= next_s:
            raise ConfigurationError(
                f"PXL_CANARY_MAX_AGE_S={self.canary_max_age_s:g}: the next canary may take until "
                f"PXL_CANARY_INTERVAL_S + PXL_CANARY_TIMEOUT_S ({next_s:g} s); give more than that"
            )
        return CanarySettings(self.canary_interval_s, self.canary_timeout_s, self.canary_max_age_s)

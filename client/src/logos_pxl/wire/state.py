"""The state of the service: health, sessions, performance."""

from typing import Annotated

from pydantic import Field

from logos_pxl.wire.base import Answer, Count, Sha256, Timestamp, open_choice

Problems = Annotated[tuple[str, ...], Field(description="What stands against the best state, in sentences; empty in it.")]
State = Annotated[str, open_choice(("ok", "degraded", "unavailable"))]


class SessionPool(Answer):
    """The pool of Coq sessions."""

    total_sessions: Count
    active_sessions: Count
    busy_sessions: Count
    max_pool_size: Count
    utilization_rate: float = Field(description="Busy sessions over the pool's size, 0 to 1.")


class Health(Answer):
    """The service's state."""

    status: State
    ready: bool = Field(description="Whether to send goals here.")
    problems: Problems
    timestamp: Timestamp
    uptime_s: float
    kernel_hash: Sha256
    version: str
    session_pool: SessionPool
    shared_state: Annotated[str, open_choice(("local", "redis", "redis-lost"))] = Field(description="Where cache, nonces and quotas live.")
    soundness_alarms: Count = Field(description="Certificates that the kernel refused; anything but 0 is a defect.")
    authentication: Annotated[str, open_choice(("hmac", "off"))] = Field(description="Whether requests must be signed.")


class Live(Answer):
    """The process answers."""

    status: Annotated[str, open_choice(("ok",))]
    timestamp: Timestamp
    uptime_s: float


class Canary(Answer):
    """A goal whose verdict is known, and the result of its last runs."""

    name: Annotated[str, open_choice(("valid", "invalid"))]
    goal: str
    checked_ago_s: float | None = Field(description="Seconds since the kernel last accepted its certificate; null: never yet.")
    latency_ms: float = Field(description="The duration of the last run.")
    step: Annotated[str, open_choice(("parse", "search", "kernel", "statement"))] | None = Field(
        description="The step that failed in the last run."
    )
    detail: str
    failing: str = Field(description="Why the canary fails; empty when it does not.")


class Ready(Answer):
    """Whether to send goals here."""

    ready: bool
    problems: Problems
    draining: bool
    timestamp: Timestamp
    canaries: tuple[Canary, ...]


class Session(Answer):
    """One Coq session."""

    session_id: int
    resident_bytes: Count
    cpu_s: float


class SessionPoolDetail(SessionPool):
    """The pool in detail."""

    spare_sessions: Count
    waiting_checks: Count
    replacements: dict[str, int] = Field(description="By cause, since the start.")
    last_start_failure: str | None
    confinement: dict[str, str] = Field(description="What the newest session gave up, by mechanism.")


class ProofServer(Answer):
    """The kernel and its sessions."""

    status: State
    problems: Problems
    timestamp: Timestamp
    kernel_hash: Sha256
    coq_version: str
    theory_version: str
    session_pool: SessionPoolDetail
    sessions: tuple[Session, ...]
    canaries: tuple[Canary, ...]
    soundness_alarms: Count
    last_alarm: str | None


class EndpointPerformance(Answer):
    """One endpoint in the window."""

    name: str
    call_count: Count
    p50_duration_ms: float
    p90_duration_ms: float
    p95_duration_ms: float
    p99_duration_ms: float
    error_count: Count = Field(description="Answers of 500 and above.")


class Performance(Answer):
    """How long the endpoints took."""

    timestamp: Timestamp
    started: Timestamp
    window_s: float
    endpoints: tuple[EndpointPerformance, ...]

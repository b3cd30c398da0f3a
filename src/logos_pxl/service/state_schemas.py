"""What the endpoints of health and metrics give, as types: answers are documented by them and tested against them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Timestamp = Annotated[str, Field(description="ISO 8601, UTC.")]
Count = Annotated[int, Field(ge=0)]
Problems = Annotated[list[str], Field(description="What stands against the best state, in sentences; empty in it.")]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SessionPoolAnswer(_Closed):
    """The pool of Coq sessions."""

    total_sessions: Count
    active_sessions: Count
    busy_sessions: Count
    max_pool_size: Count
    utilization_rate: float = Field(description="Busy sessions over the pool's size, 0 to 1.")


class HealthAnswer(_Closed):
    """The service's state."""

    status: Literal["ok", "degraded", "unavailable"]
    ready: bool
    problems: Problems
    timestamp: Timestamp
    uptime_s: float
    kernel_hash: Sha256
    version: str
    session_pool: SessionPoolAnswer
    shared_state: Literal["local", "redis", "redis-lost"] = Field(description="Where cache, nonces and quotas live.")
    soundness_alarms: Count = Field(description="Certificates that the kernel refused; anything but 0 is a defect.")
    authentication: Literal["hmac", "off"] = Field(description="Whether requests must be signed.")


class LiveAnswer(_Closed):
    """The process answers."""

    status: Literal["ok"]
    timestamp: Timestamp
    uptime_s: float


class CanaryAnswer(_Closed):
    """A goal whose verdict is known, and what became of it lately."""

    name: Literal["valid", "invalid"]
    goal: str
    checked_ago_s: float | None = Field(description="Seconds since the kernel last accepted its certificate; null: never yet.")
    latency_ms: float = Field(description="What the last run took.")
    step: Literal["parse", "search", "kernel", "statement"] | None = Field(description="The step that failed in the last run.")
    detail: str
    failing: str = Field(description="Why it does not count; empty when it does.")


class ReadyAnswer(_Closed):
    """Whether to send goals here."""

    ready: bool
    problems: Problems
    draining: bool
    timestamp: Timestamp
    canaries: list[CanaryAnswer]


class SessionAnswer(_Closed):
    """One Coq session."""

    session_id: int
    resident_bytes: Count
    cpu_s: float


class PoolDetailAnswer(SessionPoolAnswer):
    """The pool in detail."""

    spare_sessions: Count
    waiting_checks: Count
    replacements: dict[str, int] = Field(description="By cause, since the start.")
    last_start_failure: str | None
    confinement: dict[str, str] = Field(description="What the newest session gave up, by mechanism.")


class ProofServerAnswer(_Closed):
    """The kernel and its sessions."""

    status: Literal["ok", "degraded", "unavailable"]
    problems: Problems
    timestamp: Timestamp
    kernel_hash: Sha256
    coq_version: str
    theory_version: str
    session_pool: PoolDetailAnswer
    sessions: list[SessionAnswer]
    canaries: list[CanaryAnswer]
    soundness_alarms: Count
    last_alarm: str | None


class EndpointAnswer(_Closed):
    """One endpoint in the window."""

    name: str
    call_count: Count
    p50_duration_ms: float
    p90_duration_ms: float
    p95_duration_ms: float
    p99_duration_ms: float
    error_count: Count = Field(description="Answers of 500 and above.")


class PerformanceAnswer(_Closed):
    """How long the endpoints took."""

    timestamp: Timestamp
    started: Timestamp
    window_s: float
    endpoints: list[EndpointAnswer]

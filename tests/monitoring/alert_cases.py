"""Every alert with series that must raise it, and with series that nearly do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitoring.promtool import Samples

JOB = {"job": "logos-pxl"}
REPLICA = {**JOB, "instance": "10.0.0.1:8088"}
HERE = 'job="logos-pxl",instance="10.0.0.1:8088"'
OTHER = 'job="logos-pxl",instance="10.0.0.2:8088"'

HOUR_S = 3600
STEP_S = 15


@dataclass(frozen=True)
class Gauge:
    """A value while all is nearly bad, and one while it is bad; ``None`` is a scrape that finds nothing."""

    edge: float | None
    bad: float | None

    def samples(self, edge: int, bad: int, after: int, _: int = STEP_S) -> Samples:
        """So many intervals of each, then ``edge`` again."""
        return [self.edge] * edge + [self.bad] * bad + [self.edge] * after


@dataclass(frozen=True)
class Counter:
    """Events a minute while all is nearly bad, while it is bad, and afterwards; ``whole``: seen only when they are complete."""

    edge: float
    bad: float
    after: float = 0
    whole: bool = False

    def samples(self, edge: int, bad: int, after: int, step_s: int = STEP_S) -> Samples:
        """The count after each of so many intervals of ``step_s`` seconds."""
        total, counted = 0.0, []
        for per_minute in [self.edge] * edge + [self.bad] * bad + [self.after] * after:
            total += per_minute * step_s / 60
            counted.append(float(int(total)) if self.whole else total)
        return counted


@dataclass(frozen=True)
class Case:
    """An alert's rule (``rule`` are labels that tell it from others of its name), and the labels that the series give it.

    ``delay_s``: by how much later than its ``for`` it may fire, for a count needs time to grow. ``edge_s``: how long all is nearly bad.
    ``clears_s``: how long after the end of the bad time it may still fire.
    """

    alert: str
    series: Mapping[str, Gauge | Counter]
    labels: Mapping[str, str] = field(default_factory=lambda: REPLICA)
    rule: Mapping[str, str] = field(default_factory=dict)
    edge_s: int = 1200
    delay_s: int = 30
    clears_s: int = 60
    step_s: int = STEP_S

    @property
    def name(self) -> str:
        """For the list of tests."""
        return "-".join((self.alert, *self.rule.values()))


RATIO = f"logos_pxl_verification_ratio_percent{{{HERE}}}"
GOALS = f"logos_pxl_window_goals{{{HERE}}}"
LATENCY = f"logos_pxl_p95_latency_ms{{{HERE}}}"
HITS = f"logos_pxl_cache_hit_rate_percent{{{HERE}}}"
LOOKUPS = f"logos_pxl_window_cache_lookups{{{HERE}}}"
BUSY = f"logos_pxl_session_pool_busy{{{HERE}}}"
TOTAL = f"logos_pxl_session_pool_total{{{HERE}}}"
MEMORY = f"logos_pxl_memory_usage_percent{{{HERE}}}"
READY = f"logos_pxl_ready{{{HERE}}}"
UP = f"up{{{HERE}}}"


def counted(name: str, **labels: str) -> str:
    """A counter of the replica."""
    more = "".join(f",{key}={value!r}" for key, value in labels.items()).replace("'", '"')
    return f"logos_pxl_{name}_total{{{HERE}{more}}}"


def always(value: float) -> Gauge:
    """The same all the time."""
    return Gauge(value, value)


CASES = (
    # The manual's indicators: at the threshold, and past it.
    Case("VerificationRatioLow", {RATIO: Gauge(90, 89.9), GOALS: always(1000)}),
    Case("VerificationRatioCritical", {RATIO: Gauge(85, 84.9), GOALS: always(1000)}),
    Case("HighLatencyP95", {LATENCY: Gauge(300, 300.1), GOALS: always(1000)}),
    Case("HighLatencyP95Critical", {LATENCY: Gauge(500, 500.1), GOALS: always(1000)}),
    Case("SessionPoolSaturated", {BUSY: Gauge(9, 10), TOTAL: always(10)}),
    Case("CacheHitRateLow", {HITS: Gauge(70, 69.9), LOOKUPS: always(1000)}),
    Case("MemoryUsageCritical", {MEMORY: Gauge(95, 95.1)}),
    Case("TargetMissed", {RATIO: Gauge(94, 93.9), GOALS: always(1000)}, rule={"indicator": "verification-ratio"}),
    Case("TargetMissed", {HITS: Gauge(85, 84.9), LOOKUPS: always(1000)}, rule={"indicator": "cache-hit-rate"}),
    Case("TargetMissed", {BUSY: Gauge(7, 8), TOTAL: always(10)}, rule={"indicator": "session-pool"}),
    Case("TargetMissed", {MEMORY: Gauge(79.9, 80)}, rule={"indicator": "memory"}),
    # Enough goals to speak of.
    Case("VerificationRatioLow", {RATIO: always(50), GOALS: Gauge(4, 6)}, rule={"level": "high"}),
    Case("VerificationRatioCritical", {RATIO: always(50), GOALS: Gauge(4, 6)}, rule={"level": "critical"}),
    Case("HighLatencyP95", {LATENCY: always(2000), GOALS: Gauge(19, 20)}, rule={"level": "medium"}),
    Case("CacheHitRateLow", {HITS: always(0), LOOKUPS: Gauge(19, 20)}, rule={"level": "medium"}),
    # Availability.
    Case("ServiceDown", {UP: Gauge(0, 0), f"up{{{OTHER}}}": Gauge(1, 0)}, labels=JOB),
    Case("ServiceDown", {UP: Gauge(1, None)}, labels=JOB, rule={"incident": "system-down"}, delay_s=330),
    Case("ServiceNotReady", {READY: Gauge(0, 0), f"logos_pxl_ready{{{OTHER}}}": Gauge(1, 0)}, labels=JOB),
    Case("InstanceDown", {UP: Gauge(1, 0), f"up{{{OTHER}}}": always(1)}),
    Case("InstanceNotReady", {READY: always(0), f"logos_pxl_draining{{{HERE}}}": Gauge(1, 0)}),
    Case(
        "ServiceRestarting",
        {f"process_start_time_seconds{{{HERE}}}": Counter(0.06, 1, whole=True)},
        edge_s=HOUR_S,
        delay_s=240,
        clears_s=1800,
    ),
    Case(
        "CanaryFailing",
        {counted("canary_failures", step="kernel"): Counter(0.3, 4)},
        labels={**REPLICA, "step": "kernel"},
        delay_s=180,
        clears_s=330,
    ),
    Case("CanaryOld", {f'logos_pxl_canary_age_seconds{{{HERE},canary="valid"}}': Gauge(60, 61)}, labels={**REPLICA, "canary": "valid"}),
    Case(
        "InternalErrors",
        {counted("rejections", reason="internal"): Counter(0, 4), counted("rejections", reason="not-found"): always(9)},
        clears_s=660,
    ),
    # The kernel.
    Case("KernelRejected", {counted("soundness_alarms"): Gauge(0, 1)}, clears_s=HOUR_S + 30),
    Case(
        "NoSessionStarts",
        {counted("session_start_failures"): Counter(4, 4, 4), counted("session_starts"): Counter(4, 0, 4)},
        delay_s=180,
    ),
    Case(
        "NoSessionStarts",
        {counted("session_start_failures"): Counter(0, 4), counted("session_starts"): Counter(0, 0)},
        rule={"level": "high"},
        clears_s=180,
    ),
    Case(
        "SessionsReplacedOften",
        {
            counted("session_replacements", cause="timeout"): Counter(0.95, 2),
            counted("session_replacements", cause="max_checks"): Counter(9, 9, 9),
        },
        labels={**REPLICA, "cause": "timeout"},
        delay_s=600,
        clears_s=660,
    ),
    Case(
        "KernelsDiffer",
        {
            f'logos_pxl_build_info{{{HERE},kernel_hash="aa"}}': always(1),
            f'logos_pxl_build_info{{{OTHER},kernel_hash="bb"}}': Gauge(None, 1),
        },
        labels=JOB,
        clears_s=360,
    ),
    # Capacity: one in a hundred, and three at least.
    Case(
        "Overloaded",
        {
            counted("unknown_verdicts", reason="overloaded"): Counter(0.9, 1.2),
            counted("rejections", reason="too-many-connections"): Counter(0, 0),
            counted("http_requests", endpoint="POST /prove", status="200"): Counter(100, 100),
        },
        delay_s=300,
        clears_s=330,
    ),
    Case(
        "Overloaded",
        {
            counted("unknown_verdicts", reason="overloaded"): Counter(0, 0),
            counted("rejections", reason="too-many-connections"): Counter(0.5, 3),
        },
        rule={"level": "high"},
        delay_s=300,
        clears_s=330,
    ),
    Case("QueueNearlyFull", {f"logos_pxl_goals_in_work{{{HERE}}}": Gauge(80, 81), f"logos_pxl_goals_in_work_max{{{HERE}}}": always(100)}),
    Case("OpenFilesNearlyExhausted", {f"process_open_fds{{{HERE}}}": Gauge(800, 801), f"process_max_fds{{{HERE}}}": always(1000)}),
    Case("RateLimitedOften", {counted("rate_limited"): Counter(9.5, 20)}, labels=JOB, delay_s=600, clears_s=660),
    # State.
    Case("RedisLost", {f'logos_pxl_shared_state{{{HERE},state="redis-lost"}}': Gauge(0, 1)}, labels={**REPLICA, "state": "redis-lost"}),
    Case(
        "CertificateStoreFailing",
        {counted("certificate_failures", step="write"): Counter(0, 4), counted("certificate_failures", step="verify"): Counter(1, 1, 1)},
        labels={**REPLICA, "step": "write"},
        clears_s=660,
    ),
    Case(
        "CertificateDamaged",
        {counted("certificate_failures", step="verify"): Counter(0, 1), counted("certificate_failures", step="read"): Counter(1, 1, 1)},
        delay_s=90,
        clears_s=HOUR_S + 60,
    ),
    Case(
        "CertificateStoreFull",
        {counted("certificates_evicted"): Counter(0, 10), f"logos_pxl_certificates_held{{{HERE}}}": always(100)},
        edge_s=2 * HOUR_S,
        delay_s=900,
        clears_s=24 * HOUR_S,
        step_s=300,
    ),
    Case(
        "LogLinesLost",
        {counted("log_lines_lost", file="access.log"): Counter(0, 4)},
        labels={**REPLICA, "file": "access.log"},
        clears_s=960,
    ),
    Case("PerformanceFileNotWritten", {counted("performance_write_failures"): Counter(0.19, 1)}, delay_s=300, clears_s=660),
    # Security.
    Case(
        "AuthenticationFailures",
        {counted("authentication_failures", reason="invalid-signature"): Counter(9.5, 20)},
        labels={**JOB, "reason": "invalid-signature"},
        delay_s=300,
        clears_s=330,
    ),
    Case(
        "ReplayedRequests",
        {
            counted("authentication_failures", reason="nonce-reused"): Counter(0.9, 4),
            counted("authentication_failures", reason="missing-signature"): Counter(9, 9, 9),
        },
        labels=JOB,
        delay_s=180,
        clears_s=330,
    ),
    Case(
        "AuthenticationSwitchedOff",
        {f"logos_pxl_authentication_required{{{HERE}}}": Gauge(1, 0), f"logos_pxl_authentication_required{{{OTHER}}}": always(1)},
        labels=JOB,
    ),
    Case(
        "ConfigurationReloadFailed",
        {
            counted("configuration_reloads", outcome="failed"): Counter(0, 4),
            counted("configuration_reloads", outcome="succeeded"): Counter(1, 1, 1),
        },
        clears_s=960,
    ),
    # The monitoring itself.
    Case(
        "NotificationsFailing",
        {'prometheus_notifications_errors_total{job="prometheus",instance="p",alertmanager="a"}': Counter(0, 4)},
        labels={"job": "prometheus", "instance": "p"},
        clears_s=330,
    ),
    Case(
        "NotificationsFailing",
        {'alertmanager_notifications_failed_total{job="alertmanager",instance="a",integration="slack"}': Counter(0, 4)},
        labels={"job": "alertmanager", "instance": "a"},
        rule={"level": "high"},
        clears_s=330,
    ),
    Case(
        "RulesFailing",
        {'prometheus_rule_evaluation_failures_total{job="prometheus",instance="p",rule_group="g"}': Counter(0, 4)},
        labels={"job": "prometheus", "instance": "p", "rule_group": "g"},
        clears_s=330,
    ),
)

ELSEWHERE = {"ClockSkew", "UptimeLow", "Watchdog", "ErrorBudgetBurn", "EscalatedToSecondary", "EscalatedToManager"}
"""Alerts that need longer times than these, or the clock; each has tests of its own in test_alerts.py."""

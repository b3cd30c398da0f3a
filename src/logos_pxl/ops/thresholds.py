"""The operations manual's key performance indicators and severities. Nothing else states these numbers.

Invariant: between target and critical threshold an indicator needs attention; past the critical threshold it is critical.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logos_pxl.ops.report import Check, Status

ENOUGH_EVENTS = 20
"""Goals or look-ups in the window, below which their indicators are shown and not judged."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """An indicator: its metric, where it should be (``target``) and where it must not be (``critical``).

    ``higher_is_better`` tells the direction. A value at the target is fine, unless ``strict``: then it must be better than it.
    """

    name: str
    metric: str
    unit: str
    target: float
    critical: float
    higher_is_better: bool
    strict: bool
    advice: str
    sample: str = ""
    """The metric that tells how many events of the window the indicator rests on; empty when it rests on none."""

    def status(self, value: float) -> Status:
        """How the value stands to the thresholds."""
        beyond = value < self.critical if self.higher_is_better else value > self.critical
        if beyond:
            return Status.CRITICAL
        better = value > self.target if self.higher_is_better else value < self.target
        return Status.FINE if better or (value == self.target and not self.strict) else Status.ATTENTION

    def judged(self, metrics: Mapping[str, Any]) -> Status:
        """How the indicator of a ``/metrics`` document stands. One that rests on few events is fine: two goals are no trend."""
        value = number(metrics, self.metric)
        if value is None:
            return Status.UNKNOWN
        return Status.FINE if self.rests_on_few(metrics) else self.status(value)

    def rests_on_few(self, metrics: Mapping[str, Any]) -> bool:
        """Whether there were too few events in the window to judge."""
        return bool(self.sample) and (number(metrics, self.sample) or 0.0) < ENOUGH_EVENTS

    def check(self, metrics: Mapping[str, Any]) -> Check:
        """The indicator of a ``/metrics`` document as a check."""
        value, status = number(metrics, self.metric), self.judged(metrics)
        if value is None:
            advice = f"{self.metric} is missing from /metrics"
        elif self.rests_on_few(metrics):
            advice = f"rests on {number(metrics, self.sample) or 0:g} events of the window: too few to judge"
        else:
            advice = "" if status is Status.FINE else self.advice
        return Check(self.name, status, value, self.unit, self.wanted, advice)

    @property
    def wanted(self) -> str:
        """The target in words, such as ``>= 94 %, critical < 90 %``."""
        sign = (">" if self.higher_is_better else "<") + ("" if self.strict else "=")
        beyond = "<" if self.higher_is_better else ">"
        return f"{sign} {self.target:g} {self.unit}, critical {beyond} {self.critical:g} {self.unit}"


VERIFICATION_RATIO = Kpi(
    "verification ratio", "logos_pxl_verification_ratio_percent", "%", 94, 90, higher_is_better=True, strict=False,
    advice="goals end without a verdict: pxl ops diagnose", sample="logos_pxl_window_goals",
)  # fmt: skip
P95_LATENCY = Kpi(
    "P95 latency", "logos_pxl_p95_latency_ms", "ms", 300, 500, higher_is_better=False, strict=True,
    advice="answers are slow: pxl ops diagnose", sample="logos_pxl_window_goals",
)  # fmt: skip
CACHE_HIT_RATE = Kpi(
    "cache hit rate", "logos_pxl_cache_hit_rate_percent", "%", 85, 70, higher_is_better=True, strict=False,
    advice="goals hardly repeat, or are forgotten too soon: a longer PXL_CACHE_TTL or more PXL_CACHE_MAX_ENTRIES may help",
    sample="logos_pxl_window_cache_lookups",
)  # fmt: skip
UPTIME = Kpi(
    "availability", "logos_pxl_uptime_seconds", "%", 99.9, 99, higher_is_better=True, strict=False,
    advice="the service was away: look into its log, pxl ops diagnose",
)  # fmt: skip
POOL_UTILIZATION = Kpi(
    "session pool utilization", "logos_pxl_session_pool_utilization_percent", "%", 80, 90, higher_is_better=False, strict=True,
    advice="raise PXL_POOL_SIZE or add replicas",
)  # fmt: skip
MEMORY_USAGE = Kpi(
    "memory usage", "logos_pxl_memory_usage_percent", "%", 80, 95, higher_is_better=False, strict=True,
    advice="lower PXL_POOL_SIZE or PXL_CACHE_MAX_BYTES, or give the machine more memory",
)  # fmt: skip

KPIS = (VERIFICATION_RATIO, P95_LATENCY, CACHE_HIT_RATE, POOL_UTILIZATION, MEMORY_USAGE)
"""Those that one look at /metrics tells; availability needs a span of time."""

# The severities of incidents, by the manual's table, where they are not the thresholds above.
SEVERITY_CRITICAL_RATIO_PERCENT = 85.0
SLA_AVAILABILITY_PERCENT = UPTIME.target


def kpi_checks(metrics: Mapping[str, Any]) -> tuple[Check, ...]:
    """All indicators of a ``/metrics`` document."""
    return tuple(kpi.check(metrics) for kpi in KPIS)


def number(metrics: Mapping[str, Any], name: str) -> float | None:
    """A metric's value; ``None`` when it is missing or no number."""
    value = metrics.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

"""How bad it is, by the operations manual's table.

The table's limits are looked at from the worst to the least; what rests on few goals says nothing, unless the service is down.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from logos_pxl.ops.thresholds import CACHE_HIT_RATE, P95_LATENCY, SEVERITY_CRITICAL_RATIO_PERCENT, VERIFICATION_RATIO, number


class Severity(StrEnum):
    """The manual's four."""

    CRITICAL = "Critical"
    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"

    @property
    def response(self) -> str:
        """How soon somebody must be at work, and when to escalate, by the manual."""
        return _RESPONSE[self]


_RESPONSE = {
    Severity.CRITICAL: "respond within 5 minutes, escalate at once",
    Severity.HIGH: "respond within 15 minutes, escalate after 30 minutes",
    Severity.MEDIUM: "respond within 1 hour, escalate after 2 hours",
    Severity.LOW: "respond within 4 hours, escalate after 8 hours",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A severity, and what it rests on."""

    severity: Severity
    why: str


def judged(health: Mapping[str, Any], metrics: Mapping[str, Any], problem: str) -> Judgement:
    """The severity of what a service says of itself; ``problem`` is why it could not be asked."""
    if problem:
        return Judgement(Severity.CRITICAL, f"system down: {problem}")
    if not health.get("ready"):
        return Judgement(Severity.CRITICAL, f"system down: not ready: {'; '.join(map(str, health.get('problems', [])))}")
    if alarms := health.get("soundness_alarms"):
        return Judgement(Severity.CRITICAL, f"search and kernel disagreed {alarms} times")
    for severity, kpi, limit in _LIMITS:
        value = None if kpi.rests_on_few(metrics) else number(metrics, kpi.metric)
        if value is not None and (value < limit if kpi.higher_is_better else value > limit):
            sign = "<" if kpi.higher_is_better else ">"
            return Judgement(severity, f"{kpi.name} {value:.1f} {kpi.unit} {sign} {limit:g} {kpi.unit}")
    return Judgement(Severity.LOW, "the service is up, and no indicator is past a limit of the manual's table")


_LIMITS = (
    (Severity.CRITICAL, VERIFICATION_RATIO, SEVERITY_CRITICAL_RATIO_PERCENT),
    (Severity.HIGH, P95_LATENCY, P95_LATENCY.critical),
    (Severity.HIGH, VERIFICATION_RATIO, VERIFICATION_RATIO.critical),
    (Severity.MEDIUM, P95_LATENCY, P95_LATENCY.target),
    (Severity.MEDIUM, CACHE_HIT_RATE, CACHE_HIT_RATE.critical),
)
"""The manual's table, from the worst to the least."""

"""Samples of the indicators."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.report import Status, worst
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.thresholds import CACHE_HIT_RATE, KPIS, MEMORY_USAGE, P95_LATENCY, POOL_UTILIZATION, VERIFICATION_RATIO, Kpi, number


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: ``metrics`` and ``health`` are empty, and ``problem`` says why, when the service could not be asked."""

    at: datetime
    metrics: Mapping[str, Any]
    health: Mapping[str, Any]
    problem: str = ""

    def value(self, kpi: Kpi) -> float | None:
        """The indicator's value; ``None`` when it is not known."""
        return number(self.metrics, kpi.metric)

    def figure(self, name: str) -> float | None:
        """Any metric's value."""
        return number(self.metrics, name)

    @property
    def ready(self) -> bool:
        """Whether goals could be decided."""
        return bool(self.health.get("ready"))

    @property
    def status(self) -> Status:
        """The worst indicator; critical when the service cannot be asked or is not ready."""
        if not self.ready:
            return Status.CRITICAL
        return worst([*(kpi.judged(self.metrics) for kpi in KPIS), Status.FINE if self.health.get("status") == "ok" else Status.ATTENTION])

    def alerts(self) -> Iterator[str]:
        """What the manual's script would alert on, and the rest of its table, in its words."""
        if self.problem:
            yield f"ALERT: service unreachable: {self.problem}"
            return
        if not self.ready:
            yield f"ALERT: service not ready: {'; '.join(self.health.get('problems', [])) or self.health.get('status')}"
        for kpi, verb, limit in _ALERTS:
            value = self.value(kpi)
            if value is not None and not kpi.rests_on_few(self.metrics) and (value < limit if kpi.higher_is_better else value > limit):
                unit = kpi.unit
                yield f"ALERT: {kpi.name[0].upper()}{kpi.name[1:]} {verb} {limit:g}{unit}: {shown(value)}{unit}"

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "status": self.status.word,
            "ready": self.ready,
            "problem": self.problem,
            "alerts": list(self.alerts()),
            **{kpi.metric: self.value(kpi) for kpi in KPIS},
        }


# The manual alerts on latency at the target, on the others at the critical threshold.
_ALERTS = (
    (VERIFICATION_RATIO, "below", VERIFICATION_RATIO.critical),
    (P95_LATENCY, "exceeds", P95_LATENCY.target),
    (CACHE_HIT_RATE, "below", CACHE_HIT_RATE.critical),
    (POOL_UTILIZATION, "exceeds", POOL_UTILIZATION.critical),
    (MEMORY_USAGE, "exceeds", MEMORY_USAGE.critical),
)


def shown(value: float | None) -> str:
    """A figure with two decimals at most; ``N/A`` when it is not known."""
    return "N/A" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def sample(service: ServiceReader) -> Sample:
    """Look once; never raises for what the service does."""
    try:
        return Sample(datetime.now(UTC), service.metrics(), service.health())
    except OperationFailed as error:
        return Sample(datetime.now(UTC), {}, {}, str(error))


def samples(service: ServiceReader, *, interval_s: float, count: int | None) -> Iterator[Sample]:
    """Look every ``interval_s`` seconds, ``count`` times or for ever; the first look is at once."""
    began = time.monotonic()
    taken = 0
    while count is None or taken < count:
        # By the clock, so that slow looks do not add up.
        time.sleep(max(0.0, began + taken * interval_s - time.monotonic()))
        yield sample(service)
        taken += 1

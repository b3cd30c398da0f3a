"""``pxl ops monitor``: a line for each look at the indicators, in the format of the manual's monitor_pxl.sh, and its alerts."""

import contextlib
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from logos_pxl.errors import PxlError
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.report import Status, worst
from logos_pxl.ops.running import Operator, print_error
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.thresholds import (
    CACHE_HIT_RATE,
    KPIS,
    MEMORY_USAGE,
    P95_LATENCY,
    POOL_UTILIZATION,
    UPTIME,
    VERIFICATION_RATIO,
    number,
)
from logos_pxl.settings import Settings

# The manual alerts on latency at the target, on the other indicators at the critical threshold.
_ALERTS = (
    (VERIFICATION_RATIO, "below", VERIFICATION_RATIO.critical),
    (P95_LATENCY, "exceeds", P95_LATENCY.target),
    (CACHE_HIT_RATE, "below", CACHE_HIT_RATE.critical),
    (POOL_UTILIZATION, "exceeds", POOL_UTILIZATION.critical),
    (MEMORY_USAGE, "exceeds", MEMORY_USAGE.critical),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. When the service could not be asked, ``metrics`` and ``health`` are empty and ``problem`` says why."""

    at: datetime
    metrics: Mapping[str, Any]
    health: Mapping[str, Any]
    problem: str = ""

    @property
    def ready(self) -> bool:
        """Whether the service can decide goals."""
        return bool(self.health.get("ready"))

    @property
    def status(self) -> Status:
        """The worst indicator; critical when the service cannot be asked or is not ready."""
        if not self.ready:
            return Status.CRITICAL
        return worst([*(kpi.judged(self.metrics) for kpi in KPIS), Status.FINE if self.health.get("status") == "ok" else Status.ATTENTION])

    def alerts(self) -> Iterator[str]:
        """A line for each threshold of the manual's table that is crossed. Indicators that rest on few events do not alert."""
        if self.problem:
            yield f"ALERT: service unreachable: {self.problem}"
            return
        if not self.ready:
            yield f"ALERT: service not ready: {'; '.join(self.health.get('problems', [])) or self.health.get('status')}"
        for kpi, verb, limit in _ALERTS:
            value = number(self.metrics, kpi.metric)
            if value is not None and not kpi.rests_on_few(self.metrics) and (value < limit if kpi.higher_is_better else value > limit):
                yield f"ALERT: {kpi.name[0].upper()}{kpi.name[1:]} {verb} {limit:g}{kpi.unit}: {_shown(value)}{kpi.unit}"

    def line(self) -> str:
        """The manual's line. The time is local, as in the manual."""
        ratio, p95, cache = (_shown(number(self.metrics, kpi.metric)) for kpi in (VERIFICATION_RATIO, P95_LATENCY, CACHE_HIT_RATE))
        return f"{self.at.astimezone():%Y-%m-%d %H:%M:%S} | Verification: {ratio}% | P95: {p95}ms | Cache: {cache}%"

    def as_json(self) -> dict[str, Any]:
        """The sample for ``--json``."""
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "status": self.status.word,
            "ready": self.ready,
            "problem": self.problem,
            "alerts": list(self.alerts()),
            **{kpi.metric: number(self.metrics, kpi.metric) for kpi in KPIS},
        }


def monitor(*, interval_s: float, count: int | None, as_json: bool) -> Status:
    """Take ``count`` samples, or go on until Ctrl-C. Returns the worst status seen, which is the exit status."""
    try:
        operator = Operator.of(Settings.load())
        operator.service.require_address()
    except PxlError as error:
        print_error("monitor", error)
        return Status.UNKNOWN
    seen, samples = Status.FINE, []
    if not as_json:
        print_error("monitor", "; ".join(f"{name}: {value}" for name, value in operator.asked.items()))
    with contextlib.suppress(KeyboardInterrupt):
        for sample in _samples(operator.service, interval_s=interval_s, count=count):
            seen = worst([seen, sample.status])
            if as_json:
                samples.append(sample)
            else:
                sys.stdout.write("".join(f"{line}\n" for line in (sample.line(), *sample.alerts())))
                sys.stdout.flush()
    if as_json:
        sys.stdout.write(json.dumps(_document(samples, operator, seen), indent=1) + "\n")
    return seen


def _samples(service: ServiceReader, *, interval_s: float, count: int | None) -> Iterator[Sample]:
    """Samples every ``interval_s`` seconds, the first at once. What the service does never raises."""
    began, taken = time.monotonic(), 0
    while count is None or taken < count:
        # Counted from the beginning, so that slow answers do not add up.
        time.sleep(max(0.0, began + taken * interval_s - time.monotonic()))
        taken += 1
        try:
            yield Sample(datetime.now(UTC), service.metrics(), service.health())
        except OperationFailed as error:
            yield Sample(datetime.now(UTC), {}, {}, str(error))


def _document(samples: list[Sample], operator: Operator, status: Status) -> dict[str, Any]:
    ready = 100.0 * sum(sample.ready for sample in samples) / (len(samples) or 1)
    return {
        "command": "monitor",
        "about": operator.service.url,
        "asked": dict(operator.asked),
        "status": status.word,
        "exit_status": int(status),
        "availability_percent": ready,
        "availability_status": UPTIME.status(ready).word,
        "samples": [sample.as_json() for sample in samples],
    }


def _shown(value: float | None) -> str:
    """A figure with at most two decimals; ``N/A`` when it is not known."""
    return "N/A" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")

"""``pxl ops monitor``: a line for each look at the indicators, in the format of the manual's monitor_pxl.sh, and its alerts."""

import contextlib
import json
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from logos_pxl.errors import PxlError
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.report import Status, worst
from logos_pxl.ops.running import Operator, print_error
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.thresholds import CACHE_HIT_RATE, KPIS, P95_LATENCY, UPTIME, VERIFICATION_RATIO, number
from logos_pxl.settings import Settings


def monitor(*, interval_s: float, count: int | None, as_json: bool) -> Status:
    """Take ``count`` samples, or go on until Ctrl-C. Returns the worst status seen, which is the exit status."""
    try:
        operator = Operator.of(Settings.load())
        operator.service.require_address()
    except PxlError as error:
        print_error("monitor", error)
        return Status.UNKNOWN
    seen, kept = Status.FINE, []
    if not as_json:
        print_error("monitor", "; ".join(f"{name}: {value}" for name, value in operator.asked.items()))
    with contextlib.suppress(KeyboardInterrupt):
        for sample in _samples(operator.service, interval_s=interval_s, count=count):
            seen = worst([seen, Status[sample["status"].upper()]])
            if as_json:
                kept.append(sample)
            else:
                sys.stdout.write("".join(f"{line}\n" for line in (_line(sample), *sample["alerts"])))
                sys.stdout.flush()
    if as_json:
        ready = 100.0 * sum(sample["ready"] for sample in kept) / (len(kept) or 1)
        document = {"command": "monitor", "about": operator.service.url, "asked": dict(operator.asked), "status": seen.word}
        availability = {"availability_percent": ready, "availability_status": UPTIME.status(ready).word}
        sys.stdout.write(json.dumps({**document, "exit_status": int(seen), **availability, "samples": kept}, indent=1) + "\n")
    return seen


def _samples(service: ServiceReader, *, interval_s: float, count: int | None) -> Iterator[dict[str, Any]]:
    """Samples every ``interval_s`` seconds, the first at once. What the service does never raises."""
    began, taken = time.monotonic(), 0
    while count is None or taken < count:
        # Counted from the beginning, so that slow answers do not add up.
        time.sleep(max(0.0, began + taken * interval_s - time.monotonic()))
        taken += 1
        try:
            yield _sample(service.metrics(), service.health(), "")
        except OperationFailed as error:
            yield _sample({}, {}, str(error))


def _sample(metrics: Mapping[str, Any], health: Mapping[str, Any], problem: str) -> dict[str, Any]:
    """One look. When the service could not be asked, ``problem`` says why. Without a ready service the status is critical."""
    ready = bool(health.get("ready"))
    status = worst([*(kpi.judged(metrics) for kpi in KPIS), Status.FINE if health.get("status") == "ok" else Status.ATTENTION])
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "status": (status if ready else Status.CRITICAL).word,
        "ready": ready,
        "problem": problem,
        "alerts": [f"ALERT: service unreachable: {problem}"] if problem else list(_alerts(metrics, health)),
        **{kpi.metric: number(metrics, kpi.metric) for kpi in KPIS},
    }


def _alerts(metrics: Mapping[str, Any], health: Mapping[str, Any]) -> Iterator[str]:
    """A line for each threshold of the manual that is crossed. Indicators that rest on few events do not alert."""
    if not health.get("ready"):
        yield f"ALERT: service not ready: {'; '.join(health.get('problems', [])) or health.get('status')}"
    for kpi in KPIS:
        # The manual alerts on latency at the target, on the other indicators at the critical threshold.
        limit = kpi.target if kpi is P95_LATENCY else kpi.critical
        value = number(metrics, kpi.metric)
        if value is not None and not kpi.rests_on_few(metrics) and (value < limit if kpi.higher_is_better else value > limit):
            verb = "below" if kpi.higher_is_better else "exceeds"
            yield f"ALERT: {kpi.name[0].upper()}{kpi.name[1:]} {verb} {limit:g}{kpi.unit}: {_shown(value)}{kpi.unit}"


def _line(sample: Mapping[str, Any]) -> str:
    """The manual's line. The time is local, as in the manual."""
    ratio, p95, cache = (_shown(sample[kpi.metric]) for kpi in (VERIFICATION_RATIO, P95_LATENCY, CACHE_HIT_RATE))
    at = datetime.fromisoformat(sample["at"]).astimezone()
    return f"{at:%Y-%m-%d %H:%M:%S} | Verification: {ratio}% | P95: {p95}ms | Cache: {cache}%"


def _shown(value: float | None) -> str:
    """A figure with at most two decimals; ``N/A`` when it is not known."""
    return "N/A" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")

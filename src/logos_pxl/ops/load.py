"""A bounded load of small goals on the running service, and what it measures.

Invariant: a load ends after ``requests`` requests or ``seconds`` seconds, whichever comes first; each answer is compared with the verdict
that is right.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from logos_pxl.ops.errors import ServiceUnreachable
from logos_pxl.ops.service import ServiceReader

# Decided in a millisecond or two: what is measured is the service and not the search. Each goal comes back several times, as goals do.
_PATTERNS = (
    ("BOX({0} -> {0})", "valid"),
    ("BOX({0} -> b) -> (BOX({0}) -> BOX(b))", "valid"),
    ("{0} -> BOX({0})", "invalid"),
    ("DIA({0}) -> BOX(DIA({0}))", "valid"),
    ("DIA({0}) -> {0}", "invalid"),
)
_COPIES = 4
_OK, _TOO_MANY = 200, 429


@dataclass(slots=True)
class Measurement:
    """What a load saw. ``failed`` are requests without a verdict, ``wrong`` wrong verdicts; latencies are the client's, in milliseconds."""

    requests: int = 0
    failed: int = 0
    wrong: int = 0
    refused_by_quota: int = 0
    seconds: float = 0.0
    busiest_pool_percent: float | None = None
    latencies_ms: list[float] = field(default_factory=list)

    def quantile_ms(self, share: float) -> float | None:
        """The latency that this share of the answers did not exceed (nearest rank); ``None`` without answers."""
        ranked = sorted(self.latencies_ms)
        return ranked[min(len(ranked) - 1, max(0, -int(-share * len(ranked) // 1) - 1))] if ranked else None

    @property
    def per_second(self) -> float:
        """Answers in a second."""
        return len(self.latencies_ms) / self.seconds if self.seconds else 0.0

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        document = {name: value for name, value in asdict(self).items() if name != "latencies_ms"}
        return {**document, "p50_ms": self.quantile_ms(0.5), "p95_ms": self.quantile_ms(0.95), "per_second": round(self.per_second, 1)}


def measure(service: ServiceReader, *, clients: int, requests: int, seconds: float) -> Measurement:
    """Put the load on the service, and measure. A service that is gone counts as failures."""
    measurement, lock = Measurement(), threading.Lock()
    goals = _goals(requests)
    started = time.monotonic()
    deadline = started + seconds

    def next_goal() -> tuple[str, str] | None:
        with lock:
            if not goals or time.monotonic() > deadline:
                return None
            measurement.requests += 1
            return goals.pop()

    def work() -> None:
        while (one := next_goal()) is not None:
            _ask(service, *one, measurement, lock)

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    measurement.busiest_pool_percent = _busiest_pool(service, lambda: any(thread.is_alive() for thread in threads))
    for thread in threads:
        thread.join()
    measurement.seconds = time.monotonic() - started
    return measurement


def _goals(count: int) -> list[tuple[str, str]]:
    mark = secrets.token_hex(4)
    goals = []
    for number in range(count):
        pattern, expected = _PATTERNS[number % len(_PATTERNS)]
        goals.append((pattern.format(f"load_{mark}_{number // (len(_PATTERNS) * _COPIES)}"), expected))
    return goals


def _ask(service: ServiceReader, goal: str, expected: str, measurement: Measurement, lock: threading.Lock) -> None:
    started = time.monotonic()
    try:
        answer = service.ask_to_prove(goal)
        document = answer.json() if answer.status == _OK else {}
        verdict, limited = document.get("verdict"), answer.status == _TOO_MANY
    except (ServiceUnreachable, ValueError, AttributeError):
        verdict, limited = None, False
    latency_ms = (time.monotonic() - started) * 1000
    with lock:
        if verdict in ("valid", "invalid"):
            measurement.latencies_ms.append(latency_ms)
            measurement.wrong += verdict != expected
        else:
            measurement.failed += 1
            measurement.refused_by_quota += limited


def _busiest_pool(service: ServiceReader, running: Callable[[], bool]) -> float | None:
    """The highest utilization of the session pool while the load runs, in per cent."""
    highest: float | None = None
    while running():
        try:
            health = service.ask("GET", "/health").json()
            highest = max(highest or 0.0, float(health["session_pool"]["utilization_rate"]) * 100)
        except (ServiceUnreachable, ValueError, LookupError, TypeError, AttributeError):
            # It is being measured, and may be down; what is missing stays unknown.
            pass
        time.sleep(0.1)
    return highest

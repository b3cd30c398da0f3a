"""A bounded load of small goals on the running service, and what it measures."""

import contextlib
import secrets
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice, takewhile

from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.service import ServiceReader

# Each is decided in a millisecond or two, so that the service is measured and not the search.
_PATTERNS = (
    ("BOX({0} -> {0})", "valid"),
    ("BOX({0} -> b) -> (BOX({0}) -> BOX(b))", "valid"),
    ("{0} -> BOX({0})", "invalid"),
    ("DIA({0}) -> BOX(DIA({0}))", "valid"),
    ("DIA({0}) -> {0}", "invalid"),
)
# Each goal comes back so many times, as goals do.
_COPIES = 4
_OK, _TOO_MANY = 200, 429


@dataclass(frozen=True, slots=True)
class Measurement:
    """``failed`` counts requests without a verdict, ``wrong`` wrong verdicts; latencies are the client's, in milliseconds."""

    requests: int
    failed: int
    wrong: int
    p50_ms: float | None
    p95_ms: float | None
    per_second: float
    busiest_pool_percent: float | None


@dataclass(frozen=True, slots=True)
class _Answer:
    right: bool | None
    latency_ms: float
    over_quota: bool


def measure(service: ServiceReader, *, clients: int, requests: int, seconds: float) -> Measurement:
    """Put the load on the service: at most ``requests`` requests in at most ``seconds``. A service that does not answer counts as failures.

    Raises OperationFailed when requests are over the quota: then the figures say nothing.
    """
    started = time.monotonic()
    with ThreadPoolExecutor(clients + 1) as pool:
        mark = secrets.token_hex(4)
        asking = [
            pool.submit(_client, service, islice(_goals(mark, requests), number, None, clients), started + seconds)
            for number in range(clients)
        ]
        busiest = pool.submit(_busiest_pool, service, asking)
    given = [answer for client in asking for answer in client.result()]
    took_s = time.monotonic() - started
    if limited := sum(answer.over_quota for answer in given):
        raise OperationFailed(
            f"{limited} of {len(given)} requests were over the quota (RATE_LIMIT_PER_MINUTE): the load says nothing; "
            "give fewer with --requests, or exempt the operator"
        )
    latencies = sorted(answer.latency_ms for answer in given if answer.right is not None)
    return Measurement(
        requests=len(given),
        failed=sum(answer.right is None for answer in given),
        wrong=sum(answer.right is False for answer in given),
        p50_ms=statistics.median(latencies) if latencies else None,
        p95_ms=latencies[int(0.95 * (len(latencies) - 1))] if latencies else None,
        per_second=len(latencies) / took_s,
        busiest_pool_percent=busiest.result(),
    )


def _goals(mark: str, count: int) -> Iterator[tuple[str, str]]:
    for number in range(count):
        pattern, expected = _PATTERNS[number % len(_PATTERNS)]
        yield pattern.format(f"load_{mark}_{number // (len(_PATTERNS) * _COPIES)}"), expected


def _client(service: ServiceReader, goals: Iterator[tuple[str, str]], deadline: float) -> list[_Answer]:
    return [_ask(service, goal, expected) for goal, expected in takewhile(lambda _: time.monotonic() < deadline, goals)]


def _ask(service: ServiceReader, goal: str, expected: str) -> _Answer:
    started = time.monotonic()
    verdict, over_quota = None, False
    with contextlib.suppress(ServiceUnreachable, ValueError, AttributeError):
        answer = service.ask_to_prove(goal)
        over_quota = answer.status == _TOO_MANY
        verdict = answer.json().get("verdict") if answer.status == _OK else None
    right = verdict == expected if verdict in ("valid", "invalid") else None
    return _Answer(right, (time.monotonic() - started) * 1000, over_quota)


def _busiest_pool(service: ServiceReader, asking: list[Future[list[_Answer]]]) -> float | None:
    """The highest utilization of the session pool until all clients are done, in per cent; ``None`` when it is not known."""
    seen: list[float] = []
    while not all(client.done() for client in asking):
        with contextlib.suppress(ServiceUnreachable, ValueError, LookupError, TypeError):
            seen.append(float(service.ask("GET", "/health").json()["session_pool"]["utilization_rate"]) * 100)
        time.sleep(0.1)
    return max(seen, default=None)

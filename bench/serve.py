"""The service under load: throughput and latency of cached, uncached and mixed goals, asked by ``wrk`` from a second process.

The mixed run is that of the operations manual's targets: 85 % of the requests repeat a goal of a small set, the others are new.
"""

import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.machine import Machine
from bench.reporting import Floor, Part, Table
from bench.server import serving
from bench.small_goals import small_goals
from bench.wrk import Load, Request, load

_CLIENTS = (1, 10, 50)
_FLOOR_CLIENTS = 50
_SECONDS = 8
_MOST_PER_SECOND = 2_500
_REPEATED_SHARE = 0.85
_REPEATED_GOALS = 100
_CACHED_P95_MS = 5.0
_MIXED_P95_MS = 50.0

# As many entries as there are goals: what is measured is the hit or the miss, not the cache's size.
_ROOMY = {"PXL_CACHE_MAX_ENTRIES": "100000", "PXL_QUEUE_LIMIT": "1000"}


def measure(machine: Machine, *, quick: bool) -> Part:
    """Ask each mixture with each number of clients, each on a server of its own. Raises ServerNotStarted."""
    seconds = 2 if quick else _SECONDS
    goals = small_goals(_REPEATED_GOALS + _MOST_PER_SECOND * seconds)
    # What the servers leave is removed at the end: file systems take long to make files where many have just been removed.
    with tempfile.TemporaryDirectory(prefix="pxl-bench-") as within:
        loads = {
            (name, clients): ask(mixture(goals), clients, seconds, within=Path(within))
            for name, mixture in MIXTURES.items()
            for clients in _CLIENTS
        }
    columns = ("goals", "clients", "requests", "requests a second", "p50 (ms)", "p95 (ms)", "p99 (ms)", "refused or lost")
    rows = [
        (name, clients, one.requests, one.requests_per_s, one.p50_ms, one.p95_ms, one.p99_ms, one.refused)
        for (name, clients), one in loads.items()
    ]
    return Part(
        name="serve",
        title="The service under load",
        measured_on=machine.sentence(),
        remarks=[
            f"wrk on the same {machine.cores} cores, {seconds} s a run, default settings but for a cache and a queue that hold all goals.",
            f"Mixed: {_REPEATED_SHARE:.0%} of the requests ask one of {_REPEATED_GOALS} goals again, the others a goal never asked before.",
        ],
        floors=[
            _floor("cached", loads["cached", _FLOOR_CLIENTS], _CACHED_P95_MS),
            _floor("mixed", loads["mixed", _FLOOR_CLIENTS], _MIXED_P95_MS),
        ],
        findings=[f"{name}, {clients} clients: {one.refused} refused or lost" for (name, clients), one in loads.items() if one.refused],
        tables=[Table("Load", columns, rows)],
    )


def ask(goals: Sequence[str], clients: int, seconds: int, *, within: Path | None = None) -> Load:
    """Ask goals after the first of them have been asked, of a server whose files stay ``within`` a folder. Raises ServerNotStarted."""
    with serving(within=within, **_ROOMY) as server:
        load(server.port, [Request(goal, {}) for goal in goals[:_REPEATED_GOALS]], connections=1, seconds=1)
        return load(server.port, [Request(goal, {}) for goal in goals[_REPEATED_GOALS:]], connections=clients, seconds=seconds)


def _cached(goals: Sequence[str]) -> list[str]:
    return [*goals[:_REPEATED_GOALS]] * 2


def _uncached(goals: Sequence[str]) -> list[str]:
    return list(goals)


def _mixed(goals: Sequence[str]) -> list[str]:
    source = random.Random(0)
    repeated, new = goals[:_REPEATED_GOALS], iter(goals[_REPEATED_GOALS:])
    asked = [*repeated]
    # For each goal that is new, on average share / (1 - share) that are not.
    for goal in new:
        asked.append(goal)
        while source.random() < _REPEATED_SHARE:
            asked.append(source.choice(repeated))
    return asked


MIXTURES: dict[str, Callable[[Sequence[str]], list[str]]] = {"cached": _cached, "uncached": _uncached, "mixed": _mixed}


def _floor(name: str, measured: Load, most_ms: float) -> Floor:
    passed = measured.p95_ms <= most_ms and not measured.refused
    return Floor(f"p95 of {name} goals, {_FLOOR_CLIENTS} clients", f"under {most_ms:g} ms", f"{measured.p95_ms:.3g} ms", passed)

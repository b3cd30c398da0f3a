"""Latency of small goals end to end: a real server with its default pool, a client over real connections, no goal asked twice.

The server's answers tell what parsing, waiting, search, kernel check and storing took; the rest of what the client saw is HTTP, JSON, the
way between the parts, and the client itself, which runs on the same machine.
"""

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import plots
from bench.figures import median, percentile
from bench.machine import Machine
from bench.reporting import Floor, Part, Table
from bench.server import serving
from bench.small_goals import LARGEST, SMALLEST, small_goals

GOALS = 1_000
_CLIENTS = (1, 4, 16)
_RUNS = 3
_WARM_UP = 50
_TIMEOUT_S = 30.0
_P95_FLOOR_MS = 5.0
_PARTS = ("parse", "queue", "search", "kernel", "store")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered goal. ``latency_ms`` is what the client saw, ``timings_ms`` what the server told of its parts."""

    goal: str
    status: int
    verdict: str
    verified: bool
    cache_hit: bool
    latency_ms: float
    timings_ms: dict[str, float]

    @property
    def good(self) -> bool:
        """Whether it is a kernel-checked verdict that no cache gave."""
        return self.status == 200 and self.verified and not self.cache_hit and self.verdict in ("valid", "invalid")

    def part_ms(self, part: str) -> float:
        """What one part took; ``rest`` is the latency without all of them."""
        if part == "rest":
            return self.latency_ms - sum(self.timings_ms.get(name, 0.0) for name in _PARTS)
        return self.timings_ms.get(part, 0.0)


@dataclass(frozen=True, slots=True)
class Run:
    """All goals asked once by some clients."""

    clients: int
    seconds: float
    answers: Sequence[Answer]

    def latency_ms(self, percent: float) -> float:
        """A percentile of the latency."""
        return percentile([answer.latency_ms for answer in self.answers], percent)


def measure(machine: Machine, out: Path, *, quick: bool) -> Part:
    """Ask all goals of all numbers of clients, each run of a freshly started server. Raises ServerNotStarted."""
    count = 200 if quick else GOALS
    goals = small_goals(count + _WARM_UP)
    runs = [_run(goals, clients) for clients in _CLIENTS for _ in range(1 if quick else _RUNS)]
    typical = {clients: _typical([run for run in runs if run.clients == clients]) for clients in _CLIENTS}
    single = typical[1]
    return Part(
        name="http",
        title="Small goals over HTTP",
        measured_on=machine.sentence(),
        remarks=[
            f"{count} different goals: a fifth textbook schemas, the others random formulas of {SMALLEST} to {LARGEST} connectives.",
            "Each is asked once, on kept connections: no answer comes from a cache. The server has its default pool of 5 sessions.",
            f"Client and server share {machine.cores} cores. Every run has its own server; figures are those of the median p95.",
        ],
        floors=[_floor(single)],
        findings=[line for run in runs for line in _findings(run)],
        tables=[_latency_table(typical), _split_table(single), _slowest_table(single), _runs_table(runs)],
        plots=[_plot(out, typical)],
        rows=[
            {"clients": run.clients, "goal": a.goal, "verdict": a.verdict, "latency_ms": a.latency_ms, **a.timings_ms}
            for run in typical.values()
            for a in run.answers
        ],
    )


def _run(goals: Sequence[str], clients: int) -> Run:
    with serving() as server:
        _ask_all(server.port, goals[:_WARM_UP], 1)
        started = time.perf_counter()
        answers = _ask_all(server.port, goals[_WARM_UP:], clients)
        return Run(clients, time.perf_counter() - started, answers)


def _ask_all(port: int, goals: Sequence[str], clients: int) -> list[Answer]:
    """Deal the goals out to the clients; each asks its own, one after the other, on one connection."""
    answers: list[list[Answer]] = [[] for _ in range(clients)]

    def ask(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
        for goal in goals[client::clients]:
            answers[client].append(_ask(connection, goal))
        connection.close()

    threads = [threading.Thread(target=ask, args=(client,), daemon=True) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_TIMEOUT_S * len(goals))
    return [answer for own in answers for answer in own]


def _ask(connection: http.client.HTTPConnection, goal: str) -> Answer:
    body = json.dumps({"goal": goal}).encode()
    started = time.perf_counter()
    try:
        connection.request("POST", "/prove", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()  # the next request opens it again
        return Answer(goal, 0, f"lost: {error!r}", False, False, (time.perf_counter() - started) * 1000, {})
    latency_ms = (time.perf_counter() - started) * 1000
    document = json.loads(content)
    verdict = document.get("verdict", "none")
    timings = {name: document.get("timings_ms", {}).get(name, 0.0) for name in _PARTS}
    return Answer(goal, response.status, verdict, document.get("verified") is True, document.get("cache_hit") is True, latency_ms, timings)


def _typical(runs: Sequence[Run]) -> Run:
    return sorted(runs, key=lambda run: run.latency_ms(95))[(len(runs) - 1) // 2]


def _floor(single: Run) -> Floor:
    p95 = single.latency_ms(95)
    passed = p95 <= _P95_FLOOR_MS and all(answer.good for answer in single.answers)
    return Floor("p95 of small uncached goals over HTTP, one client", f"at most {_P95_FLOOR_MS:g} ms", f"{p95:.3g} ms", passed)


def _findings(run: Run) -> list[str]:
    bad = [answer for answer in run.answers if not answer.good]
    return [f"{run.clients} clients: no checked verdict: status {a.status}, {a.verdict}, cache hit {a.cache_hit}: `{a.goal}`" for a in bad]


def _latency_table(typical: dict[int, Run]) -> Table:
    rows = []
    for clients, run in typical.items():
        verdicts = [sum(answer.verdict == kind for answer in run.answers) for kind in ("valid", "invalid")]
        rows.append([clients, *verdicts, *(run.latency_ms(p) for p in (50, 95, 99, 100)), len(run.answers) / run.seconds])
    return Table("Latency (ms)", ["clients", "valid", "invalid", "p50", "p95", "p99", "max", "goals a second"], rows)


def _split_table(run: Run) -> Table:
    total = sum(answer.latency_ms for answer in run.answers)
    rows: list[list[object]] = []
    for part in (*_PARTS, "rest"):
        values = [answer.part_ms(part) for answer in run.answers]
        rows.append([part, *(percentile(values, p) for p in (50, 95, 99)), 100 * sum(values) / total])
    return Table("One client: where the time goes (ms)", ["part", "p50", "p95", "p99", "share of all time (%)"], rows)


def _slowest_table(run: Run) -> Table:
    slowest = sorted(run.answers, key=lambda answer: -answer.latency_ms)[:5]
    rows = [[f"`{a.goal[:90]}`", a.verdict, a.latency_ms, *(a.part_ms(part) for part in (*_PARTS, "rest"))] for a in slowest]
    escaped = [[str(row[0]).replace("|", "\\|"), *row[1:]] for row in rows]
    return Table("One client: the slowest goals (ms)", ["goal, cut at 90 characters", "verdict", "latency", *_PARTS, "rest"], escaped)


def _runs_table(runs: Sequence[Run]) -> Table:
    rows = [[run.clients, run.latency_ms(50), run.latency_ms(95), run.latency_ms(99), len(run.answers) / run.seconds] for run in runs]
    return Table("Every run, for the noise", ["clients", "p50", "p95", "p99", "goals a second"], rows)


def _plot(out: Path, typical: dict[int, Run]) -> str:
    series = {}
    for clients, run in typical.items():
        ordered = sorted(answer.latency_ms for answer in run.answers)
        series[f"{clients} client{'s' if clients > 1 else ''}, p50 {median(ordered):.2g} ms"] = [
            (value, 100 * (i + 1) / len(ordered)) for i, value in enumerate(ordered)
        ]
    return plots.curves(out, "http-latency", series, x_title="latency (ms)", y_title="goals answered within (%)", log_x=True)

"""A soak: 100,000 requests of every kind over kept and broken connections, while memory, descriptors, threads and sessions are watched.

What is looked for is growth that does not end, and what stays behind when the server has ended.
"""

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from bench import plots
from bench.machine import Machine
from bench.reporting import Floor, Part, Table
from bench.server import Served, serving
from bench.small_goals import small_goals

REQUESTS = 100_000
_SAMPLES = 20
_CLIENTS = 8
_KNOWN_GOALS = 200
_GROWTH = 0.10
_TIMEOUT_S = 60.0

# Small bounds, so that a soak passes them all many times: what grows after the first tenth grows for ever.
_BOUNDED = {
    "PXL_CACHE_MAX_ENTRIES": "500",
    "PXL_CERTIFICATES_MAX": "500",
    "PXL_JOB_TTL": "2",
    "PXL_SESSION_MAX_CHECKS": "5000",
    "PXL_KPI_WINDOW_S": "60",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """The server's process after so many requests. Sessions' memory is that of the largest."""

    requests: int
    resident_bytes: int
    descriptors: int
    threads: int
    sessions: int
    session_bytes: int


@dataclass(frozen=True, slots=True)
class Soak:
    """What a soak saw. ``survivors`` counts processes that outlived their server."""

    samples: Sequence[Sample]
    statuses: Counter[int]
    wrong: int
    seconds: float
    survivors: int

    @property
    def settled(self) -> Sample:
        """The sample after a fifth of the requests: caches and windows are full by then."""
        return self.samples[len(self.samples) // 5]


def measure(machine: Machine, out: Path, *, quick: bool) -> Part:
    """Run the soak. Raises ServerNotStarted."""
    count = REQUESTS // 50 if quick else REQUESTS
    soak = run(count)
    rows = [
        (one.requests, one.resident_bytes / 1e6, one.descriptors, one.threads, one.sessions, one.session_bytes / 1e6)
        for one in soak.samples
    ]
    columns = ("requests", "server (MB)", "descriptors", "threads", "sessions", "largest session (MB)")
    statuses = [(status or "connection broken by the client", number) for status, number in sorted(soak.statuses.items())]
    series = {"server": [(float(one.requests), one.resident_bytes / 1e6) for one in soak.samples]}
    return Part(
        name="soak",
        title=f"A soak of {count:,} requests",
        measured_on=machine.sentence(),
        remarks=[
            f"{_CLIENTS} clients, {soak.seconds:.0f} s. Cache, certificate store and sessions' lives are kept short, so that all turn over."
        ],
        floors=floors(soak),
        findings=[],
        tables=[Table("Answers", ("status", "answers"), statuses), Table("The server", columns, rows)],
        plots=[plots.curves(out, "soak", series, x_title="requests", y_title="server's memory (MB)", log_x=False)],
    )


def floors(soak: Soak) -> list[Floor]:
    """Memory is flat, descriptors come back, nobody survives, no verdict is wrong."""
    settled, last = soak.settled, soak.samples[-1]
    growth = last.resident_bytes / settled.resident_bytes - 1
    more = last.descriptors - settled.descriptors
    # A connection that a client has just broken may still be open here.
    return [
        Floor("growth of memory after the first fifth", f"at most {_GROWTH:.0%}", f"{growth:.1%}", growth <= _GROWTH),
        Floor("more descriptors than after the first fifth", f"at most {_CLIENTS}", str(more), more <= _CLIENTS),
        Floor("processes that outlive the server", "none", str(soak.survivors), not soak.survivors),
        Floor("wrong verdicts, unexpected statuses", "none", str(soak.wrong), not soak.wrong),
    ]


def run(count: int) -> Soak:
    """Start a server, ask ``count`` requests, end it."""
    with serving(**_BOUNDED) as server:
        soaking = _Soaking(server)
        seconds = asyncio.run(soaking.ask(count))
        children = psutil.Process(server.pid).children(recursive=True)
    _, alive = psutil.wait_procs(children, timeout=10)
    return Soak(soaking.samples, soaking.statuses, soaking.wrong, seconds, len(alive))


class _Soaking:
    def __init__(self, server: Served) -> None:
        self.samples: list[Sample] = []
        self.statuses: Counter[int] = Counter()
        self.wrong = 0
        self._server = server
        self._process = psutil.Process(server.pid)
        self._known = small_goals(_KNOWN_GOALS)
        self._verdicts: dict[str, str] = {}
        self._certificates = [""]

    async def ask(self, count: int) -> float:
        """Ask, and sample in between; the seconds it took."""
        started = time.monotonic()
        base_url = f"http://127.0.0.1:{self._server.port}"
        for sample in range(_SAMPLES):
            async with httpx2.AsyncClient(base_url=base_url, timeout=_TIMEOUT_S) as client, asyncio.TaskGroup() as clients:
                for number in range(_CLIENTS):
                    clients.create_task(self._client(client, count // _SAMPLES // _CLIENTS, seed=sample * _CLIENTS + number))
            self.samples.append(self._sample(count * (sample + 1) // _SAMPLES))
        return time.monotonic() - started

    async def _client(self, client: httpx2.AsyncClient, count: int, *, seed: int) -> None:
        source = random.Random(seed)
        kinds, weights = zip(*_KINDS.items(), strict=True)
        for kind in source.choices(kinds, weights, k=count):
            await kind(self, client, source)

    async def _prove(self, client: httpx2.AsyncClient, goal: str) -> None:
        response = await client.post("/prove", json={"goal": goal})
        self._count(response.status_code, expected=200)
        document = response.json()
        self.wrong += self._verdicts.setdefault(goal, document["verdict"]) != document["verdict"] or not document["verified"]
        self._certificates[0] = document["id"]

    async def known(self, client: httpx2.AsyncClient, source: random.Random) -> None:
        await self._prove(client, source.choice(self._known))

    async def new(self, client: httpx2.AsyncClient, source: random.Random) -> None:
        name = f"n{source.getrandbits(48):x}"
        response = await client.post("/prove", json={"goal": f"BOX({name} -> q) -> (BOX {name} -> BOX q) \\/ {name}_{source.randrange(9)}"})
        self._count(response.status_code, expected=200)
        self.wrong += response.json()["verdict"] != "valid"

    async def malformed(self, client: httpx2.AsyncClient, source: random.Random) -> None:
        response = await client.post("/prove", json={"goal": "BOX(A -> " + "(" * source.randrange(20)})
        self._count(response.status_code, expected=400)

    async def batch(self, client: httpx2.AsyncClient, source: random.Random) -> None:
        response = await client.post("/prove/batch", json={"goals": source.sample(self._known, 5)})
        self._count(response.status_code, expected=200)
        self.wrong += len(response.text.splitlines()) != 5

    async def job(self, client: httpx2.AsyncClient, source: random.Random) -> None:
        response = await client.post("/prove", json={"goal": source.choice(self._known)}, headers={"Prefer": "respond-async"})
        self._count(response.status_code, expected=202)
        ended = await client.get(response.headers["Location"], headers={"Prefer": "wait=10"})
        self.wrong += ended.json()["status"] != "done"

    async def read(self, client: httpx2.AsyncClient, source: random.Random) -> None:
        response = await client.get(source.choice(["/health", "/metrics", "/metrics/performance", "/openapi.json"]))
        self._count(response.status_code, expected=200)

    async def certificate(self, client: httpx2.AsyncClient, source: random.Random) -> None:
        response = await client.get(f"/certificates/{self._certificates[0]}", params={"format": source.choice(["json", "v"])})
        # The store is small: it may be gone.
        self._count(response.status_code, expected=404 if response.status_code == 404 else 200)

    async def broken(self, _client: httpx2.AsyncClient, source: random.Random) -> None:
        """A client that goes away in the middle of its request, or before its answer."""
        body = json.dumps({"goal": source.choice(self._known)}).encode()
        head = f"POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        _, writer = await asyncio.open_connection("127.0.0.1", self._server.port)
        writer.write((head + body)[: source.randrange(1, len(head) + len(body) + 1)])
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        self.statuses[0] += 1

    def _count(self, status: int, *, expected: int) -> None:
        self.statuses[status] += 1
        self.wrong += status != expected

    def _sample(self, requests: int) -> Sample:
        sessions = [child for child in self._process.children(recursive=True) if "coqtop" in child.name()]
        largest = max((session.memory_info().rss for session in sessions), default=0)
        with self._process.oneshot():
            memory = self._process.memory_info().rss
            return Sample(requests, memory, self._process.num_fds(), self._process.num_threads(), len(sessions), largest)


_Kind = Callable[..., object]
_KINDS: dict[_Kind, int] = {
    _Soaking.known: 60,
    _Soaking.new: 20,
    _Soaking.malformed: 5,
    _Soaking.read: 5,
    _Soaking.certificate: 4,
    _Soaking.broken: 3,
    _Soaking.job: 2,
    _Soaking.batch: 1,
}

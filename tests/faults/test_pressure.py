"""More than the service can take: bursts, slow clients, clients that vanish.

Each test prints its figures (pytest -s); docs/pressure.md has them.
"""

import asyncio
import contextlib
import json
import math
import socket
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from e2e.running import HARD, Server, running_server

pytestmark = pytest.mark.alone

BURST = 5_000
SLOW_CLIENTS = 1_000


def request_of(goal: str, **members: object) -> bytes:
    """A request for a verdict, on a connection of its own."""
    body = json.dumps({"goal": goal, **members}).encode()
    head = b"POST /prove HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


def work(number: int) -> str:
    """A goal of its own, which takes the kernel some milliseconds."""
    return " /\\ ".join(f"(n{number}_{part} -> BOX(n{number}_{part} -> n{number}_{part}))" for part in range(40))


@dataclass
class Outcome:
    """What became of a burst: answers by status, the waits that the refused were told, what was lost, and how long each took."""

    statuses: Counter[int] = field(default_factory=Counter)
    waits_s: list[int] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    refusal_ms: list[float] = field(default_factory=list)
    wrong: int = 0


async def ask(port: int, request: bytes, outcome: Outcome) -> int:
    """One client: its status, and what it was told to wait when it was refused (0 otherwise); -1 when its request was lost."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(100):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.suppress(ConnectionError):
                writer.write(request)
            answer = await reader.read()
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
    except (OSError, TimeoutError) as error:
        outcome.lost.append(repr(error))
        return -1
    if not answer:
        outcome.lost.append("closed without a word")
        return -1
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    outcome.statuses[status] += 1
    if status == 200:
        outcome.wrong += json.loads(body)["verdict"] != "valid"
        return 0
    outcome.refusal_ms.append((time.monotonic() - started) * 1000)
    wait_s = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"retry-after"))
    outcome.waits_s.append(wait_s)
    return wait_s


def p95(values: list[float]) -> float:
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def seconds_until_normal(server: Server) -> float:
    """How long until ten requests in a row are answered within 100 ms each."""
    started = time.monotonic()
    quick = 0
    with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client:
        while quick < 10:
            asked = time.monotonic()
            response = client.post("/prove", json={"goal": "BOX(A -> A)"})
            quick = quick + 1 if response.status_code == 200 and time.monotonic() - asked < 0.1 else 0
            assert time.monotonic() - started < 60
    return time.monotonic() - started - 0.001 * quick


def told(name: str, **figures: object) -> None:
    """Print the figures of a test."""
    shown = (f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}" for key, value in figures.items())
    sys.stdout.write(f"\n{name}: {', '.join(shown)}\n")


def test_a_burst_is_answered_or_refused_at_once(tmp_path: Path) -> None:
    """5,000 different goals at once on a pool of two: answered or 503 with Retry-After, none lost, none wrong; soon all is as before."""
    with running_server(tmp_path, PXL_CONNECTION_LIMIT="6000", PXL_QUEUE_LIMIT="200", PXL_CACHE_TTL="0") as server:
        outcome = Outcome()

        async def burst() -> None:
            await asyncio.gather(*(ask(server.port, request_of(work(number), timeout_ms=30_000), outcome) for number in range(BURST)))

        started = time.monotonic()
        asyncio.run(burst())
        took_s = time.monotonic() - started
        normal_s = seconds_until_normal(server)
        told(
            "burst",
            answered=outcome.statuses[200],
            refused=outcome.statuses[503],
            lost=len(outcome.lost),
            took_s=took_s,
            normal_s=normal_s,
            refusal_p95_ms=p95(outcome.refusal_ms),
            longest_wait_s=max(outcome.waits_s),
        )
        assert outcome.lost == []
        assert outcome.wrong == 0
        assert set(outcome.statuses) == {200, 503}
        assert outcome.statuses[200] + outcome.statuses[503] == BURST
        assert outcome.statuses[200] >= 200, "what is in the queue is answered"
        assert 1 <= min(outcome.waits_s) <= max(outcome.waits_s) <= 90
        assert normal_s < 10
        assert server.client.get("/metrics").json()["logos_pxl_goals_in_work"] == 0
        verdicts = [server.prove(goal).json()["verdict"] for goal in ("BOX(A -> A)", "A -> BOX(A)")]
        assert verdicts == ["valid", "invalid"]


def test_whoever_waits_as_told_is_answered(tmp_path: Path) -> None:
    """Clients that are refused and obey Retry-After are all answered, nearly all of them at their second try."""
    with running_server(tmp_path, PXL_CONNECTION_LIMIT="2000", PXL_QUEUE_LIMIT="50", PXL_CACHE_TTL="0") as server:
        outcome, tries = Outcome(), Counter[int]()

        async def obey(number: int) -> None:
            for attempt in range(1, 20):
                wait_s = await ask(server.port, request_of(work(number), timeout_ms=30_000), outcome)
                if wait_s <= 0:
                    tries[attempt] += 1
                    return
                await asyncio.sleep(wait_s)

        async def burst() -> None:
            await asyncio.gather(*map(obey, range(300)))

        started = time.monotonic()
        asyncio.run(burst())
        told(
            "obedient burst",
            tries=dict(sorted(tries.items())),
            took_s=time.monotonic() - started,
            longest_wait_s=max(outcome.waits_s, default=0),
        )
        assert outcome.lost == []
        assert outcome.statuses[200] == 300
        assert tries[1] + tries[2] >= 270


def test_connections_far_over_the_limit_are_told_too(tmp_path: Path) -> None:
    """With the limit of connections at 50, a thousand requests at once are answered or told; hardly any is closed without a word."""
    with running_server(tmp_path, PXL_CONNECTION_LIMIT="50", PXL_CACHE_TTL="0") as server:
        server.client.close()
        outcome = Outcome()

        async def burst() -> None:
            await asyncio.gather(*(ask(server.port, request_of("A -> A"), outcome) for _ in range(1_000)))

        asyncio.run(burst())
        told("over the limit of connections", answered=outcome.statuses[200], refused=outcome.statuses[503], lost=len(outcome.lost))
        assert set(outcome.statuses) <= {200, 503}
        assert outcome.statuses[200] >= 50
        assert len(outcome.lost) == 0, Counter(outcome.lost)


@contextlib.contextmanager
def slow_clients(server: Server, count: int) -> Iterator[list[socket.socket]]:
    """Clients that say nothing, half a head, or half a body, or that never read their answers."""
    whole = request_of("A -> A").replace(b"Connection: close\r\n", b"")
    beginnings = (b"", b"POST /pro", b"POST /prove HTTP/1.1\r\nHost: x\r\nX-Slow: ", whole[:-5], whole * 20)
    with contextlib.ExitStack() as stack:
        opened = []
        for number in range(count):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
            connection.sendall(beginnings[number % len(beginnings)])
            opened.append(connection)
        yield opened


def test_slow_clients_hold_up_nobody(tmp_path: Path) -> None:
    """With a thousand of them connected, others are answered as ever; after CONNECTION_TIMEOUT they are gone."""
    with running_server(tmp_path, PXL_CONNECTION_LIMIT="1200", CONNECTION_TIMEOUT="3", PXL_CHANNEL_TIMEOUT="3") as server:
        descriptors = lambda: len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))  # noqa: E731
        alone = latencies_ms(server, 100)
        before = descriptors()
        with slow_clients(server, SLOW_CLIENTS) as clients:
            wait_for(lambda: descriptors() - before >= SLOW_CLIENTS * 0.9)
            during = descriptors()
            among = latencies_ms(server, 100)
            for connection in clients[:300]:
                with contextlib.suppress(OSError):
                    connection.sendall(b"a")
            deadline = time.monotonic() + 30
            while descriptors() > before + 5:
                assert time.monotonic() < deadline, f"{descriptors()} descriptors are still open"
                time.sleep(0.1)
        told(
            "slow clients",
            open_during=during - before,
            p95_alone_ms=p95(alone),
            p95_among_ms=p95(among),
            median_among_ms=statistics.median(among),
        )
        assert p95(among) < 250
        assert server.healthy()


def latencies_ms(server: Server, count: int) -> list[float]:
    found = []
    for number in range(count):
        started = time.monotonic()
        assert server.prove(f"BOX(q{number % 7} -> q{number % 7})").status_code == 200
        found.append((time.monotonic() - started) * 1000)
    return found


def searches(server: Server) -> float:
    return float(server.client.get("/metrics").json()["logos_pxl_searches_running"])


def wait_for(holds: Callable[[], bool], within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not so after {within_s:g} s"
        time.sleep(0.02)


def test_searches_of_clients_that_go_away_stop(tmp_path: Path) -> None:
    """Four searches are at work for four clients; when these close their connections, none is."""
    with running_server(tmp_path, PXL_THREADS="4") as server:
        with contextlib.ExitStack() as stack:
            for number in range(4):
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
                connection.sendall(request_of(f"{HARD} /\\ (z{number} -> z{number})", timeout_ms=60_000))
            wait_for(lambda: searches(server) == 4)
            time.sleep(0.3)
            assert searches(server) == 4
        left = time.monotonic()
        wait_for(lambda: searches(server) == 0, within_s=3)
        told("clients gone", searches_before=4, searches_after=0, stopped_after_s=time.monotonic() - left)


def test_a_client_that_vanishes_without_a_word_is_noticed(tmp_path: Path) -> None:
    """A connection that is dead on the other side, with nothing sent to say so: within CONNECTION_TIMEOUT its search stops."""
    tcp_repair = 19  # of linux/tcp.h; a socket that is closed in this mode sends nothing
    with running_server(tmp_path, CONNECTION_TIMEOUT="4") as server:
        vanishing = socket.create_connection(("127.0.0.1", server.port))
        vanishing.sendall(request_of(HARD, timeout_ms=60_000))
        wait_for(lambda: searches(server) == 1)
        try:
            vanishing.setsockopt(socket.IPPROTO_TCP, tcp_repair, 1)
        except PermissionError:
            vanishing.close()
            pytest.skip("only a process with CAP_NET_ADMIN can make a connection vanish")
        vanishing.close()
        wait_for(lambda: searches(server) == 0, within_s=8)


def test_a_full_queue_refuses_at_once_and_serves_what_is_known(tmp_path: Path) -> None:
    """With every place taken by hard goals, a new goal is 503 in a moment; a known one is answered, and so are health and metrics."""
    with running_server(
        tmp_path, PXL_THREADS="1", PXL_QUEUE_LIMIT="3", PXL_POOL_SIZE="1", PXL_JOB_THREADS="1", PXL_BATCH_THREADS="1"
    ) as server:
        assert server.prove("known -> known").status_code == 200
        places = 1 + 1 + 1 + 1 + 3
        answers: list[httpx2.Response] = []

        def ask_hard(number: int) -> None:
            with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client:
                answers.append(client.post("/prove", json={"goal": f"{HARD} /\\ (z{number} -> z{number})", "timeout_ms": 3_000}))

        clients = [threading.Thread(target=ask_hard, args=(number,)) for number in range(places)]
        for client in clients:
            client.start()
        wait_for(lambda: server.client.get("/metrics").json()["logos_pxl_goals_in_work"] == places)
        started = time.monotonic()
        refused = server.prove("new -> new")
        assert time.monotonic() - started < 0.5
        assert (refused.status_code, refused.json()["reason"]) == (503, "overloaded")
        assert refused.json()["type"] == "urn:pxl:problem:overloaded"
        assert int(refused.headers["retry-after"]) >= 1
        assert {"queue_ms", "search_ms", "kernel_ms"} <= set(refused.json())
        assert server.prove("known -> known").json()["cache_hit"] is True
        for path in ("/health/live", "/metrics", "/openapi.json"):
            assert server.client.get(path).status_code == 200
        for client in clients:
            client.join(30)
        assert [answer.json()["reason"] for answer in answers] == ["timeout"] * places
        # The deadline covers the queue: nobody took longer than was asked.
        assert max(answer.json()["latency_ms"] for answer in answers) < 4_500
        assert server.prove("new -> new").json()["ok"] is True


def test_no_wave_of_jobs_and_batches_crowds_out_requests(tmp_path: Path) -> None:
    """A hundred jobs and five batches of hard goals: requests are answered, none of them refused."""
    with running_server(tmp_path, PXL_QUEUE_LIMIT="10") as server, ThreadPoolExecutor(12) as clients:
        jobs = [
            server.client.post("/prove", json={"goal": f"{HARD} /\\ (j{number} -> j{number})"}, headers={"Prefer": "respond-async"})
            for number in range(100)
        ]
        assert {job.status_code for job in jobs} == {202}

        def batch(number: int) -> None:
            goals = [f"{HARD} /\\ (b{number}_{place} -> b{number}_{place})" for place in range(3)]
            with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client:
                assert client.post("/prove/batch", json={"goals": goals, "timeout_ms": 300}).status_code == 200

        batches = [clients.submit(batch, number) for number in range(5)]
        time.sleep(0.5)
        among = [server.prove(f"BOX(r{number} -> r{number})") for number in range(50)]
        assert {answer.status_code for answer in among} == {200}
        told("jobs and batches", request_p95_ms=p95([answer.json()["latency_ms"] for answer in among]))
        for job in jobs:
            server.client.delete(job.headers["location"])
        for one in batches:
            one.result(60)
        assert searches(server) == 0

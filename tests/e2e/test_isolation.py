"""No request can see, change or hold up another: order does not matter, and neighbours do not."""

import asyncio
import json
import random
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import logos_pxl_engine as engine
import pytest
from e2e.running import HARD, Server, running_server
from hypothesis import given, settings
from hypothesis import strategies as st

GOALS = 500
FLOOD = "a flood on standard error"
JSON = b"POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Told = tuple[str, bool, str | None]


def random_formula(chance: random.Random, atoms: Sequence[str], size: int) -> str:
    if size <= 1:
        return chance.choice(atoms)
    operator = chance.choice(("BOX", "DIA", "~", "/\\", "\\/", "->", "<->"))
    if operator in ("BOX", "DIA", "~"):
        return f"{operator}({random_formula(chance, atoms, size - 1)})"
    left = chance.randrange(1, size)
    return f"({random_formula(chance, atoms, left)} {operator} {random_formula(chance, atoms, max(1, size - 1 - left))})"


def goals(seed: int) -> list[str]:
    """Different goals of all sizes; many pairs differ by the names of their atoms only, so that a cache has something to mix up."""
    chance = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < GOALS:
        pattern = random_formula(chance, ("{0}", "{1}", "{2}"), chance.randrange(1, 30))
        for names in (("p", "q", "r"), ("q", "p", "r"), ("Qed", "p0", "x'")):
            found[pattern.format(*names)] = None
    return list(found)[:GOALS]


ASKED = goals(20251019)


@pytest.fixture(scope="module")
def expected() -> list[str]:
    """The verdicts, by the engine alone: no service, no cache, no other goal."""
    found = [engine.search(engine.Formula.parse(goal), deadline_ms=20_000) for goal in ASKED]
    assert not any(isinstance(one, engine.Unknown) for one in found)
    return ["valid" if isinstance(one, engine.Proof) else "invalid" for one in found]


@pytest.fixture(scope="module", params=["300", "0"], ids=["cache", "no cache"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("shared"), PXL_CACHE_TTL=request.param, PXL_QUEUE_LIMIT="2000") as started:
        yield started


@asynccontextmanager
async def connections(port: int, count: int) -> AsyncIterator[list[Connection]]:
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    try:
        yield opened
    finally:
        for _, writer in opened:
            writer.close()


async def ask(connection: Connection, goal: str, **members: object) -> tuple[int, dict[str, Any]]:
    reader, writer = connection
    body = json.dumps({"goal": goal, **members}).encode()
    writer.write(JSON % (len(body), body))
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    return int(head.split()[1]), json.loads(await reader.readexactly(length))


async def ask_all(port: int, order: Sequence[int], clients: int) -> dict[int, Told]:
    """Ask for the goals in this order, by so many clients at once, each of which takes the next goal when it has its answer."""
    left = iter(order)
    told: dict[int, Told] = {}

    async def client(connection: Connection) -> None:
        for index in left:
            status, answer = await ask(connection, ASKED[index])
            assert status == 200, answer
            told[index] = (answer["verdict"], answer["verified"], answer["statement"])

    async with connections(port, clients) as opened, asyncio.TaskGroup() as tasks:
        for connection in opened:
            tasks.create_task(client(connection))
    return told


_statements: dict[int, str | None] = {}


@given(order=st.permutations(range(GOALS)), clients=st.integers(1, 40))
@settings(max_examples=6, deadline=None)
def test_no_order_and_no_interleaving_changes_a_verdict(shared: Server, expected: list[str], order: list[int], clients: int) -> None:
    """Five hundred goals, permuted at will and asked by any number of clients at once: always the same verdicts and statements."""
    told = asyncio.run(ask_all(shared.port, order, clients))
    assert len(told) == GOALS
    assert [told[index][0] for index in range(GOALS)] == expected
    assert all(verified for _, verified, _ in told.values())
    for index, (_, _, statement) in told.items():
        assert statement == _statements.setdefault(index, statement), ASKED[index]


def neighbours() -> list[tuple[str, int]]:
    """Goals by which one client might hurt another, each with its time-out."""
    return [
        (HARD, 300),
        ("~" * 9_999 + "A", 2_000),
        ("(" * 90_000, 1_000),
        (" /\\ ".join(f"(a{number} -> a{number})" for number in range(3_000)), 2_000),
        (" \\/ ".join(f"BOX(a{number})" for number in range(400)), 1_000),
        ('A"). Qed. Drop.', 1_000),
        ("Axiom -> Axiom", 1_000),
        ("p0 -> BOX(p1 \\/ p0)", 1_000),
        ("x" * 100_000 + " -> A", 2_000),
        ("A \x00 B", 1_000),
        ("\x81\x00\x00\x00\x01\x81 -> A", 1_000),
        ("BOX(" * 2_000 + "A" + ")" * 2_000, 2_000),
    ]


def test_hostile_neighbours_change_nothing(shared: Server, expected: list[str]) -> None:
    """While ten clients send whatever might hurt, again and again, the verdicts on five hundred goals are what they always are."""

    async def hurt(connection: Connection, chance: random.Random) -> None:
        while True:
            goal, timeout_ms = chance.choice(neighbours())
            status, _ = await ask(connection, goal, timeout_ms=timeout_ms)
            assert status in (200, 400, 413)

    async def both() -> dict[int, Told]:
        async with connections(shared.port, 10) as opened:
            hurting = [asyncio.create_task(hurt(connection, random.Random(number))) for number, connection in enumerate(opened)]
            try:
                return await ask_all(shared.port, range(GOALS), 4)
            finally:
                for one in hurting:
                    one.cancel()
                ended = await asyncio.gather(*hurting, return_exceptions=True)
                assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended

    started = time.monotonic()
    told = asyncio.run(both())
    assert [told[index][0] for index in range(GOALS)] == expected
    assert time.monotonic() - started < 60
    assert shared.client.get("/health").json()["soundness_alarms"] == 0


def test_an_answer_tells_nothing_of_other_goals(shared: Server) -> None:
    """No name that one client used shows in what another gets: answers, errors, health, metrics, the OpenAPI document."""
    secret = "secret_atom_of_another_client"
    shared.prove(f"BOX({secret} -> {secret})")
    shared.prove(f"{secret} -> BOX({secret})")
    shared.prove(f"{secret} {secret}")
    job = shared.client.post("/prove", json={"goal": f"{HARD} /\\ ({secret} -> {secret})"}, headers={"Prefer": "respond-async"})
    seen = [
        shared.prove("BOX(mine -> mine)").text,
        shared.prove("mine -> BOX(mine)").text,
        shared.prove("mine mine").text,
        *(
            shared.client.get(path).text
            for path in ("/health", "/health/proof_server", "/metrics", "/metrics/performance", "/openapi.json", "/jobs")
        ),
        shared.client.get("/metrics", headers={"Accept": "text/plain"}).text,
    ]
    shared.client.delete(job.headers["location"])
    assert not any(secret in text for text in seen)
    logged = (shared.logs / "pxl-server.log").read_text() + (shared.logs / "access.log").read_text()
    assert secret not in logged


def test_a_flood_on_standard_error_holds_up_nobody(tmp_path: Path) -> None:
    """Sessions that write to their standard error without end are as good as others, cost no memory, and leave nothing behind."""
    coqtop = shutil.which("coqtop")
    assert coqtop is not None
    flooding = tmp_path / "coqtop"
    # Sessions only, which are asked through a pipe: whoever asks for versions waits for the end of standard error.
    flooding.write_text(f"#!/bin/sh\nif [ -p /dev/stdin ]; then yes '{FLOOD}' >&2 & fi\nexec {coqtop} \"$@\"\n")
    flooding.chmod(0o755)
    with running_server(tmp_path, PXL_COQTOP=str(flooding), PXL_POOL_SPARES="0", PXL_CACHE_TTL="0") as server:
        latencies_ms = []
        for number in range(100):
            proved, refuted = (server.prove(pattern.format(number)).json() for pattern in ("BOX(f{0} -> f{0})", "f{0} -> BOX(f{0})"))
            assert (proved["verdict"], refuted["verdict"]) == ("valid", "invalid")
            latencies_ms += [proved["latency_ms"], refuted["latency_ms"]]
        assert len(flooding_pids()) >= 2
        assert sum(map(written_bytes, flooding_pids())) > 50 << 20, "there was no flood"
        assert sorted(latencies_ms)[190] < 250
        assert server.resident_bytes() < 300 << 20
        assert (tmp_path / "server.log").stat().st_size < 1 << 20
    assert flooding_pids() == []


def flooding_pids() -> list[int]:
    """The processes that flood."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if FLOOD.encode() in (process / "cmdline").read_bytes():
                    found.append(int(process.name))
            except OSError:
                continue
    return found


def written_bytes(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/io").read_text().split()
    except OSError:
        return 0
    return int(fields[fields.index("wchar:") + 1])

"""The Python client against a real service."""

import asyncio
import doctest
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.running import HARD, ROOT, Server, running_server

import logos_pxl.client.asynchronous
import logos_pxl.client.synchronous
from logos_pxl.client import (
    AsyncPxlClient,
    CertificateNotFound,
    GoalTooLarge,
    JobCancelled,
    JobNotFound,
    MalformedGoal,
    NotAuthorised,
    PxlClient,
    RequestError,
    TimeoutTooLong,
)
from logos_pxl.goals import Goal

KEY = "5a" * 32


@pytest.fixture
def client(server: Server) -> Iterator[PxlClient]:
    """A client of the server that the tests share."""
    with PxlClient(str(server.client.base_url)) as opened:
        yield opened


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that wants signatures and has a quota."""
    settings = {"ENABLE_HMAC_AUTH": "true", "HMAC_SECRET_KEY": KEY, "PXL_POOL_SIZE": "1"}
    with running_server(tmp_path_factory.mktemp("signed"), **settings) as started:
        yield started


@pytest.mark.parametrize("module", [logos_pxl.client.synchronous, logos_pxl.client.asynchronous], ids=["sync", "async"])
def test_the_examples_in_the_docstrings_are_true(server: Server, client: PxlClient, module: object) -> None:
    """Each of them is run as it stands."""
    examples = {"URL": str(server.client.base_url), "client": client, "asyncio": asyncio}
    ran = doctest.testmod(module, extraglobs=examples, optionflags=doctest.NORMALIZE_WHITESPACE, raise_on_error=False)  # type: ignore[arg-type]
    assert ran.attempted >= 3
    assert ran.failed == 0


def test_both_verdicts_are_whole(client: PxlClient) -> None:
    """With what they rest on, and a countermodel that refutes the goal by the client's own reckoning."""
    valid, invalid = client.prove("[]p -> p"), client.prove("p -> []p")
    assert (valid.valid, valid.invalid, valid.unknown, valid.countermodel) == (True, False, False, None)
    assert (invalid.valid, invalid.invalid, invalid.unknown) == (False, True, False)
    assert invalid.countermodel is not None
    assert invalid.countermodel.refutes("p -> BOX(p)")
    assert not invalid.countermodel.refutes("BOX(p) -> p")
    assert valid.kernel_hash == invalid.kernel_hash == client.health().kernel_hash
    assert valid.versions.coq == "8.16.1"


def test_a_verdict_has_no_truth_value(client: PxlClient) -> None:
    """``if client.prove(goal)`` would take invalid and unknown for yes."""
    with pytest.raises(TypeError, match="three values"):
        bool(client.prove("p"))


def test_unknown_is_neither(client: PxlClient) -> None:
    """It has a reason and a sentence, and no certificate."""
    verdict = client.prove(HARD, timeout_ms=200)
    assert (verdict.valid, verdict.invalid, verdict.unknown, verdict.reason) == (False, False, True, "timeout")
    with pytest.raises(CertificateNotFound, match="unknown verdict"):
        client.certificate(verdict)


@pytest.mark.parametrize(
    "text",
    ["BOX(A -> )", "", "(p\nq", "p ~", "😀 p", "p \ud800 q", "p /\\ \t& & é"],
    ids=["gap", "empty", "lines", "after", "beyond", "surrogate", "two"],
)
def test_a_malformed_goal_is_told_as_the_engine_tells_it(client: PxlClient, text: str) -> None:
    """The same class with the same words and places, here and there."""
    with pytest.raises(MalformedGoal) as remote:
        client.prove(text)
    with pytest.raises(MalformedGoal) as local:
        Goal.parse(text)
    ours, theirs = vars(remote.value), vars(local.value)
    assert ours == theirs
    assert str(remote.value) == str(local.value)


def test_limits_are_errors_of_their_own(client: PxlClient) -> None:
    """Size, time, and fields that the service does not take."""
    with pytest.raises(GoalTooLarge) as raised:
        client.prove("~" * 10_001 + "p")
    assert raised.value.limit == "max_depth"
    with pytest.raises(TimeoutTooLong, match="PXL_MAX_TIMEOUT_MS"):
        client.prove("p", timeout_ms=10_000_000)
    with pytest.raises(RequestError, match="timeout_ms"):
        client.prove("p", timeout_ms=0)


def test_countermodels_from_both_sides(client: PxlClient) -> None:
    """There is one, there is none, it is not known."""
    assert client.countermodel("p").exists is True
    assert client.countermodel("p -> p").exists is False
    assert client.countermodel(HARD, timeout_ms=200).exists is None


def test_many_goals_over_several_requests(client: PxlClient) -> None:
    """Each gets its own result; progress is told after each."""
    goals = [f"[]p{number} -> p{number if number % 3 else number + 1}" for number in range(50)] + ["p ->"]
    told: list[tuple[int, int]] = []
    items = list(client.prove_many(goals, size=7, progress=lambda done, total: told.append((done, total))))
    assert sorted(item.index for item in items) == list(range(51))
    assert told == [(number, 51) for number in range(1, 52)]
    for item in items:
        assert item.goal == goals[item.index]
        if item.index == 50:
            assert isinstance(item.error, MalformedGoal)
        else:
            assert item.verdict is not None
            assert item.verdict.valid is (item.index % 3 != 0)


def test_many_large_goals_are_sent_in_several_requests(client: PxlClient) -> None:
    """Together they are more than the service takes in one request; what each of them is matters not."""
    items = list(client.prove_many([" " * 300_000 + "p ->"] * 4))
    assert sorted(item.index for item in items) == [0, 1, 2, 3]
    assert all(isinstance(item.error, MalformedGoal) for item in items)


def test_results_come_while_others_are_at_work(client: PxlClient) -> None:
    """The first is there long before the last."""
    goals = ["p", HARD]
    began = time.monotonic()
    came = [(item.index, time.monotonic() - began) for item in client.prove_many(goals, timeout_ms=3000)]
    assert [index for index, _ in came] == [0, 1]
    assert came[1][1] - came[0][1] > 1.5


def test_leaving_a_batch_leaves_the_service_free(client: PxlClient) -> None:
    """What is left of it is not worked on."""
    for item in client.prove_many(["p", HARD, HARD, HARD], timeout_ms=30_000):
        assert item.index == 0
        break
    assert client.prove("[]q -> q").valid


def test_a_job_is_followed_to_its_end(client: PxlClient) -> None:
    """By asking, and by events; its verdict is one like any other."""
    job = client.submit("[]r -> r")
    told = []
    assert client.wait(job, progress=told.append).valid
    assert told[-1].status == "done"
    assert [seen.status for seen in client.watch(job)] == ["done"]
    long = client.submit(HARD, timeout_ms=1500)
    states = [seen.status for seen in client.watch(long)]
    assert states[-1] == "done"
    assert "running" in states
    assert client.wait(long).unknown


def test_a_job_can_be_cancelled(client: PxlClient) -> None:
    """Then it has no verdict, and a second cancelling forgets it."""
    job = client.submit(HARD, timeout_ms=60_000)
    client.cancel(job)
    with pytest.raises(JobCancelled):
        client.wait(job)
    client.cancel(job)
    with pytest.raises(JobNotFound):
        client.job(job)


def test_an_interrupted_wait_cancels_the_job(server: Server, client: PxlClient) -> None:
    """By an exception in the middle, and by the cancelling of a task."""
    seen = []

    def interrupt(job: object) -> None:
        seen.append(job)
        raise KeyboardInterrupt

    logos_pxl.client.calls.POLL_S, before = 1, logos_pxl.client.calls.POLL_S
    try:
        with pytest.raises(KeyboardInterrupt):
            client.prove_long(HARD, timeout_ms=60_000, progress=interrupt)
        assert client.job(seen[0]).status == "cancelled"  # type: ignore[arg-type]

        async def cancelled() -> str:
            async with AsyncPxlClient(str(server.client.base_url)) as other:
                jobs: asyncio.Queue[str] = asyncio.Queue()
                task = asyncio.create_task(other.prove_long(HARD, timeout_ms=60_000, progress=lambda job: jobs.put_nowait(job.job)))
                job = await jobs.get()
                task.cancel()
                await asyncio.wait([task])
                assert task.cancelled()
                return (await other.job(job)).status

        assert asyncio.run(cancelled()) == "cancelled"
    finally:
        logos_pxl.client.calls.POLL_S = before


def test_certificates_fit_their_verdicts(client: PxlClient, folder: Path) -> None:
    """The evidence has the id that the verdict named, and Coq accepts the file."""
    verdict = client.prove("p -> []p")
    certificate = client.certificate(verdict)
    assert (certificate.id, certificate.kind, certificate.goal) == (verdict.id, "countermodel", "p -> BOX(p)")
    (folder / "proof.v").write_text(client.coq_file(verdict))
    ran = subprocess.run(
        ["coqc", "-q", "-Q", str(ROOT / "coq/theories"), "PXL", "proof.v"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Closed under the global context" in ran.stdout, ran.stderr
    with pytest.raises(CertificateNotFound):
        client.certificate("0" * 64)


def test_signed_requests_pass_and_others_are_told_why(signed: Server) -> None:
    """All kinds of requests are signed; without a key, or with another one, the message says what to do."""
    url = str(signed.client.base_url)
    with PxlClient(url, key=KEY) as client:
        verdict = client.prove("p -> p")
        assert client.certificate(verdict).goal == "p -> p"
        assert "goal_is_provable" in client.coq_file(verdict)
        assert [item.index for item in client.prove_many(["p"])] == [0]
        assert client.prove_long("p -> p").valid
    with PxlClient(url) as client, pytest.raises(NotAuthorised, match="HMAC_SECRET_KEY"):
        client.prove("p")
    with PxlClient(url, key="00" * 32) as client, pytest.raises(NotAuthorised, match="not the service's"):
        client.prove("p")


BLOCKED = """
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name == "logos_pxl_engine" or name in {blocked!r}:
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Wall())
from logos_pxl.client import PxlClient
with PxlClient({url!r}) as client:
    print(client.prove("[]p -> p").verdict, client.prove("p").countermodel.failing_world)
"""


def test_it_needs_neither_engine_nor_coq_nor_service(server: Server) -> None:
    """In a process where none of them can be imported, and no Coq is on the path, it works."""
    blocked = [
        f"logos_pxl.{part}" for part in ("goals", "kernel", "proving", "service", "runtime", "shared_state", "settings", "cli", "logs")
    ]
    blocked += ["starlette", "uvicorn", "structlog", "prometheus_client", "pydantic_settings", "mcp", "redis", "typer", "rich"]
    code = BLOCKED.format(blocked=blocked, url=str(server.client.base_url))
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT, env={"PATH": ""})
    assert ran.stdout == "valid w0\n", ran.stderr

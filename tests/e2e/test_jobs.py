"""Long goals: Prefer: respond-async, /jobs/{id}, server-sent events. The searches and the kernel are the real ones."""

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from e2e.running import HARD, Server, running_server, wait_for

ASYNC = {"Prefer": "respond-async"}


@pytest.fixture(scope="module")
def jobs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose events are kept alive often, and whose ended jobs last three seconds."""
    settings = {"PXL_EVENT_INTERVAL": "0.2", "PXL_JOB_TTL": "3", "PXL_JOB_THREADS": "1", "PXL_JOBS_MAX": "8"}
    with running_server(tmp_path_factory.mktemp("jobs"), **settings) as started:
        yield started


def submit(server: Server, goal: str, *, prefer: str = "respond-async", path: str = "/prove", **members: object) -> httpx2.Response:
    return server.client.post(path, json={"goal": goal, **members}, headers={"Prefer": prefer})


def accepted(response: httpx2.Response) -> str:
    """The job's path, from a response that accepted it."""
    assert response.status_code == 202, response.text
    assert "respond-async" in response.headers["preference-applied"]
    document = response.json()
    assert response.headers["location"] == f"/jobs/{document['job']}"
    assert document["status"] in ("queued", "running")
    return str(response.headers["location"])


def until_ended(server: Server, path: str, within_s: float = 20.0) -> dict[str, Any]:
    wait_for(lambda: server.client.get(path).json()["status"] not in ("queued", "running"), within_s=within_s)
    return dict(server.client.get(path).json())


def events(server: Server, path: str, **headers: str) -> list[dict[str, str]]:
    """The stream's events (and its comments, under ``comment``) until it ends."""
    found: list[dict[str, str]] = []
    with server.client.stream("GET", path, headers={"Accept": "text/event-stream", **headers}, timeout=20) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        current: dict[str, str] = {}
        for line in response.iter_lines():
            if not line:
                found.extend([current] if current else [])
                current = {}
            elif line.startswith(":"):
                current["comment"] = line[1:].strip()
            else:
                name, _, value = line.partition(": ")
                current[name] = value
    return found


@pytest.mark.parametrize(
    ("path", "goal", "verdict"),
    [("/prove", "BOX(A -> A)", "valid"), ("/prove", "A -> BOX(A)", "invalid"), ("/countermodel", "p -> BOX(p)", "invalid")],
)
def test_a_job_ends_with_the_answer_that_the_request_would_have_had(jobs_server: Server, path: str, goal: str, verdict: str) -> None:
    """202 with its place, then done with the very document."""
    job = accepted(submit(jobs_server, goal, path=path))
    document = until_ended(jobs_server, job)
    assert document["status"] == "done"
    direct = jobs_server.client.post(path, json={"goal": goal}).json()
    assert document["result"]["verdict"] == verdict == direct["verdict"]
    assert document["result"]["verified"] is True
    assert document["result"]["id"] == direct["id"]
    assert set(document["result"]) == set(direct)
    assert document["created"] <= document["started"] <= document["ended"] < document["expires"]
    assert jobs_server.client.delete(job).status_code == 204


def test_a_malformed_goal_is_refused_at_once(jobs_server: Server) -> None:
    """It makes no job; and so is a budget over the cap of jobs."""
    assert submit(jobs_server, "BOX(").status_code == 400
    response = submit(jobs_server, "A", timeout_ms=10**9)
    assert (response.status_code, response.json()["type"]) == (400, "urn:pxl:problem:timeout-too-long")
    assert "PXL_JOB_MAX_TIMEOUT_MS" in response.json()["detail"]


def test_a_job_may_take_longer_than_a_request(jobs_server: Server) -> None:
    """PXL_JOB_MAX_TIMEOUT_MS is its cap and its default, not that of requests."""
    for members in ({"timeout_ms": 600_000}, {}):
        response = submit(jobs_server, HARD, **members)
        assert response.json()["timeout_ms"] == pytest.approx(600_000, abs=1_000)
        assert jobs_server.client.delete(accepted(response)).json()["status"] == "cancelled"


def test_a_budget_that_runs_out_is_an_answer(jobs_server: Server) -> None:
    """Unknown for want of time is what the job ends in: done."""
    document = until_ended(jobs_server, accepted(submit(jobs_server, HARD, timeout_ms=300)))
    assert (document["status"], document["result"]["verdict"], document["result"]["reason"]) == ("done", "unknown", "timeout")
    assert document["result"]["search_ms"] > 100


def test_a_client_may_wait_a_while(jobs_server: Server) -> None:
    """With wait=N an easy goal is answered directly, and a hard one becomes a job after N seconds; waiting for a job works alike."""
    easy = submit(jobs_server, "BOX(A -> A)", prefer="respond-async, wait=10")
    assert (easy.status_code, easy.json()["ok"], easy.headers["preference-applied"]) == (200, True, "wait=10")
    started = time.monotonic()
    hard = submit(jobs_server, HARD, prefer="wait=1, respond-async")
    assert 0.9 < time.monotonic() - started < 3
    job = accepted(hard)
    assert hard.headers["preference-applied"] == "respond-async, wait=1"
    started = time.monotonic()
    polled = jobs_server.client.get(job, headers={"Prefer": "wait=1"})
    assert polled.json()["status"] == "running"
    assert polled.headers["preference-applied"] == "wait=1"
    assert 0.9 < time.monotonic() - started < 3
    assert jobs_server.client.delete(job).status_code == 200


def test_delete_cancels_and_the_search_really_stops(jobs_server: Server) -> None:
    """When DELETE has answered, the one thread of jobs is free for the next; the job is told as cancelled; a second DELETE forgets it."""
    running, queued = (accepted(submit(jobs_server, HARD + suffix)) for suffix in ("", " /\\ (q -> q)"))
    wait_for(lambda: jobs_server.client.get(running).json()["status"] == "running")
    assert jobs_server.client.get(queued).json()["status"] == "queued"
    for job in (queued, running):
        answer = jobs_server.client.delete(job)
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert "result" not in answer.json()
        assert jobs_server.client.get(job).json()["status"] == "cancelled"
    started = time.monotonic()
    assert until_ended(jobs_server, accepted(submit(jobs_server, "BOX(C -> C)")))["result"]["ok"] is True
    assert time.monotonic() - started < 2
    for job in (queued, running):
        assert jobs_server.client.delete(job).status_code == 204
        assert jobs_server.client.get(job).status_code == 404


def test_jobs_do_not_keep_clients_waiting(jobs_server: Server) -> None:
    """With every thread of jobs busy for long, a request is answered as fast as ever."""
    jobs = [accepted(submit(jobs_server, f"{HARD} /\\ (q{number} -> q{number})")) for number in range(3)]
    started = time.monotonic()
    for number in range(20):
        assert jobs_server.prove(f"BOX(n{number} -> n{number}) /\\ (m -> m)").json()["ok"] is True
    assert time.monotonic() - started < 5
    for job in jobs:
        jobs_server.client.delete(job)


def test_jobs_are_bounded(jobs_server: Server) -> None:
    """One more than PXL_JOBS_MAX is 503 with the seconds after which there is room, and then there is."""
    jobs = []
    with contextlib.suppress(AssertionError):
        while len(jobs) < 20:
            jobs.append(accepted(submit(jobs_server, "A -> A", prefer="respond-async")))
    refused = submit(jobs_server, "A -> A")
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:pxl:problem:overloaded")
    wait_s = int(refused.headers["retry-after"])
    assert 1 <= wait_s <= 4
    time.sleep(wait_s)
    jobs_server.client.delete(accepted(submit(jobs_server, "A -> A")))
    for job in jobs:
        jobs_server.client.delete(job)


def test_an_ended_job_is_forgotten_after_its_time(jobs_server: Server) -> None:
    """After PXL_JOB_TTL nothing is there."""
    job = accepted(submit(jobs_server, "BOX(A -> A)"))
    assert until_ended(jobs_server, job)["status"] == "done"
    wait_for(lambda: jobs_server.client.get(job).status_code != 200, within_s=6)
    gone = jobs_server.client.get(job)
    assert (gone.status_code, gone.json()["type"]) == (404, "urn:pxl:problem:job-not-found")


@pytest.mark.parametrize("name", ["0" * 32, "x", "..", "%00", "0" * 10_000])
def test_another_clients_job_cannot_be_found(jobs_server: Server, name: str) -> None:
    """There is no list, and an id that was not given is like one that never was."""
    job = accepted(submit(jobs_server, "BOX(A -> A)"))
    assert jobs_server.client.get("/jobs").status_code == 404
    assert jobs_server.client.get("/jobs/").status_code == 404
    for method in ("GET", "DELETE"):
        # Not by the client, which would make another path of "..".
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", jobs_server.port, timeout=60)) as connection:
            connection.request(method, f"/jobs/{name}")
            assert connection.getresponse().status in (400, 404)
    jobs_server.client.delete(job)


def test_events_tell_each_state_and_end_with_the_verdict(jobs_server: Server) -> None:
    """The first event is the state now, the last the end; comments keep the connection alive in between."""
    job = accepted(submit(jobs_server, HARD, timeout_ms=1_000))
    found = events(jobs_server, job)
    told = [event for event in found if "event" in event]
    assert [event["event"] for event in told] in (["queued", "running", "done"], ["running", "done"])
    assert [int(event["id"]) for event in told] == sorted({int(event["id"]) for event in told})
    assert sum("comment" in event for event in found) >= 2
    last = json.loads(told[-1]["data"])
    assert last == jobs_server.client.get(job).json()
    assert last["result"]["reason"] == "timeout"


def test_a_stream_resumes_after_the_event_that_was_seen(jobs_server: Server) -> None:
    """With Last-Event-ID only later events are sent; after the last one the client is told not to connect again."""
    job = accepted(submit(jobs_server, "BOX(A -> A)"))
    until_ended(jobs_server, job)
    (end,) = [event for event in events(jobs_server, job) if "event" in event]
    assert end["event"] == "done"
    (again,) = [event for event in events(jobs_server, job, **{"Last-Event-ID": str(int(end["id"]) - 1)}) if "event" in event]
    assert again == end
    seen = jobs_server.client.get(job, headers={"Accept": "text/event-stream", "Last-Event-ID": end["id"]})
    assert (seen.status_code, seen.content) == (204, b"")
    for nonsense in ("x", "-1", "999", ""):
        assert [event for event in events(jobs_server, job, **{"Last-Event-ID": nonsense}) if "event" in event] == [end]


def test_all_readers_of_a_job_see_its_end(jobs_server: Server) -> None:
    """Two streams and a poll with wait, and a cancellation by a fourth."""
    job = accepted(submit(jobs_server, HARD))
    ends: list[str] = []

    def read() -> None:
        ends.append([event["event"] for event in events(jobs_server, job) if "event" in event][-1])

    def poll() -> None:
        ends.append(jobs_server.client.get(job, headers={"Prefer": "wait=10"}).json()["status"])

    readers = [threading.Thread(target=target) for target in (read, read, poll)]
    for reader in readers:
        reader.start()
    wait_for(lambda: jobs_server.metric("logos_pxl_http_requests_in_flight") == 4)  # the readers, and the request for the metrics
    jobs_server.client.delete(job)
    for reader in readers:
        reader.join(10)
    assert ends == ["cancelled"] * 3


def test_a_reader_that_leaves_does_not_cancel_the_job(jobs_server: Server) -> None:
    """But a client that leaves while it waits for its first answer does: nobody knows that job's id."""
    job = accepted(submit(jobs_server, HARD))
    with jobs_server.client.stream("GET", job, headers={"Accept": "text/event-stream"}) as response:
        next(response.iter_lines())
    wait_for(lambda: jobs_server.metric("logos_pxl_http_requests_in_flight") == 1)
    assert jobs_server.client.get(job).json()["status"] == "running"
    jobs_server.client.delete(job)
    wait_for(lambda: jobs_server.metric('logos_pxl_jobs_held{state="running"}') == 0)
    with pytest.raises(httpx2.TimeoutException):
        jobs_server.client.post("/prove", json={"goal": HARD}, headers={"Prefer": "respond-async, wait=20"}, timeout=0.5)
    wait_for(lambda: jobs_server.metric('logos_pxl_jobs_held{state="running"}') == 0)


@pytest.mark.parametrize("accept", ["image/png", "text/html", "application/json;q=0"])
def test_a_form_that_a_job_has_not_is_refused(jobs_server: Server, accept: str) -> None:
    """With 406."""
    job = accepted(submit(jobs_server, "A -> A"))
    assert jobs_server.client.get(job, headers={"Accept": accept}).status_code == 406
    jobs_server.client.delete(job)


def test_jobs_and_their_readers_end_with_the_server(folder: Path) -> None:
    """A job that nobody reads does not hold up the end; one that is read may take PXL_SHUTDOWN_TIMEOUT. The status is 0."""
    with running_server(folder, PXL_POOL_SIZE="1", PXL_SHUTDOWN_TIMEOUT="20") as server:
        accepted(submit(server, HARD))
        started = time.monotonic()
        server.process.terminate()
        assert server.process.wait(10) == 0
        assert time.monotonic() - started < 5

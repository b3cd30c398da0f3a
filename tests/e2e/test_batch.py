"""POST /prove/batch: one line for each goal, whatever the others are."""

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from e2e.running import HARD, Server, running_server, wait_for

PROVABLE = "BOX(a{0} -> a{0}) /\\ (b -> b)"
REFUTABLE = "a{0} -> BOX(a{0})"


def ask(server: Server, goals: list[Any], **members: object) -> dict[int, dict[str, Any]]:
    """The lines of a batch by index, each of which came once."""
    body = json.dumps({"goals": goals, **members})
    response = server.client.post("/prove/batch", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/x-ndjson"
    assert response.content.endswith(b"\n")
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert sorted(line["index"] for line in lines) == list(range(len(goals)))
    return {line["index"]: line for line in lines}


def test_a_batch_gives_each_goal_its_verdict(server: Server) -> None:
    """As POST /prove would, with the goal's index."""
    lines = ask(server, [pattern.format(number) for number in range(20) for pattern in (PROVABLE, REFUTABLE)])
    for index, line in lines.items():
        assert line["status"] == 200
        assert line["result"]["verdict"] == ("invalid" if index % 2 else "valid")
        assert line["result"]["verified"] is True
    assert set(lines[0]["result"]) == set(server.prove(PROVABLE.format(0)).json())


def test_one_bad_goal_spoils_no_other(server: Server) -> None:
    """Malformed, too deep, no text at all, or too hard: each has its own line, with a problem or its reason."""
    bad: list[Any] = ["BOX(", "", "~" * 10_001 + "A", "\ud800", 5, None, ["A"], {"goal": "A"}, "A" * 100 + " B", HARD]
    goals = [goal for one in bad for goal in ("BOX(A -> A)", one)] + ["A -> BOX(A)"]
    lines = ask(server, goals, timeout_ms=300)
    for index in range(0, len(goals) - 1, 2):
        assert lines[index]["result"]["ok"] is True
    assert lines[len(goals) - 1]["result"]["verdict"] == "invalid"
    refused = [lines[index] for index in range(1, len(goals) - 2, 2)]
    codes = ["malformed-goal", "malformed-goal", "goal-too-large", "malformed-goal", *["invalid-fields"] * 4, "malformed-goal"]
    assert [line["problem"]["type"].removeprefix("urn:pxl:problem:") for line in refused] == codes
    assert all(line["status"] == line["problem"]["status"] == (413 if index == 2 else 400) for index, line in enumerate(refused))
    assert lines[len(goals) - 2]["result"]["reason"] == "timeout"


def test_a_hard_goal_does_not_hold_up_the_others(server: Server) -> None:
    """Lines come in the order in which goals are done: the hard one, asked first, comes last."""
    started = time.monotonic()
    with server.client.stream("POST", "/prove/batch", json={"goals": [HARD, *["A -> A"] * 10], "timeout_ms": 1500}) as response:
        lines = response.iter_lines()
        first = [json.loads(next(lines))["index"] for _ in range(10)]
        assert time.monotonic() - started < 1.2
        assert sorted(first) == list(range(1, 11))
        assert json.loads(next(lines))["result"]["reason"] == "timeout"


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        ({"goals": []}, 400, "invalid-fields"),
        ({}, 400, "invalid-fields"),
        ({"goals": "A"}, 400, "invalid-fields"),
        ({"goals": ["A"], "goal": "A"}, 400, "invalid-fields"),
        ({"goals": ["A"], "timeout_ms": 0}, 400, "invalid-fields"),
        ({"goals": ["A"], "timeout_ms": 10**9}, 400, "timeout-too-long"),
        ({"goals": ["A"] * 1001}, 413, "batch-too-large"),
    ],
)
def test_a_wrong_batch_is_refused_as_a_whole(server: Server, document: dict[str, Any], status: int, code: str) -> None:
    """Before any goal is looked at."""
    response = server.client.post("/prove/batch", json=document)
    assert (response.status_code, response.json()["type"]) == (status, f"urn:pxl:problem:{code}")


def test_the_largest_batch_is_taken(server: Server) -> None:
    """A thousand goals, each with its line."""
    lines = ask(server, [PROVABLE.format(number % 50) for number in range(1000)])
    assert all(line["result"]["ok"] for line in lines.values())


def test_batches_and_requests_share_fairly(server: Server) -> None:
    """Three batches of hard goals at work: a request is answered as ever, and a fourth, easy batch gets its turns."""
    batches = [
        threading.Thread(
            target=lambda: server.client.post(
                "/prove/batch", json={"goals": [f"{HARD} /\\ (z{n} -> z{n})" for n in range(4)], "timeout_ms": 400}
            )
        )
        for _ in range(3)
    ]
    for batch in batches:
        batch.start()
    wait_for(lambda: server.metric("logos_pxl_http_requests_in_flight") == 4)  # the batches, and the request for the metrics
    started = time.monotonic()
    assert server.prove("BOX(fair -> fair)").json()["ok"] is True
    assert time.monotonic() - started < 1
    assert all(line["result"]["ok"] for line in ask(server, ["A -> A", "B -> B"]).values())
    for batch in batches:
        batch.join(30)
        assert not batch.is_alive()


def connected(server: Server, goals: list[str], **members: object) -> socket.socket:
    """A raw connection that has sent a batch and reads nothing by itself."""
    body = json.dumps({"goals": goals, **members}).encode()
    connection = socket.socket()
    # What the system keeps for a reader that does not read.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", server.port))
    connection.sendall(
        b"POST /prove/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    return connection


def verdicts(server: Server) -> float:
    found = server.client.get("/metrics").json()
    return sum(float(value) for name, value in found.items() if name.startswith("logos_pxl_verdicts_total"))


def test_a_client_that_leaves_cancels_the_rest(folder: Path) -> None:
    """The goals at work stop, and those that are left are not begun."""
    with running_server(folder) as server:
        with connected(server, [f"{HARD} /\\ (z{number} -> z{number})" for number in range(100)], timeout_ms=60_000):
            wait_for(lambda: server.metric("logos_pxl_searches_running") == 2)
        wait_for(lambda: server.metric("logos_pxl_http_requests_in_flight") == 1)
        abandoned = server.metric("logos_pxl_abandoned_goals_total")
        assert abandoned == 2, "as many as are worked on at once"
        started = time.monotonic()
        assert all(line["result"]["ok"] for line in ask(server, ["A -> A"] * 5).values())
        assert time.monotonic() - started < 2


# Answers of 60 kB each, known after the first: far more than connections hold.
LARGE = ["BOX({0} -> {0})".format("x" * 30_000)] * 250
ROOM = {"MAX_REQUEST_SIZE": str(1 << 24), "PXL_CERTIFICATES_MAX": "0"}


def test_a_slow_reader_makes_the_server_wait_not_buffer(folder: Path) -> None:
    """With large answers unread, the work stops after a few goals; what the reader then takes is complete."""
    with running_server(folder, **ROOM) as server, connected(server, LARGE) as slow:
        wait_for(lambda: verdicts(server) > 0, within_s=20)
        previous = -1.0
        while (now := verdicts(server)) != previous:
            previous = now
            time.sleep(1.0)
        assert 1 <= now < 200, "the work went on although nobody read"
        received = b""
        while not received.endswith(b"0\r\n\r\n"):
            piece = slow.recv(1 << 20)
            assert piece
            received += piece
    assert received.count(b'"verdict":"valid"') == len(LARGE)


def test_a_reader_that_never_reads_is_dropped(folder: Path) -> None:
    """After CONNECTION_TIMEOUT its goals are cancelled and its connection closed."""
    with running_server(folder, CONNECTION_TIMEOUT="2", **ROOM) as server, connected(server, LARGE):
        wait_for(lambda: server.metric("logos_pxl_http_requests_in_flight") == 2)
        wait_for(lambda: server.metric("logos_pxl_http_requests_in_flight") == 1, within_s=15)
        assert verdicts(server) < 200
        assert server.prove("A -> A").json()["ok"] is True

"""The end, in order: what is in flight when the signal comes, when time is up, and when a second signal comes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
from e2e.running import HARD, ROOT, Server, running_server, wait_for


def asking(server: Server, answers: list[httpx2.Response], **members: object) -> threading.Thread:
    """A client that asks for a hard goal, on a thread; its search is running."""

    def ask() -> None:
        with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=60) as client:
            answers.append(client.post("/prove", json={"goal": HARD, **members}))

    thread = threading.Thread(target=ask)
    thread.start()
    wait_for(lambda: server.metric("logos_pxl_searches_running") == 1)
    return thread


def listens(port: int) -> bool:
    """Whether connections are accepted there."""
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False


def seconds_of(action: Callable[[], object]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def test_new_connections_are_served_while_the_balancer_notices(folder: Path) -> None:
    """For PXL_DRAIN_DELAY seconds after SIGTERM readiness is refused and goals are decided; then the port is closed; the status is 0."""
    with running_server(folder, PXL_POOL_SIZE="1", PXL_DRAIN_DELAY="1.5") as server:
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=10) as late:
            wait_for(lambda: late.get("/health/ready").status_code == 503, within_s=1.4)
            ready = late.get("/health/ready")
            assert (ready.status_code, ready.json()["ready"], ready.json()["draining"]) == (503, False, True)
            assert late.get("/health/live").status_code == 200
            assert late.post("/prove", json={"goal": "A -> A"}).json()["ok"] is True
        assert server.process.wait(10) == 0
        assert time.monotonic() - started >= 1.4


def test_while_the_balancer_notices_each_answer_is_its_connections_last(folder: Path) -> None:
    """So that no connection is idle when they are closed: the one that was idle, the one at work and the new one are told to close."""
    told: list[str] = []

    def ask(goal: str, client: httpx2.Client, **members: object) -> None:
        told.append(client.post("/prove", json={"goal": goal, **members}).headers.get("connection", "keep-alive"))

    with running_server(folder, PXL_POOL_SIZE="1", PXL_DRAIN_DELAY="3") as server, httpx2.Client(base_url=server.client.base_url) as other:
        ask("A -> A", other)
        assert told == ["keep-alive"]
        at_work = threading.Thread(target=ask, args=(HARD, server.client), kwargs={"timeout_ms": 1500})
        at_work.start()
        wait_for(lambda: other.get("/metrics").json()["logos_pxl_searches_running"] == 1)
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: other.get("/health/live").headers.get("connection") == "close")
        for _ in range(2):
            ask("A -> A", other)
        at_work.join(20)
        assert told == ["keep-alive", "close", "close", "close"]
        assert server.process.wait(10) == 0


def test_connections_are_served_or_refused_but_never_reset(folder: Path) -> None:
    """While the port closes, clients that open one connection after another lose none that was opened."""
    lost: list[str] = []
    served = [0]

    def knock(port: int) -> None:
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", port), timeout=20)
            except ConnectionRefusedError:
                return
            with connection:
                try:
                    connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    answer = connection.makefile("rb").read()
                except OSError as error:
                    lost.append(str(error))
                    return
                served[0] += answer.startswith(b"HTTP/1.1 200 ")
                if not answer.startswith(b"HTTP/1.1 200 "):
                    lost.append(repr(answer[:40]))

    with running_server(folder, PXL_POOL_SIZE="1", PXL_DRAIN_DELAY="0.3") as server:
        threads = [threading.Thread(target=knock, args=(server.port,)) for _ in range(16)]
        for thread in threads:
            thread.start()
        wait_for(lambda: served[0] > 100)
        server.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join(30)
        assert server.process.wait(10) == 0
    assert lost == []


def test_an_interrupt_does_not_wait_for_a_balancer(folder: Path) -> None:
    """SIGINT comes from a terminal: the delay is not for it."""
    with running_server(folder, PXL_POOL_SIZE="1", PXL_DRAIN_DELAY="5") as server:
        server.process.send_signal(signal.SIGINT)
        assert seconds_of(lambda: server.process.wait(10)) < 3
        assert server.process.returncode == 0


def test_the_delay_is_part_of_the_setting(folder: Path) -> None:
    """A delay longer than PXL_SHUTDOWN_TIMEOUT is cut to it."""
    with running_server(folder, PXL_POOL_SIZE="1", PXL_DRAIN_DELAY="60", PXL_SHUTDOWN_TIMEOUT="1") as server:
        server.process.send_signal(signal.SIGTERM)
        assert seconds_of(lambda: server.process.wait(10)) < 4
        assert server.process.returncode == 0


def test_a_second_signal_cuts_short(folder: Path) -> None:
    """What is in flight is told that the service ends, with a problem document and Retry-After, and the status is still 0."""
    answers: list[httpx2.Response] = []
    with running_server(folder, PXL_POOL_SIZE="1", PXL_SHUTDOWN_TIMEOUT="60") as server:
        client = asking(server, answers, timeout_ms=60_000)
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: not listens(server.port))
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGTERM)
        assert seconds_of(lambda: server.process.wait(20)) < 5
        assert server.process.returncode == 0
        client.join(10)
    (answer,) = answers
    assert (answer.status_code, answer.json()["reason"]) == (503, "cancelled")
    assert answer.json()["type"] == "urn:pxl:problem:cancelled"
    assert int(answer.headers["retry-after"]) >= 1


def test_when_time_is_up_requests_are_told_so(folder: Path) -> None:
    """After PXL_SHUTDOWN_TIMEOUT a request in flight gets a 503, not a reset."""
    answers: list[httpx2.Response] = []
    with running_server(folder, PXL_POOL_SIZE="1", PXL_SHUTDOWN_TIMEOUT="1") as server:
        client = asking(server, answers, timeout_ms=60_000)
        server.process.send_signal(signal.SIGTERM)
        assert 0.8 < seconds_of(lambda: server.process.wait(20)) < 5
        client.join(10)
    assert [(answer.status_code, answer.json()["reason"]) for answer in answers] == [(503, "cancelled")]


def test_half_open_and_silent_connections_do_not_delay_the_end(folder: Path) -> None:
    """Connections with no request, half a head or half a body end with the server, within its time."""
    with running_server(folder, PXL_POOL_SIZE="1", PXL_SHUTDOWN_TIMEOUT="2") as server, contextlib.ExitStack() as stack:
        for sent in (b"", b"POST /pro", b"POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            connection.sendall(sent)
        assert server.client.get("/health/live").status_code == 200  # after those connections were accepted
        server.process.send_signal(signal.SIGTERM)
        assert seconds_of(lambda: server.process.wait(10)) < 5
        assert server.process.returncode == 0


def test_two_processes_may_share_the_port(folder: Path) -> None:
    """With PXL_REUSE_PORT a new process serves before the old one ends."""
    shared = {"PXL_POOL_SIZE": "1", "PXL_REUSE_PORT": "true"}
    with running_server(folder, **shared) as first:
        (folder / "second").mkdir()
        with running_server(folder / "second", **shared, PXL_SERVER_PORT=str(first.port)) as second:
            wait_for(lambda: "listening on" in second.log.read_text(), within_s=20)  # until then it is the first that answers
            first.process.send_signal(signal.SIGTERM)
            assert first.process.wait(10) == 0
            with httpx2.Client(base_url=f"http://127.0.0.1:{first.port}", timeout=10) as client:
                assert client.post("/prove", json={"goal": "A -> A"}).json()["ok"] is True


def test_a_port_that_is_taken_is_told(folder: Path) -> None:
    """Status 2, and a message that names the variable and the cause."""
    with running_server(folder, PXL_POOL_SIZE="1") as first:
        ran = subprocess.run(
            [sys.executable, str(ROOT / "serve_pxl.py"), "--port", str(first.port)],
            env={**os.environ, "PXL_DATA_DIR": str(folder / "second")},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert ran.returncode == 2
        assert f"PXL_SERVER_PORT={first.port}: cannot listen there: Address already in use" in ran.stderr
        assert first.prove("A -> A").json()["ok"] is True

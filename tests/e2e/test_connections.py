"""Connections: bounds on their number, on heads, on silence."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.running import Server, running_server, wait_for

PROVE = b'POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"goal":"A -> A"}'
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of one answer."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        assert piece, f"closed after {data!r}"
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    while len(body) < length:
        body += connection.recv(65536)
    return int(head.split()[1]), body


def health(server: Server) -> int | None:
    """The status of a request on a connection of its own; ``None`` when it is closed without an answer."""
    with contextlib.suppress(ConnectionError, AssertionError), connect(server) as connection:
        connection.sendall(HEALTH)
        return answer(connection)[0]
    return None


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits a second for what does not come."""
    folder = tmp_path_factory.mktemp("impatient")
    with running_server(folder, CONNECTION_TIMEOUT="1", PXL_CHANNEL_TIMEOUT="1", PXL_POOL_SIZE="1") as started:
        yield started


def test_connections_over_the_limit_are_told_so(folder: Path) -> None:
    """Those within it go on working, those over it get a 503 that says which limit, and a free place is used again."""
    with running_server(folder, PXL_CONNECTION_LIMIT="5", PXL_POOL_SIZE="1") as server, contextlib.ExitStack() as stack:
        server.client.close()
        within = [stack.enter_context(connect(server)) for _ in range(5)]
        for connection in within:
            connection.sendall(HEALTH)
            assert answer(connection)[0] == 200
        with connect(server) as over:
            over.sendall(HEALTH)
            status, body = answer(over)
        assert status == 503
        assert json.loads(body)["type"] == "urn:pxl:problem:too-many-connections"
        within[0].sendall(HEALTH)
        assert answer(within[0])[0] == 200
        within[1].close()
        wait_for(lambda: health(server) == 200)


def test_a_flood_of_connections_does_not_hold_the_server(folder: Path) -> None:
    """A thousand silent connections: those far over the limit are closed at once, and when the rest have timed out the server serves."""
    with running_server(folder, PXL_CONNECTION_LIMIT="20", CONNECTION_TIMEOUT="2", PXL_POOL_SIZE="1") as server:
        server.client.close()
        with contextlib.ExitStack() as stack:
            for _ in range(1000):
                with contextlib.suppress(OSError):
                    stack.enter_context(connect(server))
            descriptors = len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))
            assert descriptors < 150
            wait_for(lambda: health(server) == 200)


@pytest.mark.parametrize("sent", [b"", b"POST /pro", b"POST /prove HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_a_head_that_does_not_come_is_given_up(impatient: Server, sent: bytes) -> None:
    """A connection that never finishes its request's head is closed after CONNECTION_TIMEOUT, also when it drips."""
    with connect(impatient) as slow:
        slow.sendall(sent)
        started = time.monotonic()
        slow.settimeout(0.3)
        while True:
            try:
                if not slow.recv(100):
                    break
            except TimeoutError:
                if sent:
                    with contextlib.suppress(OSError):
                        slow.sendall(b"a")
            except ConnectionError:
                break
            assert time.monotonic() - started < 5
    assert impatient.client.get("/health").status_code == 200


def test_a_body_that_does_not_come_is_408(impatient: Server) -> None:
    """The caller is told, and the connection closed."""
    with connect(impatient) as slow:
        slow.sendall(PROVE[:-5])
        status, body = answer(slow)
        assert status == 408
        assert json.loads(body)["type"] == "urn:pxl:problem:request-timeout"
        assert slow.recv(100) == b""


def test_an_idle_connection_is_closed(impatient: Server) -> None:
    """After PXL_CHANNEL_TIMEOUT seconds without a request."""
    with connect(impatient) as idle:
        idle.sendall(PROVE)
        assert answer(idle)[0] == 200
        started = time.monotonic()
        assert idle.recv(100) == b""
        assert 0.5 < time.monotonic() - started < 4


def test_a_refused_body_does_not_cost_the_answer(server: Server) -> None:
    """A client that sends all of a large body before it reads still reads the refusal, not a reset; and it cannot send for ever."""
    with connect(server) as connection:
        connection.sendall(
            b"POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20000000\r\n\r\n" + b" " * 20_000_000
        )
        status, body = answer(connection)
    assert status == 413
    assert json.loads(body)["type"] == "urn:pxl:problem:request-too-large"
    with connect(server) as connection:
        connection.sendall(b"POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n")
        started = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - started < 8:
                connection.sendall(b" " * 1000)
                time.sleep(0.01)
        assert 1 < time.monotonic() - started < 6


def test_a_head_that_is_too_large_is_431(server: Server) -> None:
    """It is refused while it comes, not kept."""
    with connect(server) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n")
        with contextlib.suppress(OSError):
            for number in range(100):
                connection.sendall(b"X-%d: %b\r\n" % (number, b"a" * 8000))
        status, body = answer(connection)
    assert status == 431
    assert json.loads(body)["type"] == "urn:pxl:problem:head-too-large"


def test_a_large_body_is_no_large_head(server: Server) -> None:
    """The bound on heads does not count a body that comes with it."""
    with connect(server) as connection:
        body = b'{"goal": "A -> A"' + b" " * 200_000 + b"}"
        connection.sendall(
            b"POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        assert answer(connection)[0] == 200


def test_bytes_that_are_no_http_are_refused(server: Server) -> None:
    """With a problem document, like everything else."""
    with connect(server) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        status, body = answer(connection)
    assert status == 400
    assert json.loads(body)["type"] == "urn:pxl:problem:invalid-http"


def test_requests_on_one_connection_are_answered_in_order(server: Server) -> None:
    """Also when they are all sent at once."""
    with connect(server) as connection:
        bodies = [b'{"goal":"a%d -> a%d"}' % (number, number) for number in range(10, 20)]
        head = b"POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        connection.sendall(b"".join(head % len(body) + body for body in bodies))
        data = b""
        while data.count(b'"goal"') < 10:
            data += connection.recv(65536)
    positions = [data.index(b'"a%d -> a%d"' % (number, number)) for number in range(10, 20)]
    assert positions == sorted(positions)

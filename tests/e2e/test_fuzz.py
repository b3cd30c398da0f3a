"""Strange requests: schemathesis on the OpenAPI document, and bytes that no client would send. Never a 5xx but the declared 503."""

import contextlib
import functools
import json
import random
import re
import select
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from e2e.running import Server, running_server

CONFIG = Path(__file__).with_name("schemathesis.toml")
GOOD = b'{"goal": "BOX(p -> q) -> (BOX(p) -> BOX(q))", "timeout_ms": 2000}'
TARGETS = (b"/prove", b"/countermodel", b"/prove/batch", b"/jobs/" + b"0" * 32, b"/health", b"/metrics", b"/certificates/" + b"0" * 64)
ROUNDS = 1200


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server as in production, with short time-outs for bodies that do not come."""
    with running_server(tmp_path_factory.mktemp("fuzzed"), CONNECTION_TIMEOUT="2") as started:
        yield started


def test_schemathesis_finds_nothing(fuzzed: Server, folder: Path) -> None:
    """Some eight hundred requests made from the document, right and wrong ones and sequences of them."""
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent))
    assert program is not None
    ran = subprocess.run(
        [
            program,
            *("--config-file", str(CONFIG), "run", f"http://127.0.0.1:{fuzzed.port}/openapi.json"),
            *("--seed", "20251019", "--max-examples", "40", "--continue-on-failure"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert "No issues found" in ran.stdout
    cases = re.search(r"(\d+) generated, (\d+) passed", ran.stdout)
    assert cases is not None
    assert cases[1] == cases[2]
    assert int(cases[1]) > 500
    assert fuzzed.healthy()


class Fuzz:
    """Requests by chance, each of them strange in one way or a few."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def request(self) -> bytes:
        """The bytes of one request."""
        chance = self.chance
        method = chance.choices((b"POST", b"GET", b"DELETE", b"HEAD", b"PATCH", b"OPTIONS", b"BREW"), (12, 4, 2, 1, 1, 1, 1))[0]
        target = (
            chance.choice(TARGETS) + chance.choices((b"", b"?a=b", b"?%00", b"/", b"%2e%2e", b"?" + b"x" * 3000), (12, 1, 1, 1, 1, 1))[0]
        )
        version = chance.choices((b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"FTP/1.1"), (20, 2, 1, 1))[0]
        body = self.body()
        headers = [b"Host: x", b"Content-Type: application/json", *self.headers()]
        framing, sent = self.framed(body)
        chance.shuffle(headers)
        return b"\r\n".join((method + b" " + target + b" " + version, *headers, *framing)) + b"\r\n\r\n" + sent

    def body(self) -> bytes:
        """JSON that is wrong, strange, or right."""
        chance = self.chance
        kinds: tuple[Callable[[], bytes], ...] = (
            lambda: GOOD,
            lambda: GOOD[: chance.randrange(len(GOOD))],
            lambda: self.mutated(GOOD),
            lambda: chance.randbytes(chance.randrange(200)),
            lambda: b'{"goal": "' + bytes(chance.choices(range(256), k=chance.randrange(50))) + b'"}',
            lambda: b'{"goal": "A", "goal": "B"}',
            lambda: (
                b'{"goal": "A", "timeout_ms": %b}'
                % chance.choice((b"NaN", b"Infinity", b"-1", b"1e400", b"9" * 5000, b"1e3", b"null", b"true"))
            ),
            lambda: b'{"goal": "\\u0000\\ud800 A"}',
            lambda: b"\xef\xbb\xbf" + GOOD,
            lambda: b'{"goals": [%b]}' % b",".join(chance.choices((b'"A -> A"', b'"("', b"5", b"null", b'"\\ud800"', b"[]"), k=5)),
            lambda: b"[" * chance.choice((10, 100_000)),
            lambda: b'{"goal": "%b"}' % (b"~" * chance.choice((100, 100_000))),
            lambda: b" " * chance.choice((1, 300_000)) + GOOD,
        )
        return chance.choice(kinds)()

    def headers(self) -> list[bytes]:
        """A few headers that are strange."""
        chance = self.chance
        strange = (
            b"X-Request-Id: " + bytes(chance.choices(range(32, 127), k=20)),
            b"X-Request-Id: " + b"a" * 5000,
            b"X-Bytes: " + bytes(chance.choices(range(128, 256), k=10)),
            b"X-Nul: a\x00b",
            b"X-Control: a\x01b",
            b"X-Folded: a\r\n b",
            b"X-Many: 1",
            b"Content-Type: text/plain",
            b"Content-Encoding: gzip",
            b"Expect: 100-continue",
            b'Prefer: respond-async; "\\, wait=' + chance.choice((b"1", b"-1", b"1" * 100)),
            *[b"Prefer: respond-async"] * 4,
            b"Accept: " + chance.choice((b"image/png", b"text/event-stream", b";;;,q=x", b"*/*;q=nan", b"\xff")),
            b"Last-Event-ID: " + chance.choice((b"\xb2", b"9" * 400, b"-0")),
            b"Authorization: Basic \xff",
            b"X-Forwarded-For: 1.2.3.4, ::1, \xff",
            b"Transfer-Encoding: gzip, chunked",
            b"Content-Length: 0x10",
            b"Host: y",
            b": no name",
            b"no colon",
            b"Connection: upgrade\r\nUpgrade: websocket",
            b"Connection: close",
            b"Cookie: " + b"c" * 10_000,
            b"Big: " + b"b" * 70_000,
        )
        return chance.choices(strange, k=chance.choices((0, 1, 2, 5), (4, 4, 2, 1))[0])

    def framed(self, body: bytes) -> tuple[list[bytes], bytes]:
        """How the body is told and sent: rightly, or too short, too long, in chunks, in broken chunks."""
        chance = self.chance
        told, chunked = b"Content-Length: %d", b"Transfer-Encoding: chunked"
        cuts = sorted(chance.choices(range(len(body) + 1), k=3))
        pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True) if end > start]
        ways: tuple[tuple[list[bytes], bytes], ...] = (
            ([told % len(body)], body),
            ([told % max(0, len(body) - 3)], body),
            ([chunked], b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"),
            ([chunked], b"zz\r\n" + body),
            ([chunked], b"ffffffffffffffffff\r\n" + body),
            ([chunked, told % len(body)], body),
            ([told % (1 << 40)], body),
            ([told % (len(body) + 10)], body),
        )
        return chance.choices(ways, (14, 1, 4, 1, 1, 1, 1, 1))[0]

    def mutated(self, text: bytes) -> bytes:
        """With some bytes changed."""
        changed = bytearray(text)
        for _ in range(self.chance.randint(1, 4)):
            changed[self.chance.randrange(len(changed))] = self.chance.randrange(256)
        return bytes(changed)


def sent(server: Server, request: bytes) -> bytes:
    """What comes back on a connection of its own, until the server closes it or has nothing more to say."""
    answer = b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as connection, contextlib.suppress(ConnectionError):
        connection.sendall(request)
        while piece := connection.recv(1 << 16):
            answer += piece
            # When nothing follows, the connection is kept for another request.
            if not select.select([connection], [], [], 0.3)[0]:
                break
    return answer


def outcome(server: Server, request: bytes) -> int:
    """The answer's status, when the answer is as it should be; 0 when the connection was closed without one."""
    answer = sent(server, request).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    if not answer:
        return 0
    told = (request[:2000], answer[:2000])
    head, _, body = answer.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    assert status < 500 or status == 503, told
    assert b"x-request-id: " in head.lower(), told
    if status >= 400 and body:
        assert b"application/problem+json" in head, told
        assert json.loads(body.partition(b"HTTP/1.1 ")[0])["status"] == status, told
    return status


def test_strange_bytes_are_answered_or_refused(fuzzed: Server) -> None:
    """Twelve hundred strange requests: an answer, a refusal with a problem document, or the end of the connection."""
    fuzz = Fuzz(20251019)
    requests = [fuzz.request() for _ in range(ROUNDS)]
    with ThreadPoolExecutor(24) as clients:
        statuses = Counter(clients.map(functools.partial(outcome, fuzzed), requests))
    assert fuzzed.healthy()
    # The fuzz reaches what it is for.
    assert statuses[200] >= 50, statuses
    assert statuses[400] >= 100, statuses
    assert {202, 404, 405, 408, 413, 415, 431} <= set(statuses), statuses


def test_every_line_of_the_logs_tells_its_request(fuzzed: Server) -> None:
    """After all that: no line of access.log is without a request id, and no defect was logged."""
    sent(fuzzed, b"GET /health HTTP/1.1\r\nHost: x\r\nX-Request-Id: the-last-one\r\n\r\n")
    lines = (fuzzed.logs / "access.log").read_text().splitlines()
    assert len(lines) > ROUNDS / 2
    assert [line for line in lines if not re.search(r'" [0-9.]+ms [A-Za-z0-9][A-Za-z0-9._-]{0,63}(?: |$)', line)] == []
    assert any(line.endswith(" the-last-one") for line in lines[-3:])
    text = (fuzzed.logs / "pxl-server.log").read_text()
    assert "Traceback" not in text
    assert " CRITICAL " not in text

"""A server of sockets that answers as a script says: the faults that no healthy service shows."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

KERNEL = "ab" * 32
VERDICT: dict[str, Any] = {
    "ok": True,
    "verdict": "valid",
    "id": "cd" * 32,
    "goal": "BOX(p) -> p",
    "logic": "S5",
    "kernel_hash": KERNEL,
    "proof_method": "search+kernel",
    "verified": True,
    "cache_hit": False,
    "latency_ms": 1.0,
    "queue_ms": 0.0,
    "search_ms": 0.1,
    "kernel_ms": 0.1,
    "statement": None,
    "certificate_stored": True,
    "timings_ms": {"parse": 0.0, "cache": 0.0, "queue": 0.0, "search": 0.1, "kernel": 0.1, "store": 0.0, "total": 1.0},
    "versions": {"coq": "8.16.1", "theory": "1", "engine": "1", "service": "1"},
}
COUNTERMODEL: dict[str, Any] = {
    "worlds": ["w0", "w1"],
    "failing_world": "w0",
    "relation": {"kind": "universal", "pairs": [["w0", "w0"], ["w0", "w1"], ["w1", "w0"], ["w1", "w1"]]},
    "valuation": {"p": ["w0"]},
}
INVALID: dict[str, Any] = {**VERDICT, "ok": False, "verdict": "invalid", "goal": "p -> BOX(p)", "countermodel": COUNTERMODEL}


@dataclass
class Script:
    """What the server does with each connection, and what it was asked. An action is the bytes of an answer; after it the end."""

    address: str
    actions: list[bytes] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    """Set when the test is over: until then an answer that ends with HOLD keeps its connection open."""


HOLD = b"<hold>"
"""At the end of an action: send what is before, and then nothing more."""


def answer(document: object, *, status: int = 200, media_type: str = "application/json", **headers: str) -> bytes:
    """An HTTP answer with a JSON body."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {media_type}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def problem(code: str, status: int, detail: str = "so it is", *, retry_after: str = "", **members: object) -> bytes:
    """A refusal."""
    document = {"type": f"urn:pxl:problem:{code}", "title": "No", "status": status, "detail": detail, **members}
    headers = {"Retry_After": retry_after} if retry_after else {}
    return answer(document, status=status, media_type="application/problem+json", **headers)


def lines(*documents: object, tail: bytes = b"") -> bytes:
    """The beginning of a batch's answer, in chunks: whole lines, then ``tail``; it does not say that it ends."""
    body = b"".join(json.dumps(document).encode() + b"\n" for document in documents) + tail
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + (b"%x\r\n%b\r\n" % (len(body), body) if body else b"")


@contextlib.contextmanager
def scripted(*actions: bytes) -> Iterator[Script]:
    """A server on a free port of the loopback; when the script is at its end it closes connections without a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        script = Script(f"http://127.0.0.1:{listener.getsockname()[1]}", list(actions))
        listener.settimeout(0.02)
        serving = threading.Thread(target=_serve, args=(listener, script))
        serving.start()
        try:
            yield script
        finally:
            script.hold.set()
            serving.join()


def _serve(listener: socket.socket, script: Script) -> None:
    connections = []
    while not script.hold.is_set():
        with contextlib.suppress(TimeoutError):
            connection, _ = listener.accept()
            connections.append(threading.Thread(target=_answer, args=(connection, script)))
            connections[-1].start()
    for thread in connections:
        thread.join()


def _answer(connection: socket.socket, script: Script) -> None:
    with connection, contextlib.suppress(OSError):
        connection.settimeout(10)
        request = _request(connection)
        if request is None:
            return
        script.requests.append(request)
        action = script.actions.pop(0) if script.actions else b""
        connection.sendall(action.removesuffix(HOLD))
        if action.endswith(HOLD):
            script.hold.wait(30)


def _request(connection: socket.socket) -> tuple[str, dict[str, str], bytes] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65536)
    return first, headers, body

"""Requests as bytes and as signed calls, for tests of what is refused before any route."""

import json
import socket
from typing import Any

import httpx2
from e2e.running import Server

from logos_pxl.wire.signing import signed_headers

GOAL = b'{"goal": "BOX(A -> A)"}'
JSON = {"Content-Type": "application/json"}


def ask_signed(
    server: Server, key: str, *, target: str = "/prove", body: bytes = GOAL, method: str = "POST", **made: Any
) -> httpx2.Response:
    """A signed request; ``made`` goes to ``signed_headers``."""
    headers = {**JSON, **signed_headers(key, method, target, body, **made)}
    return server.client.request(method, target, content=body, headers=headers)


def exchange(server: Server, request: bytes, *, timeout_s: float = 5.0) -> list[tuple[int, dict[str, str], bytes]]:
    """Send bytes, and read answers (status, headers, body) until the connection ends or is silent; the sending side stays open."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout_s) as connection:
        connection.sendall(request)
        connection.settimeout(1.0)
        data = b""
        try:
            while piece := connection.recv(65536):
                data += piece
        except (TimeoutError, ConnectionError):
            pass
    answers = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", "0"))
        answers.append((int(lines[0].split()[1]), headers, rest[:length]))
        data = rest[length:]
    return answers


def problem_type(body: bytes) -> str:
    """The word that names the problem."""
    return str(json.loads(body)["type"]).removeprefix("urn:pxl:problem:")

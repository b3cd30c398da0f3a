"""Log lines of requests.

access.log has one line for each request, in the combined log format. pxl-server.log has one for each POST and for each request that was
refused (401, 429) or failed. Both begin with the client's address, which the operations manual counts with ``awk '{print $1}'``. Sizes and
durations are in access.log only, because the manual counts refused signatures in pxl-server.log with ``grep -c 401``.

Invariant: text that a client chose is escaped and of limited length. pxl-server.log has the endpoint's name instead of the client's path.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from pydantic_core import to_json

from logos_pxl.logs.formats import Form, common, escaped, iso, quoted
from logos_pxl.logs.writing import QueuedLines

_PATH_CHARACTERS = 256
_AGENT_CHARACTERS = 160

# Plain numbers: members of an enumeration are slow to compare.
_WARNINGS = frozenset((int(HTTPStatus.UNAUTHORIZED), int(HTTPStatus.TOO_MANY_REQUESTS), int(HTTPStatus.SERVICE_UNAVAILABLE)))
_DEFECT = int(HTTPStatus.INTERNAL_SERVER_ERROR)
_LEVEL_NAMES = {level: logging.getLevelName(level) for level in (logging.INFO, logging.WARNING, logging.ERROR)}


@dataclass(slots=True)
class RequestLine:
    """One request for the logs.

    ``path`` is the raw path of the target and ``user_agent`` the client's header, as they were sent. ``endpoint`` is a name from a
    fixed set. ``ended_s`` is the time of the end in seconds since 1970, ``duration_s`` the time until the last byte of the response was
    handed to the connection. ``key`` is the name of the signature key or empty, ``note`` a text for the operator, such as the reason of a
    refusal.
    """

    client: str
    method: str
    path: bytes
    endpoint: str
    http_version: str
    request_id: str
    user_agent: bytes
    status: int
    body_bytes: int
    ended_s: float
    duration_s: float
    key: str
    note: str


class RequestLog:
    """Writes the lines of requests to the queues of access.log and of pxl-server.log (and standard error).

    The lines do not pass through a logger: creating and handling a ``LogRecord`` takes longer than formatting a line.
    """

    def __init__(self, form: Form, access: QueuedLines, server: Sequence[QueuedLines]) -> None:
        self._access = access
        self._server = server
        self._root = logging.getLogger()
        self._access_line, self._server_line = (_access_text, _server_text) if form == "text" else (_access_json, _server_json)

    def write(self, line: RequestLine) -> None:
        """Write the lines of a request."""
        self._access.enqueue(self._access_line(line))
        level = _level(line)
        if level >= self._root.level and level:
            text = self._server_line(line, _LEVEL_NAMES[level])
            for queue in self._server:
                queue.enqueue(text)


def _level(line: RequestLine) -> int:
    """The level in pxl-server.log; 0 when the line is in access.log only."""
    if line.status in _WARNINGS:
        return logging.WARNING
    if line.status >= _DEFECT:
        return logging.ERROR
    return logging.INFO if line.method == "POST" else 0


def _access_text(line: RequestLine) -> bytes:
    return (
        f'{line.client} - {line.key or "-"} [{common(line.ended_s)}] "{line.method} {_shown_path(line.path[:_PATH_CHARACTERS])} '
        f'HTTP/{line.http_version}" {line.status} {line.body_bytes} "-" {_shown_agent(line.user_agent[:_AGENT_CHARACTERS])} '
        f"{line.duration_s * 1000:.2f}ms {line.request_id}\n"
    ).encode()


# Most requests share a few paths and user agents.
@lru_cache(maxsize=256)
def _shown_path(path: bytes) -> str:
    return escaped(path.decode("latin-1")).replace('"', "%22").replace(" ", "%20")


@lru_cache(maxsize=256)
def _shown_agent(agent: bytes) -> str:
    return quoted(agent.decode("latin-1") or "-")


def _server_text(line: RequestLine, level: str) -> bytes:
    key = f" HMAC key={line.key}" if line.key else ""
    note = f": {escaped(line.note)}" if line.note else ""
    who = f"{line.client} {iso(line.ended_s)} {level} {line.method} {line.endpoint} {line.status}"
    return f"{who} request_id={line.request_id}{key}{note}\n".encode()


def _access_json(line: RequestLine) -> bytes:
    document = {
        "client": line.client,
        "timestamp": iso(line.ended_s),
        "event": "request",
        "method": line.method,
        "path": escaped(line.path[:_PATH_CHARACTERS].decode("latin-1")),
        "http_version": line.http_version,
        "status": line.status,
        "body_bytes": line.body_bytes,
        "duration_ms": round(line.duration_s * 1000, 3),
        "user_agent": escaped(line.user_agent[:_AGENT_CHARACTERS].decode("latin-1")),
        "key": line.key or None,
        "request_id": line.request_id,
    }
    return to_json(document) + b"\n"


def _server_json(line: RequestLine, level: str) -> bytes:
    document = {
        "client": line.client,
        "timestamp": iso(line.ended_s),
        "level": level,
        "event": f"{line.method} {line.endpoint}",
        "status": line.status,
        "key": line.key or None,
        "remark": escaped(line.note) or None,
        "request_id": line.request_id,
    }
    return to_json(document) + b"\n"

"""One line for each request: in access.log for all, in pxl-server.log for those that ask for proofs, were refused or failed.

Lines in access.log are of the combined log format: they begin with the client's address. So do request lines in pxl-server.log, for the
operations manual counts them by their first word. Sizes and durations are in access.log alone, for the manual counts refused signatures in
pxl-server.log by ``grep -c 401``.

Invariant: nothing here that a client chose is more than its own line, and of the target only the path is told, cut off where it is long;
pxl-server.log tells the endpoint's name instead.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from pydantic_core import to_json

from logos_pxl.logs.escaping import escaped, quoted
from logos_pxl.logs.formats import Form
from logos_pxl.logs.times import common, iso

_PATH_CHARACTERS = 256
_AGENT_CHARACTERS = 160

# Numbers, for members of an enumeration are slow to compare.
_REFUSED = frozenset((int(HTTPStatus.UNAUTHORIZED), int(HTTPStatus.TOO_MANY_REQUESTS)))
_UNAVAILABLE = int(HTTPStatus.SERVICE_UNAVAILABLE)
_DEFECT = int(HTTPStatus.INTERNAL_SERVER_ERROR)

Write = Callable[[bytes], None]


@dataclass(slots=True)
class RequestLine:
    """What is told of one request.

    ``path`` is the raw path of the target, ``endpoint`` a name from a fixed set, ``duration_s`` the time until the answer's last byte was
    handed to the connection, ``remark`` what the operator should know, such as why it was refused.
    """

    client: str
    method: str
    path: str
    endpoint: str
    http_version: str
    request_id: str
    user_agent: str
    status: int = 0
    body_bytes: int = 0
    duration_s: float = 0.0
    key: str = ""
    remark: str = ""


class RequestLines:
    """Writes the lines: to ``access``, and to all of ``server``. ``level`` may be changed at any time."""

    def __init__(self, form: Form, access: Write, server: Sequence[Write], *, level: int) -> None:
        self.level = level
        self._access = access
        self._server = server
        self._access_line, self._server_line = (_access_text, _server_text) if form == "text" else (_access_json, _server_json)

    def tell(self, line: RequestLine) -> None:
        """Write what is to be told of a request that has been answered now."""
        now = time.time()
        self._access(self._access_line(line, now))
        if line.method == "POST" or line.status in _REFUSED or line.status >= _DEFECT:
            level = _level(line.status)
            if level >= self.level:
                text = self._server_line(line, now, logging.getLevelName(level))
                for write in self._server:
                    write(text)


def _level(status: int) -> int:
    if status in _REFUSED or status == _UNAVAILABLE:
        return logging.WARNING
    return logging.ERROR if status >= _DEFECT else logging.INFO


def _access_text(line: RequestLine, now: float) -> bytes:
    path, agent = _shown_path(line.path[:_PATH_CHARACTERS]), _shown_agent(line.user_agent[:_AGENT_CHARACTERS])
    return (
        f'{line.client} - {line.key or "-"} [{common(now)}] "{line.method} {path} HTTP/{line.http_version}" {line.status} '
        f'{line.body_bytes} "-" {agent} {line.duration_s * 1000:.2f}ms {line.request_id}\n'
    ).encode()


# Most requests share a few paths and agents.
@lru_cache(maxsize=256)
def _shown_path(path: str) -> str:
    return escaped(path).replace('"', "%22").replace(" ", "%20")


@lru_cache(maxsize=256)
def _shown_agent(agent: str) -> str:
    return quoted(agent) if agent else '"-"'


def _server_text(line: RequestLine, now: float, level: str) -> bytes:
    key = f" HMAC key={line.key}" if line.key else ""
    remark = f": {escaped(line.remark)}" if line.remark else ""
    return (
        f"{line.client} {iso(now)} {level} {line.method} {line.endpoint} {line.status} request_id={line.request_id}{key}{remark}\n"
    ).encode()


def _access_json(line: RequestLine, now: float) -> bytes:
    document: dict[str, Any] = {
        "client": line.client,
        "timestamp": iso(now),
        "event": "request",
        "method": line.method,
        "path": escaped(line.path[:_PATH_CHARACTERS]),
        "http_version": line.http_version,
        "status": line.status,
        "body_bytes": line.body_bytes,
        "duration_ms": round(line.duration_s * 1000, 3),
        "user_agent": escaped(line.user_agent[:_AGENT_CHARACTERS]),
        "key": line.key or None,
        "request_id": line.request_id,
    }
    return to_json(document) + b"\n"


def _server_json(line: RequestLine, now: float, level: str) -> bytes:
    document: dict[str, Any] = {
        "client": line.client,
        "timestamp": iso(now),
        "level": level,
        "event": f"{line.method} {line.endpoint}",
        "status": line.status,
        "key": line.key or None,
        "remark": escaped(line.remark) or None,
        "request_id": line.request_id,
    }
    return to_json(document) + b"\n"

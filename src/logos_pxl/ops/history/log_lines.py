"""Lines of the two logs, read: text or JSON, as docs/logs.md describes them.

Invariant: what is read here was written by the service, and still quotes what clients chose; whoever shows it escapes it once more.
"""

import calendar
import json
import re
import time
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

REFUSED = "HMAC authentication failed: "

_ACCESS = re.compile(
    r'(?P<client>\S+) - (?P<key>\S+) \[(?P<at>[^\]]+)\] "(?P<method>\S+) (?P<path>[^ "]+) HTTP/\S+" (?P<status>\d{3}) (?P<bytes>\d+) "-" '
    r'"(?P<agent>(?:[^"\\]|\\.)*)" (?P<ms>[0-9.]+)ms (?P<id>\S+)'
)
_SERVER = re.compile(
    r"(?:(?P<client>\S+) )?(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d\dZ (?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL) (?P<text>.*)"
)
_REQUEST = re.compile(r"(?P<endpoint>\S+ \S+) (?P<status>\d{3}) request_id=\S+(?: HMAC key=\S+)?(?:: (?P<remark>.*))?")


@dataclass(frozen=True, slots=True)
class AccessLine:
    """A request. ``at`` is in seconds since 1970; ``key`` is that which signed it, or empty."""

    client: str
    key: str
    at: float
    method: str
    path: str
    status: int
    duration_ms: float
    user_agent: str


@dataclass(frozen=True, slots=True)
class ServerLine:
    """Anything else. ``client``, ``endpoint``, ``status`` and ``remark`` are those of a line about a request."""

    at: float
    level: str
    text: str
    client: str = ""
    endpoint: str = ""
    status: int = 0
    remark: str = ""

    @property
    def refusal(self) -> str:
        """The reason why a signature was refused, as the client was told it; empty when none was."""
        return self.remark.removeprefix(REFUSED).partition(";")[0] if self.remark.startswith(REFUSED) else ""


def access_line(line: str) -> AccessLine | None:
    """The line read; ``None`` when it is none."""
    if line.startswith("{"):
        return _access_json(line)
    found = _ACCESS.fullmatch(line)
    if found is None:
        return None
    key = "" if found["key"] == "-" else found["key"]
    return AccessLine(
        found["client"], key, _common(found["at"]), found["method"], found["path"], int(found["status"]), float(found["ms"]), found["agent"]
    )


def server_line(line: str) -> ServerLine | None:
    """The line read; ``None`` when it is none, as those of traces are."""
    if line.startswith("{"):
        return _server_json(line)
    found = _SERVER.fullmatch(line)
    if found is None:
        return None
    request = _REQUEST.fullmatch(found["text"]) if found["client"] else None
    at = _iso(found["at"])
    if request is None:
        return ServerLine(at, found["level"], found["text"], found["client"] or "")
    return ServerLine(
        at, found["level"], found["text"], found["client"], request["endpoint"], int(request["status"]), request["remark"] or ""
    )


def _access_json(line: str) -> AccessLine | None:
    held = _object(line)
    try:
        return AccessLine(
            str(held["client"]),
            str(held["key"] or ""),
            _iso(str(held["timestamp"])[:19]),
            str(held["method"]),
            str(held["path"]),
            int(held["status"]),
            float(held["duration_ms"]),
            str(held["user_agent"]),
        )
    except (KeyError, ValueError, TypeError):
        return None


def _server_json(line: str) -> ServerLine | None:
    held = _object(line)
    try:
        event = str(held["event"])
        request = "status" in held
        return ServerLine(
            _iso(str(held["timestamp"])[:19]),
            str(held["level"]),
            event,
            str(held.get("client", "")),
            event if request else "",
            int(held.get("status", 0)),
            str(held.get("remark") or ""),
        )
    except (KeyError, ValueError, TypeError):
        return None


def _object(line: str) -> dict[str, Any]:
    try:
        held = json.loads(line)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}


# Lines come in the order of their times, many in one second.
@lru_cache(maxsize=64)
def _common(text: str) -> float:
    try:
        return float(calendar.timegm(time.strptime(text, "%d/%b/%Y:%H:%M:%S +0000")))
    except ValueError:
        return 0.0


@lru_cache(maxsize=64)
def _iso(text: str) -> float:
    try:
        return datetime.fromisoformat(f"{text}+00:00").timestamp()
    except ValueError:
        return 0.0

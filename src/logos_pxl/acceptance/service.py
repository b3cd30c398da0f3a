"""The service under test, as an HTTP client sees it.

Invariant: every request is bounded in time; one that is over the client's quota (429) is sent again when the service says so, and counted.
"""

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from logos_pxl.wire.signing import signed_headers

_TOO_MANY_REQUESTS = 429
_QUOTA_TRIES = 4
_LONGEST_QUOTA_WAIT_S = 70.0


class NotReachable(Exception):
    """The service cannot be asked at all; the message says why and what to try."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)

    @property
    def media_type(self) -> str:
        """The content type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Service:
    """The service at ``url``; requests are signed with ``key`` when there is one."""

    def __init__(self, url: str, *, key: str | None, timeout_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NotReachable(f"{url!r} is no address of a service: give one such as http://localhost:8088")
        self.url = url.rstrip("/")
        self.key = key
        self.quota_waits = 0
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port
        self._prefix = parts.path.rstrip("/")
        self._timeout_s = timeout_s

    def get(self, path: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        """GET."""
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, document: object, *, headers: Mapping[str, str] | None = None) -> Answer:
        """POST a JSON document."""
        body = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return self.ask("POST", path, body=body, headers={"Content-Type": "application/json", **(headers or {})})

    def prove(self, goal: str, **members: object) -> Answer:
        """Ask for a verdict."""
        return self.post("/prove", {"goal": goal, **members})

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        sign: bool = True,
        patient: bool = True,
    ) -> Answer:
        """Send one request. ``patient``: wait when the client is over its quota. Raises NotReachable."""
        for _ in range(_QUOTA_TRIES):
            answer = self._ask(method, path, body, dict(headers or {}), sign=sign)
            if answer.status != _TOO_MANY_REQUESTS or not patient:
                break
            self.quota_waits += 1
            wait = answer.headers.get("retry-after", "")
            time.sleep(min(float(wait) if wait.isdecimal() else 1.0, _LONGEST_QUOTA_WAIT_S))
        return answer

    def connection(self) -> http.client.HTTPConnection:
        """A connection of its own, for those who speak HTTP themselves."""
        if self._secure:
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout_s, context=ssl.create_default_context())
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)

    def target(self, path: str) -> str:
        """What stands in the request line for ``path``."""
        return self._prefix + path

    def signature(self, method: str, path: str, body: bytes) -> dict[str, str]:
        """The headers that sign a request; none without a key."""
        return signed_headers(self.key, method, self.target(path), body) if self.key else {}

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str], *, sign: bool) -> Answer:
        signed = self.signature(method, path, body) if sign else {}
        connection = self.connection()
        started = time.monotonic()
        try:
            connection.request(method, self.target(path), body=body or None, headers={**signed, **headers, "Connection": "close"})
            response = connection.getresponse()
            read = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise NotReachable(f"{method} {self.url}{path}: {error or type(error).__name__}") from error
        finally:
            connection.close()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, read, time.monotonic() - started)

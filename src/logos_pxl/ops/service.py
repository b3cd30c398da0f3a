"""A running service, as an operator's command asks it.

It is the acceptance run's client, which signs, needs the standard library only and bounds each request. A pooled client (httpx2) would gain
nothing for a handful of requests, and would make ``pxl ops`` depend on an optional package just when things are broken.

Invariant: an answer that is not what the endpoint promises is an error that says so, never an empty document.
"""

import json
from typing import Any

from logos_pxl.acceptance.service import Answer, NotReachable, Service
from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.settings import Settings

_OK, _UNAUTHORIZED, _TOO_MANY, _UNAVAILABLE = 200, 401, 429, 503
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - no address to ask
_TIMEOUT_S = 10.0


class ServiceReader:
    """The service at ``url``. Requests are signed with ``key`` (hexadecimal digits) when there is one; each step takes ``timeout_s``."""

    def __init__(self, url: str, *, key: str | None = None, timeout_s: float = _TIMEOUT_S) -> None:
        self.url = url.rstrip("/")
        self.key = key
        try:
            self._service = Service(url, key=key, timeout_s=timeout_s)
        except NotReachable as error:
            raise OperationFailed(f"PXL_OPS_URL: {error}") from error

    @classmethod
    def of(cls, settings: Settings, *, timeout_s: float = _TIMEOUT_S) -> "ServiceReader":
        """The service that the settings name, asked with its current key."""
        return cls(service_url(settings), key=settings.hmac_key.get_secret_value() if settings.hmac_key else None, timeout_s=timeout_s)

    def health(self) -> dict[str, Any]:
        """``GET /health``, also of a service that is not ready. Raises ServiceUnreachable, OperationFailed."""
        return self._document("/health", _OK, _UNAVAILABLE)

    def proof_server(self) -> dict[str, Any]:
        """``GET /health/proof_server``."""
        return self._document("/health/proof_server", _OK, _UNAVAILABLE)

    def metrics(self) -> dict[str, Any]:
        """``GET /metrics`` as flat JSON."""
        return self._document("/metrics", _OK)

    def performance(self) -> dict[str, Any]:
        """``GET /metrics/performance``."""
        return self._document("/metrics/performance", _OK)

    def prove(self, goal: str, *, timeout_ms: int | None = None) -> dict[str, Any]:
        """The verdict on a goal, ``unknown`` ones included. Raises OperationFailed when it was refused for another reason."""
        document = self._parsed(self.ask_to_prove(goal, timeout_ms=timeout_ms), "POST /prove", _OK, 500, _UNAVAILABLE)
        if "verdict" not in document:
            raise OperationFailed(f"POST {self.url}/prove: {document.get('title', 'no verdict')}: {document.get('detail', '')}")
        return document

    def ask_to_prove(self, goal: str, *, timeout_ms: int | None = None) -> Answer:
        """The answer to ``POST /prove`` as it came. Raises ServiceUnreachable."""
        members: dict[str, Any] = {"goal": goal} if timeout_ms is None else {"goal": goal, "timeout_ms": timeout_ms}
        return self.ask("POST", "/prove", members)

    def ask(self, method: str, path: str, document: object = None) -> Answer:
        """Any request, with a JSON body when ``document`` is given. Raises ServiceUnreachable."""
        body = b"" if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json"} if body else {}
        try:
            return self._service.ask(method, path, body=body, headers=headers, patient=False)
        except NotReachable as error:
            raise ServiceUnreachable(f"the service does not answer: {error}") from error

    def _document(self, path: str, *statuses: int) -> dict[str, Any]:
        return self._parsed(self.ask("GET", path), f"GET {path}", *statuses)

    def _parsed(self, answer: Answer, asked: str, *statuses: int) -> dict[str, Any]:
        if answer.status == _UNAUTHORIZED:
            hint = "it refuses our signature" if self.key else "it demands signed requests: set HMAC_SECRET_KEY to its key"
            raise OperationFailed(f"{asked} of {self.url}: status 401: {hint}")
        if answer.status == _TOO_MANY:
            raise OperationFailed(f"{asked} of {self.url}: over the quota; again in {answer.headers.get('retry-after', 'some')} seconds")
        try:
            document = answer.json()
        except ValueError:
            document = None
        if answer.status not in statuses or not isinstance(document, dict):
            raise OperationFailed(f"{asked} of {self.url}: status {answer.status}, {answer.body[:200]!r}; is that a PXL service?")
        return document


def service_url(settings: Settings) -> str:
    """``PXL_OPS_URL``, or the address at which this machine reaches a service with these settings."""
    if settings.ops_url:
        return settings.ops_url
    host = _EVERYWHERE.get(settings.server_host, settings.server_host)
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{settings.server_port}"

"""The HTTP client of the operators' commands.

It uses the client of the acceptance run, which signs requests, bounds each of them in time and needs only the standard library.

Invariant: an answer that is not what the endpoint promises raises an error; it is never read as an empty document.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from logos_pxl.acceptance.service import Answer, NotReachable, Service
from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.settings import Settings

_OK, _UNAUTHORIZED, _TOO_MANY, _UNAVAILABLE = 200, 401, 429, 503
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - nothing is bound to it
_ADDRESS_FIELDS = {"ops_url", "server_host", "server_port"}
_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Replica:
    """One process of the service: its ``name`` for the target, and the port of this machine where it answers, when that is known."""

    name: str
    port: int | None


def replicas_of(settings: Settings) -> tuple[Replica, ...]:
    """The replicas that ``PXL_OPS_SERVICE`` names, as NAME=PORT; the port of a systemd unit is what stands behind its @."""
    found = []
    for part in settings.ops_service.split(","):
        name, _, port = part.strip().partition("=")
        port = port or name.partition("@")[2]
        found.append(Replica(name, int(port) if port.isdecimal() else None))
    return tuple(found)


class ServiceReader:
    """The service at ``url``. Requests are signed with ``key`` (hexadecimal digits) when there is one; each takes at most ``timeout_s``."""

    def __init__(self, url: str, *, key: str | None = None, timeout_s: float = _TIMEOUT_S) -> None:
        self.url = url.rstrip("/")
        self.key = key
        self._no_address = ""
        self._timeout_s = timeout_s

    @classmethod
    def of(cls, settings: Settings, *, timeout_s: float = _TIMEOUT_S) -> "ServiceReader":
        """The service that the settings name. Without an address every request raises OperationFailed."""
        no_address = why_no_address(settings)
        key = settings.hmac_key.get_secret_value() if settings.hmac_key else None
        reader = cls("" if no_address else service_url(settings), key=key, timeout_s=timeout_s)
        reader._no_address = no_address
        return reader

    def require_address(self) -> None:
        """Raises OperationFailed when the settings give no address; the message says what is missing."""
        if self._no_address:
            raise OperationFailed(self._no_address)

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
        """The result for a goal, also when its verdict is ``unknown``. Raises OperationFailed when the request was refused."""
        document = self._parsed(self.ask_to_prove(goal, timeout_ms=timeout_ms), "POST /prove", _OK, 500, _UNAVAILABLE)
        if "verdict" not in document:
            raise OperationFailed(f"POST {self.url}/prove: {document.get('title', 'no verdict')}: {document.get('detail', '')}")
        return document

    def ask_to_prove(self, goal: str, *, timeout_ms: int | None = None) -> Answer:
        """The raw answer to ``POST /prove``. Raises ServiceUnreachable."""
        members: dict[str, Any] = {"goal": goal} if timeout_ms is None else {"goal": goal, "timeout_ms": timeout_ms}
        return self.ask("POST", "/prove", members)

    def ask(self, method: str, path: str, document: object = None) -> Answer:
        """Any request, with a JSON body when ``document`` is given. Raises ServiceUnreachable."""
        self.require_address()
        body = b"" if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json"} if body else {}
        try:
            service = Service(self.url, key=self.key, timeout_s=self._timeout_s)
            return service.ask(method, path, body=body, headers=headers, patient=False)
        except NotReachable as error:
            raise ServiceUnreachable(f"the service does not answer: {error}") from error

    def _document(self, path: str, *statuses: int) -> dict[str, Any]:
        return self._parsed(self.ask("GET", path), f"GET {path}", *statuses)

    def _parsed(self, answer: Answer, asked: str, *statuses: int) -> dict[str, Any]:
        if answer.status == _UNAUTHORIZED:
            hint = "it refuses our signature" if self.key else "it demands signed requests: set HMAC_SECRET_KEY to its key"
            raise OperationFailed(f"{asked} of {self.url}: status 401: {hint}")
        if answer.status == _TOO_MANY:
            raise OperationFailed(
                f"{asked} of {self.url}: over the quota; try again in {answer.headers.get('retry-after', 'some')} seconds"
            )
        try:
            document = answer.json()
        except ValueError:
            document = None
        if answer.status not in statuses or not isinstance(document, dict):
            raise OperationFailed(f"{asked} of {self.url}: status {answer.status}, {answer.body[:200]!r}; is that a PXL service?")
        return document


def service_url(settings: Settings) -> str:
    """The address of the service: ``PXL_OPS_URL``, else ``PXL_SERVER_PORT`` or the first replica's port on this machine."""
    if settings.ops_url:
        return settings.ops_url
    port = settings.server_port
    if "server_port" not in settings.model_fields_set:
        port = replicas_of(settings)[0].port or port
    host = _EVERYWHERE.get(settings.server_host, settings.server_host)
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{port}"


def settings_files(settings: Settings) -> list[Path]:
    """The files that the settings were read from, in their order."""
    candidates = [*sorted(settings.config_dir.glob("*.toml")), settings.env_file]
    return [path.absolute() for path in candidates if path.is_file()]


def why_no_address(settings: Settings) -> str:
    """Why the address is not known: no settings file, and no variable that gives it. Empty when the address is known."""
    if settings.model_fields_set & _ADDRESS_FIELDS or replicas_of(settings)[0].port or settings_files(settings):
        return ""
    return (
        f"there is no settings file ({settings.env_file.absolute()}, {settings.config_dir.absolute()}/*.toml), and neither PXL_OPS_URL nor "
        "PXL_SERVER_PORT is set: run this command in the folder of the service, or set PXL_ENV_FILE or PXL_OPS_URL"
    )

"""The endpoints of the service, in one table.

Dispatch, the OpenAPI document, access control, and the names of endpoints in metrics and logs derive from ``ENDPOINTS``. To add an
endpoint, add a row here and its operation in ``openapi.py``; a test tells what is missing.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from re import Pattern
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from logos_pxl.errors import RequestError
from logos_pxl.service import batches, certificates, health, jobs, page, verdicts
from logos_pxl.service.problems import MethodNotAllowed, NotFound
from logos_pxl.service.service import Service

Handler = Callable[[Service, Request], Awaitable[Response]]


class Access(Enum):
    """Who may use an endpoint."""

    OPEN = "open"
    """Everybody: no signature, no quota. ``PXL_OPEN_PATHS`` may close it."""
    CLIENTS = "clients"
    """Clients: signed where ``ENABLE_HMAC_AUTH`` demands it, and counted against the client's quota."""


@dataclass(frozen=True)
class Endpoint:
    """One method of one path. ``path`` may end in one parameter in braces. An endpoint for GET also answers HEAD."""

    method: str
    path: str
    access: Access
    handler: Handler

    @cached_property
    def name(self) -> str:
        """The endpoint in metrics, such as ``GET /jobs/{id}``."""
        return f"{self.method} {self.path}"


ENDPOINTS: Sequence[Endpoint] = (
    Endpoint("POST", "/prove", Access.CLIENTS, verdicts.prove),
    Endpoint("POST", "/countermodel", Access.CLIENTS, verdicts.countermodel),
    Endpoint("POST", "/prove/batch", Access.CLIENTS, batches.prove_batch),
    Endpoint("POST", "/parse", Access.CLIENTS, verdicts.parse),
    Endpoint("GET", "/jobs/{id}", Access.CLIENTS, jobs.job),
    Endpoint("DELETE", "/jobs/{id}", Access.CLIENTS, jobs.cancel),
    Endpoint("GET", "/certificates/{id}", Access.CLIENTS, certificates.certificate),
    Endpoint("GET", "/health", Access.OPEN, health.health),
    Endpoint("GET", "/health/live", Access.OPEN, health.live),
    Endpoint("GET", "/health/ready", Access.OPEN, health.ready),
    Endpoint("GET", "/health/proof_server", Access.OPEN, health.proof_server),
    Endpoint("GET", "/metrics", Access.OPEN, health.metrics),
    Endpoint("GET", "/metrics/performance", Access.OPEN, health.performance),
    Endpoint("GET", "/openapi.json", Access.OPEN, health.openapi),
    Endpoint("GET", "/", Access.OPEN, page.index),
    Endpoint("GET", "/status", Access.OPEN, page.status),
    Endpoint("GET", "/web/{name}", Access.OPEN, page.file),
)


@dataclass(frozen=True, slots=True)
class Match:
    """The endpoint that a request is for, and the parameters in its path."""

    endpoint: Endpoint
    parameters: dict[str, Any]


class Routes:
    """Finds endpoints by method and path. A path is compared letter for letter; a parameter is one segment."""

    def __init__(self, endpoints: Sequence[Endpoint] = ENDPOINTS) -> None:
        self.endpoints = endpoints
        self._fixed: dict[tuple[str, str], Match] = {}
        self._patterns: list[tuple[Pattern[str], Endpoint]] = []
        for endpoint in endpoints:
            if "{" in endpoint.path:
                self._patterns.append((compile_path(endpoint.path)[0], endpoint))
                continue
            for method in _methods(endpoint):
                self._fixed[method, endpoint.path] = Match(endpoint, {})

    def find(self, method: str, path: str) -> Match | None:
        """The endpoint for a request; ``None`` when there is none."""
        match = self._fixed.get((method, path))
        if match is not None:
            return match
        for pattern, endpoint in self._patterns:
            found = pattern.match(path)
            if found and method in _methods(endpoint):
                return Match(endpoint, found.groupdict())
        return None

    def refusal(self, method: str, path: str) -> RequestError:
        """Why ``find`` found nothing."""
        here = [e for e in self.endpoints if e.path == path]
        here += [endpoint for pattern, endpoint in self._patterns if pattern.match(path)]
        if not here:
            return NotFound(f"there is nothing under {path}; /openapi.json lists what there is")
        allowed = sorted({allowed for endpoint in here for allowed in _methods(endpoint)})
        return MethodNotAllowed(f"{path} does not answer to {method}; see the Allow field", allowed=allowed)


def _methods(endpoint: Endpoint) -> tuple[str, ...]:
    return ("GET", "HEAD") if endpoint.method == "GET" else (endpoint.method,)

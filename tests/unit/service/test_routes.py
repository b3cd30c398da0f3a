"""The table of endpoints: what is found in it, how errors are answered, and that everything else fits it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from logos_pxl.errors import Overloaded
from logos_pxl.observing import Observer
from logos_pxl.service.app import Application
from logos_pxl.service.context import RequestContext
from logos_pxl.service.gate.guard import OpenPaths
from logos_pxl.service.openapi import openapi_document
from logos_pxl.service.routes import ENDPOINTS, Access, Endpoint, Routes
from logos_pxl.service.service import Service
from logos_pxl.settings import Settings


class Broken(Response):
    """A response that fails when half of it has been sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin, and fail."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError


async def fails(_: Service, request: Request) -> Response:
    """Fail in the way that the path's parameter names."""
    match request.path_params["way"]:
        case "full":
            raise Overloaded("no room", retry_after_s=1.0)
        case "defect":
            raise ZeroDivisionError
        case "broken":
            return Broken()
    return Response(b"well")


class Counting(Observer):
    """Remembers what was refused."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def rejected(self, reason: str) -> None:
        """A request was refused."""
        self.refused.append(reason)


async def ask(path: str, method: str = "POST") -> tuple[list[Message], list[str], str]:
    """The messages of one answer, the refusals that were counted, and the name of the error that was raised."""
    routes = Routes([Endpoint("POST", "/by/{way}", Access.CLIENTS, fails), Endpoint("GET", "/by/{way}", Access.OPEN, fails)])
    observer = Counting()
    service: Any = SimpleNamespace(runtime=SimpleNamespace(observer=observer))
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": []}
    RequestContext.create(scope, "-").match = routes.find(method, path)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    raised = ""
    try:
        await Application(service, routes)(scope, receive, send)
    except Exception as error:  # noqa: BLE001 - whatever it is
        raised = type(error).__name__
    return sent, observer.refused, raised


@pytest.mark.parametrize(
    ("way", "status", "refused", "raised"),
    [
        ("full", 503, ["overloaded"], ""),
        ("defect", 500, ["internal"], "ZeroDivisionError"),
        ("broken", 200, ["internal"], "ZeroDivisionError"),
        ("well", 200, [], ""),
    ],
)
async def test_errors_are_answered_and_counted(way: str, status: int, refused: list[str], raised: str) -> None:
    """Our errors become problems. Unexpected ones are answered once and raised again, for the log."""
    sent, counted, error = await ask(f"/by/{way}")
    assert (sent[0]["status"], counted, error) == (status, refused, raised)
    assert [message["type"] for message in sent].count("http.response.start") == 1


@pytest.mark.parametrize(
    ("path", "method", "status", "allow"),
    [
        ("/by/x", "DELETE", 405, b"GET, HEAD, POST"),
        ("/nowhere", "POST", 404, None),
        ("/by/x/", "POST", 404, None),
        ("/BY/x", "POST", 404, None),
        ("/by/", "POST", 404, None),
        ("/by/x/y", "POST", 404, None),
    ],
)
async def test_what_no_endpoint_takes_is_refused(path: str, method: str, status: int, allow: bytes | None) -> None:
    """404 for an unknown path, 405 with the allowed methods for a known one; both are counted."""
    sent, counted, _ = await ask(path, method)
    assert sent[0]["status"] == status == json.loads(sent[1]["body"])["status"]
    assert dict(sent[0]["headers"]).get(b"allow") == allow
    assert len(counted) == 1


def test_head_is_answered_where_get_is() -> None:
    """And has the name of GET in the metrics."""
    match = Routes().find("HEAD", "/health")
    assert match is not None
    assert match.endpoint.name == "GET /health"
    assert Routes().find("HEAD", "/prove") is None


def test_the_openapi_document_has_every_endpoint_but_the_page() -> None:
    """Path by path and method by method."""
    documented = {(method.upper(), path) for path, methods in openapi_document(Settings.of({}))["paths"].items() for method in methods}
    page = {("GET", "/"), ("GET", "/status"), ("GET", "/web/{name}")}
    assert {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS} == documented | page


def test_open_endpoints_are_the_open_paths_by_default() -> None:
    """What the table calls open is what PXL_OPEN_PATHS opens when it is not set, and nothing else."""
    open_paths = OpenPaths(Settings.of({}).open_paths)
    opened = {e.name for e in ENDPOINTS if open_paths.allow({"method": e.method, "path": e.path})}
    assert opened == {endpoint.name for endpoint in ENDPOINTS if endpoint.access is Access.OPEN}

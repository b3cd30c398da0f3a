"""Requests to their endpoints: both ways answer alike."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from logos_pxl.errors import Overloaded
from logos_pxl.observing import Observer
from logos_pxl.service.dispatch import Dispatch
from logos_pxl.service.rejections import CountedRefusals


class Broken(Response):
    """An answer that fails when half of it has been sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin, and fail."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError


async def fails(request: Request) -> Response:
    """Fail in the way that the request's path names."""
    match request.url.path.rpartition("/")[2]:
        case "full":
            raise Overloaded("no room", retry_after_s=1.0)
        case "http":
            raise HTTPException(405)
        case "defect":
            raise ZeroDivisionError
        case "broken":
            return Broken()
    return Response(b"well")


WAYS = ["full", "http", "defect", "broken", "well"]
ROUTES = [Route(f"/{way}", fails, methods=["POST"]) for way in WAYS] + [Route("/by/{way}", fails, methods=["POST"])]


class Counting(Observer):
    """Remembers what was refused."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def rejected(self, reason: str) -> None:
        """A request was refused."""
        self.refused.append(reason)


@dataclass
class Answer:
    """What one request came to."""

    refused: list[str]
    status: int = 0
    body: bytes = b""
    messages: int = 0
    raised: type[Exception] | None = None


async def ask(path: str, method: str = "POST") -> Answer:
    """Ask once; a refusal may name the path, of which only the last part is told here."""
    raw = path.encode()
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "raw_path": raw, "query_string": b"", "headers": []}
    observer = Counting()
    answer = Answer(observer.refused)

    async def send(message: Message) -> None:
        answer.messages += 1
        answer.status = message.get("status", answer.status)
        answer.body += message.get("body", b"").replace(b"/by/", b"/")

    async def receive() -> Message:
        return {"type": "http.request"}

    try:
        await Dispatch(ROUTES, CountedRefusals(observer))(scope, receive, send)
    except Exception as error:  # noqa: BLE001 - whatever it is
        answer.raised = type(error)
    return answer


@pytest.mark.parametrize(
    ("way", "status", "refused", "raised"),
    [
        ("full", 503, ["overloaded"], None),
        ("http", 405, ["method-not-allowed"], None),
        ("defect", 500, ["internal"], ZeroDivisionError),
        ("broken", 200, ["internal"], ZeroDivisionError),
        ("well", 200, [], None),
    ],
)
async def test_the_direct_way_does_what_starlette_does(way: str, status: int, refused: list[str], raised: type[Exception] | None) -> None:
    """Status, body, what is counted, and whether it is raised again."""
    direct = await ask(f"/{way}")
    assert direct == await ask(f"/by/{way}")
    assert (direct.status, direct.refused, direct.raised) == (status, refused, raised)


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/well", "GET", 405), ("/nowhere", "POST", 404), ("/well/", "POST", 404), ("/WELL", "POST", 404)]
)
async def test_what_no_endpoint_takes_is_refused(path: str, method: str, status: int) -> None:
    """As problems, and counted."""
    answer = await ask(path, method)
    assert answer.status == status == json.loads(answer.body)["status"]
    assert len(answer.refused) == 1

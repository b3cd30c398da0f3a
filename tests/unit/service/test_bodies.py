"""Request bodies."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.requests import ClientDisconnect, Request

from logos_pxl.errors import RequestError, RequestTooLarge
from logos_pxl.service.bodies import read_json
from logos_pxl.service.context import RequestContext
from logos_pxl.service.problems import InvalidFields, InvalidJson, SlowBody, UnsupportedMediaType
from logos_pxl.wire.verdicts import ProveRequest
from logos_pxl.wire.work import ParseRequest

JSON = {"content-type": "application/json"}


class Wire:
    """The ASGI messages that a server would hand over; afterwards silence."""

    def __init__(self, pieces: Sequence[bytes], *, complete: bool = True) -> None:
        self.messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": piece, "more_body": not complete or number < len(pieces) - 1}
            for number, piece in enumerate(pieces)
        ]
        self.taken = 0

    async def receive(self) -> dict[str, Any]:
        """The next message."""
        if self.taken == len(self.messages):
            await asyncio.Event().wait()
        self.taken += 1
        return self.messages[self.taken - 1]


async def read(wire: Wire, headers: dict[str, str] = JSON, *, max_bytes: int = 1000, timeout_s: float = 1.0) -> ProveRequest:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/prove",
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }
    RequestContext.create(scope, "-")
    return await read_json(Request(scope, wire.receive), ProveRequest, max_bytes=max_bytes, timeout_s=timeout_s)


async def test_a_body_in_pieces_is_read_whole() -> None:
    """However the network cuts it."""
    asked = await read(Wire([b'{"goal": "A', b" -> A", b'", "timeout_ms": 5}']))
    assert (asked.goal, asked.timeout_ms) == ("A -> A", 5)


async def test_a_body_that_was_refused_is_refused_again() -> None:
    """Only what was understood is remembered, and for the one kind of request that it was understood as."""
    for _ in range(2):
        with pytest.raises(InvalidFields):
            await read(Wire([b'{"goal": "A", "timeout_ms": 0}']))
    assert isinstance(await read(Wire([b'{"goal": "A"}'])), ProveRequest)
    scope: dict[str, Any] = {"type": "http", "headers": [(b"content-type", b"application/json")]}
    RequestContext.create(scope, "-")
    asked = await read_json(Request(scope, Wire([b'{"goal": "A"}']).receive), ParseRequest, max_bytes=1000, timeout_s=1.0)
    assert type(asked) is ParseRequest


@pytest.mark.parametrize(
    ("body", "error", "says"),
    [
        (b"", InvalidJson, "not JSON"),
        (b"{", InvalidJson, "line 1, column 2"),
        (b'{"goal": "A"} x', InvalidJson, "Extra data"),
        (b'{"goal": "\xff"}', InvalidJson, "not UTF-8: byte 10"),
        (b'\xef\xbb\xbf{"goal": "A"}', InvalidJson, "BOM"),
        (b'{"goal": "A", "goal": "B"}', InvalidJson, "'goal' is given twice"),
        (b'{"goal": "A", "timeout_ms": NaN}', InvalidJson, "NaN"),
        (b'{"goal": "A", "timeout_ms": -Infinity}', InvalidJson, "-Infinity"),
        (b'{"goal": "A", "timeout_ms": ' + b"9" * 5000 + b"}", InvalidJson, "number that is too long"),
        (b"[" * 9000 + b"]" * 9000, InvalidJson, "nested too deeply"),
        (b'["A"]', InvalidJson, "an array"),
        (b"null", InvalidJson, "null"),
        (b"true", InvalidJson, "a truth value"),
        (b"{}", InvalidFields, "goal: Field required"),
        (b'{"goal": 7}', InvalidFields, "goal: "),
        (b'{"goal": null}', InvalidFields, "goal: "),
        (b'{"goal": "A", "timeout_ms": "5"}', InvalidFields, "timeout_ms: "),
        (b'{"goal": "A", "timeout_ms": 1.5}', InvalidFields, "timeout_ms: "),
        (b'{"goal": "A", "timeout_ms": true}', InvalidFields, "timeout_ms: "),
        (b'{"goal": "A", "timeout_ms": 0}', InvalidFields, "timeout_ms: "),
        (b'{"goal": "A", "depth": 3}', InvalidFields, "depth: there is no such field; this endpoint takes goal, timeout_ms"),
        (b'{"goal": "A", "\\ud800": 3}', InvalidFields, "(a key): "),
    ],
)
async def test_a_wrong_body_is_refused_by_what_is_wrong(body: bytes, error: type[RequestError], says: str) -> None:
    """JSON that is broken, ambiguous or of the wrong shape is refused, and the message says where and what."""
    with pytest.raises(error) as refused:
        await read(Wire([body]), max_bytes=100_000)
    assert says in str(refused.value)
    str(refused.value).encode()


async def test_each_wrong_field_is_named() -> None:
    """All wrong fields are told at once."""
    with pytest.raises(InvalidFields) as refused:
        await read(Wire([b'{"gaol": "A", "timeout_ms": -1}']))
    assert {wrong["field"] for wrong in refused.value.errors} == {"goal", "gaol", "timeout_ms"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
async def test_another_media_type_is_refused_before_the_body_is_read(headers: dict[str, str]) -> None:
    """Only JSON in UTF-8, uncompressed."""
    wire = Wire([b'{"goal": "A"}'])
    with pytest.raises(UnsupportedMediaType):
        await read(wire, headers)
    assert wire.taken == 0


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON", "application/json; charset=UTF-8"])
async def test_json_is_json_in_every_spelling(content_type: str) -> None:
    """Media types are compared as they should be."""
    assert (await read(Wire([b'{"goal": "A"}']), {"content-type": content_type})).goal == "A"


async def test_a_body_that_announces_to_be_too_large_is_not_read() -> None:
    """The refusal costs no memory."""
    wire = Wire([b"{" * 2000])
    with pytest.raises(RequestTooLarge, match="MAX_REQUEST_SIZE"):
        await read(wire, {**JSON, "content-length": "1001"})
    assert wire.taken == 0


async def test_a_body_that_grows_too_large_is_not_read_to_its_end() -> None:
    """Without an announcement, reading stops when the bound is passed."""
    wire = Wire([b" " * 400] * 100)
    with pytest.raises(RequestTooLarge):
        await read(wire)
    assert wire.taken == 3


async def test_a_body_of_just_the_limit_is_read() -> None:
    """The limit itself is allowed."""
    body = b'{"goal": "A"}'
    assert (await read(Wire([body]), max_bytes=len(body))).goal == "A"
    with pytest.raises(RequestTooLarge):
        await read(Wire([body]), max_bytes=len(body) - 1)


@pytest.mark.parametrize("pieces", [[], [b'{"goal": "A']])
async def test_a_body_that_does_not_come_is_given_up(pieces: list[bytes]) -> None:
    """A client that sends nothing, or stops in the middle, does not hold the server."""
    with pytest.raises(SlowBody, match="CONNECTION_TIMEOUT"):
        await asyncio.wait_for(read(Wire(pieces, complete=False), timeout_s=0.05), 1.0)


async def test_the_time_out_bounds_the_whole_body() -> None:
    """A client that sends a byte now and then does not gain time with each."""

    class Trickle(Wire):
        async def receive(self) -> dict[str, Any]:
            await asyncio.sleep(0.04)
            return {"type": "http.request", "body": b" ", "more_body": True}

    with pytest.raises(SlowBody):
        await asyncio.wait_for(read(Trickle([]), timeout_s=0.1), 1.0)


async def test_a_client_that_goes_away_is_no_error_of_its_body() -> None:
    """A disconnect in the middle of the body is told as such."""
    wire = Wire([b'{"goal"'], complete=False)
    wire.messages.append({"type": "http.disconnect"})
    with pytest.raises(ClientDisconnect):
        await read(wire)

"""Request bodies: read within bounds, decoded strictly.

Invariant: at most the limit is held in memory, and reading ends within its time-out. JSON that parsers could understand differently (a
repeated key, NaN, text that is not UTF-8) is refused.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from logos_pxl.errors import RequestTooLarge
from logos_pxl.service.context import RequestContext
from logos_pxl.service.fast_path import received
from logos_pxl.service.problems import InvalidFields, InvalidJson, SlowBody, UnsupportedMediaType

Model = TypeVar("Model", bound=BaseModel)

_JSON_TYPES = (b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8")
_SHOWN_CHARACTERS = 60


async def read_json(request: Request, model: type[Model], *, max_bytes: int, timeout_s: float) -> Model:
    """The body as ``model``.

    Raises UnsupportedMediaType, RequestTooLarge, SlowBody, InvalidJson, InvalidFields; ClientDisconnect when the client went away.
    """
    return decoded(await json_body(request, max_bytes=max_bytes, timeout_s=timeout_s), model)


async def json_body(request: Request, *, max_bytes: int, timeout_s: float) -> bytes:
    """The body of a request that announces JSON, not decoded.

    Raises UnsupportedMediaType, RequestTooLarge, SlowBody; ClientDisconnect when the client went away.
    """
    context = RequestContext.of(request.scope)
    headers = context.headers
    _require_json(headers)
    if context.body is not None:
        return context.body
    announced = headers.get(b"content-length", b"").decode("latin-1")
    return await read_body(request.receive, announced, max_bytes=max_bytes, timeout_s=timeout_s)


def decoded(body: bytes, model: type[Model]) -> Model:
    """``body`` as ``model``. Raises InvalidJson, InvalidFields."""
    try:
        return model.model_validate(_decode(body), strict=True)
    except ValidationError as error:
        raise _wrong_fields(error, model) from error


def _require_json(headers: Mapping[bytes, bytes]) -> None:
    given = headers.get(b"content-type", b"")
    if given.strip().lower() not in _JSON_TYPES:
        raise UnsupportedMediaType(f"the Content-Type is {_latin(given)!r}; send application/json (in UTF-8)")
    encoding = headers.get(b"content-encoding", b"identity")
    if encoding.strip().lower() != b"identity":
        raise UnsupportedMediaType(f"the Content-Encoding is {_latin(encoding)!r}; send the body uncompressed")


def _latin(value: bytes) -> str:
    return value[:_SHOWN_CHARACTERS].decode("latin-1")


async def read_body(receive: Receive, announced: str, *, max_bytes: int, timeout_s: float) -> bytes:
    """All of the body; ``announced`` is its Content-Length, empty where there is none.

    Raises RequestTooLarge, SlowBody; ClientDisconnect when the client went away.
    """
    if announced.isdecimal() and int(announced[:20]) > max_bytes:
        raise _too_large(max_bytes)
    message = received(receive) or await _receive(receive, timeout_s)
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        body = await _read_rest(receive, bytearray(body), max_bytes, timeout_s)
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    return body


async def _read_rest(receive: Receive, body: bytearray, max_bytes: int, timeout_s: float) -> bytes:
    deadline = asyncio.get_running_loop().time() + timeout_s
    more = True
    while more and len(body) <= max_bytes:
        message = received(receive) or await _receive(receive, deadline - asyncio.get_running_loop().time())
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


async def _receive(receive: Receive, timeout_s: float) -> Message:
    try:
        async with asyncio.timeout(timeout_s):
            return await receive()
    except TimeoutError as error:
        raise SlowBody("the body did not arrive within CONNECTION_TIMEOUT; send it at once") from error


def _too_large(max_bytes: int) -> RequestTooLarge:
    return RequestTooLarge(f"the body is longer than {max_bytes} bytes (MAX_REQUEST_SIZE)")


def _decode(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson(f"the body is not UTF-8: byte {error.start} (0x{body[error.start]:02x})") from error
    try:
        document = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise InvalidJson(f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise InvalidJson("the body's arrays and objects are nested too deeply") from error
    except ValueError as error:
        raise InvalidJson("the body holds a number that is too long") from error
    if not isinstance(document, dict):
        raise InvalidJson(f'the body is {_json_name(document)}; send an object, such as {{"goal": "BOX(A -> A)"}}')
    return document


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise InvalidJson(f"the key {_shown(name)} is given twice")
            seen.add(name)
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidJson(f"{name} is no JSON value")


def _json_name(document: object) -> str:
    names = {list: "an array", str: "a string", bool: "a truth value", int: "a number", float: "a number"}
    return names.get(type(document), "null")


def _shown(text: str) -> str:
    """``text`` for a message: short, quoted and in ASCII."""
    return ascii(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "...")


def _wrong_fields(error: ValidationError, model: type[BaseModel]) -> InvalidFields:
    taken = ", ".join(model.model_fields)
    errors = []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        # pydantic names no place when it is the key itself that is no text.
        field = ".".join(str(part) for part in problem["loc"]) or "(a key)"
        message = f"there is no such field; this endpoint takes {taken}" if problem["type"] == "extra_forbidden" else problem["msg"]
        errors.append({"field": ascii(field[:_SHOWN_CHARACTERS])[1:-1], "message": message})
    summary = "; ".join(f"{wrong['field']}: {wrong['message']}" for wrong in errors[:5])
    return InvalidFields(summary, errors[:50])

"""The outermost layer: one line for each request, whatever becomes of it."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from logos_pxl.logs.opening import Logs
from logos_pxl.service.gate.access import AccessLog
from logos_pxl.service.gate.clients import Clients
from logos_pxl.service.routes import Routes
from logos_pxl.settings import ServiceSettings

Message = dict[str, Any]
START: Message = {"type": "http.response.start", "status": 200, "headers": []}


def scope(**changed: Any) -> Message:
    whole = {
        "type": "http",
        "method": "POST",
        "path": "/prove",
        "raw_path": b"/prove",
        "query_string": b"",
        "http_version": "1.1",
        "client": ("10.0.0.1", 1),
        "headers": [(b"user-agent", b"test"), (b"x-request-id", b"mine")],
    }
    return {**whole, **changed}


async def ask(app: Any, folder: Path, **changed: Any) -> tuple[list[Message], str, str]:
    """What was sent, and both logs afterwards."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    settings = ServiceSettings(PXL_LOG_DIR=folder, PXL_LOG_STDERR=False)  # type: ignore[call-arg]
    with Logs.open(settings) as logs:
        layer = AccessLog(app, logs.requests, Clients(()), Routes(()))
        try:
            await layer(scope(**changed), receive, send)
        except asyncio.CancelledError:
            sent.append({"type": "cancelled"})
    return sent, (folder / "access.log").read_text(), (folder / "pxl-server.log").read_text()


async def test_a_defect_before_the_answer_is_answered_and_told(tmp_path: Path) -> None:
    """500 with the request's id; the log has the trace under that id, without what the error says."""

    async def app(_scope: Message, _receive: object, _send: object) -> None:
        raise ValueError("confidential " + "text")

    sent, access, server = await ask(app, tmp_path)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 500
    assert (b"x-request-id", b"mine") in sent[0]["headers"]
    assert access.count("\n") == 1
    assert '"POST /prove HTTP/1.1" 500 ' in access
    lines = server.splitlines()
    assert "ERROR service.gate.access: a request failed with an unexpected error request_id=mine" in lines[0]
    assert all(line.startswith("  | mine ") for line in lines[1:-1])
    assert lines[-2] == "  | mine ValueError: (LOG_LEVEL=DEBUG shows the message)"
    assert lines[-1].endswith("ERROR POST (no endpoint) 500 request_id=mine")
    assert "confidential text" not in server


async def test_a_defect_in_the_middle_of_an_answer_is_told(tmp_path: Path) -> None:
    """Nothing is added to an answer that has begun."""

    async def app(_scope: Message, _receive: object, send: Any) -> None:
        await send(dict(START))
        raise ValueError

    sent, access, server = await ask(app, tmp_path)
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert '" 200 0 ' in access
    assert "ValueError" in server


async def test_a_request_that_is_given_up_has_its_line(tmp_path: Path) -> None:
    """With the status 499, and the cancellation goes on."""

    async def app(_scope: Message, _receive: object, _send: object) -> None:
        raise asyncio.CancelledError

    sent, access, _ = await ask(app, tmp_path)
    assert sent == [{"type": "cancelled"}]
    assert '" 499 0 ' in access


async def test_bytes_of_a_streamed_answer_are_counted(tmp_path: Path) -> None:
    """All pieces of it."""

    async def app(_scope: Message, _receive: object, send: Any) -> None:
        await send(dict(START))
        for _ in range(3):
            await send({"type": "http.response.body", "body": b"1234", "more_body": True})
        await send({"type": "http.response.body"})

    _, access, _ = await ask(app, tmp_path)
    assert '" 200 12 ' in access


async def test_other_scopes_pass_untouched(tmp_path: Path) -> None:
    """The life of the application is no request."""
    seen = []

    async def app(given: Message, _receive: object, _send: object) -> None:
        seen.append(given)

    given = {"type": "lifespan"}
    sent, access, _ = await ask(app, tmp_path, **given)
    assert (sent, access) == ([], "")
    assert seen[0]["type"] == "lifespan"


async def test_logging_is_as_it_was_afterwards(tmp_path: Path) -> None:
    """Handlers and level of the root logger are put back."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)

    async def app(_scope: Message, _receive: object, send: Any) -> None:
        await send(dict(START))

    await ask(app, tmp_path)
    assert (root.handlers[:], root.level) == before


def test_the_last_words_of_a_process_are_written(tmp_path: Path) -> None:
    """An error that ends it is in the log, with everything that was told before."""
    settings = ServiceSettings(PXL_LOG_DIR=tmp_path, PXL_LOG_STDERR=False)  # type: ignore[call-arg]

    def end() -> None:
        with Logs.open(settings):
            for number in range(1000):
                logging.getLogger("part").info("line %d", number)
            raise RuntimeError("the end")

    with pytest.raises(RuntimeError):
        end()
    text = (tmp_path / "pxl-server.log").read_text()
    assert all(f"line {number}\n" in text for number in range(1000))
    assert "CRITICAL logs.opening: the service ends by an error" in text
    assert "RuntimeError: the end" in text

"""The server for agents, asked by the protocol's own client, over both transports, as a process."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from e2e.running import HARD, ROOT, Server, free_port
from e2e.test_cli import pxl, reseal
from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult
from scripted_server import VERDICT, answer, problem, scripted

from logos_pxl.goals import Goal

PROGRAM = str(Path(sys.executable).with_name("pxl"))
TOOLS = {"prove", "countermodel", "explain", "check_certificate"}


def stdio(*arguments: str, **environment: str) -> StdioServerParameters:
    """How a host would start the server."""
    return StdioServerParameters(command=PROGRAM, args=["mcp", *arguments], env={**os.environ, **environment}, cwd=str(ROOT))


@contextlib.contextmanager
def http_server(folder: Path, *arguments: str) -> Iterator[str]:
    """The server over HTTP, as a process; its address."""
    port = free_port()
    with (folder / "mcp.log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "mcp", "--http", "--port", str(port), *arguments], cwd=ROOT, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            assert process.poll() is None, (folder / "mcp.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) in (0, -signal.SIGTERM)


@pytest.fixture(scope="module")
def http_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server over HTTP, on the local engine, for several tests."""
    with http_server(tmp_path_factory.mktemp("mcp"), "--jobs", "1") as address:
        yield address


def content(result: CallToolResult) -> dict[str, Any]:
    """The typed output, which must be the text's too."""
    assert not result.is_error, result
    assert result.structured_content is not None
    assert json.loads(words(result)) == result.structured_content
    return result.structured_content


def words(result: CallToolResult) -> str:
    return "".join(part.text for part in result.content if part.type == "text")


@pytest.fixture(scope="module")
def certificates() -> dict[str, dict[str, Any]]:
    """A true one and a forged one, whose id fits."""
    honest = json.loads(pxl("export", "--json", "BOX(A -> A)").stdout)
    return {"honest": honest, "forged": reseal(honest), "changed": {**honest, "goal": "BOX(A -> B)"}}


Call = Callable[..., Awaitable[CallToolResult]]


@pytest.mark.parametrize("way", ["stdio", "http", "stdio to a service"])
async def test_an_agents_session(way: str, http_address: str, certificates: dict[str, dict[str, Any]], server: Server) -> None:
    """What it can, verdicts, errors, explanations and checks: the same over both transports, on the engine and on a service."""
    targets = {"stdio": stdio("--jobs", "1"), "http": http_address, "stdio to a service": stdio("--url", str(server.client.base_url))}
    async with Client(targets[way], read_timeout_seconds=120) as client:

        async def call(name: str, **arguments: object) -> CallToolResult:
            result = await client.call_tool(name, arguments)
            assert isinstance(result, CallToolResult)
            return result

        await check_what_it_can(client)
        await check_verdicts(call)
        await check_errors(call)
        await check_explanations(call)
        await check_certificates(call, certificates, server if "service" in way else None)


async def check_what_it_can(client: Client) -> None:
    """Four tools with descriptions, schemas for what they take and give, nothing that changes anything; and the syntax."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert tools.keys() == TOOLS
    for tool in tools.values():
        assert tool.description
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is True
        assert tool.output_schema is not None
    assert tools["prove"].output_schema["properties"]["verdict"]["enum"] == ["valid", "invalid", "unknown"]  # type: ignore[index]
    assert tools["prove"].input_schema["properties"]["timeout_ms"]["maximum"] == 60_000
    (resource,) = (await client.list_resources()).resources
    syntax = (await client.read_resource(resource.uri)).contents[0].text  # type: ignore[union-attr]
    assert "BOX(p)" in syntax


async def check_verdicts(call: Call) -> None:
    """Valid with Coq's statement, invalid with worlds that refute the goal, unknown in bounded time with its reason."""
    valid = content(await call("prove", goal="[](p -> q) -> ([]p -> []q)"))
    assert (valid["verdict"], valid["verified"], valid["countermodel"]) == ("valid", True, None)
    assert valid["statement"].startswith("Prov (")
    invalid = content(await call("prove", goal="p → □p"))
    assert (invalid["goal"], invalid["verdict"], invalid["verified"]) == ("p -> BOX(p)", "invalid", True)
    model = invalid["countermodel"]
    assert model["failing_world"] == "w0"
    worlds = [[atom for atom, true in model["valuation"].items() if world in true] for world in model["worlds"]]
    assert Goal.parse(invalid["goal"]).formula.evaluate(worlds)[0] is False
    undecided = content(await call("prove", goal=HARD, timeout_ms=300))
    assert (undecided["verdict"], undecided["verified"], undecided["reason"]) == ("unknown", False, "timeout")
    assert content(await call("countermodel", goal="<>p -> p"))["exists"] is True
    assert content(await call("countermodel", goal="p -> <>p"))["exists"] is False
    assert content(await call("countermodel", goal=HARD, timeout_ms=300))["exists"] is None


async def check_errors(call: Call) -> None:
    """Tool errors in the parser's words, with the place and a caret; and what a schema refuses says what would be right."""
    malformed = await call("prove", goal="BOX(A -> )")
    assert malformed.is_error
    assert "line 1, column 10" in words(malformed)
    assert "BOX(A -> )\n         ^" in words(malformed)
    too_long = await call("prove", goal="p", timeout_ms=10_000_000)
    assert too_long.is_error
    assert "60000" in words(too_long)


async def check_explanations(call: Call) -> None:
    """Sentences, and for an invalid goal the table."""
    why_not = content(await call("explain", goal="p -> []p"))
    assert why_not["explanation"][0] == "1. p → □p fails at w0: p holds and □p fails there. [2, 3]"
    assert why_not["table"] == {"p": ["w0"], "□p": [], "p → □p": ["w1"]}
    why = content(await call("explain", goal="[]p -> p"))
    assert (why["verdict"], why["table"]) == ("valid", None)
    assert any("axiom T" in sentence for sentence in why["explanation"])


async def check_certificates(call: Call, certificates: dict[str, dict[str, Any]], service: Server | None) -> None:
    """A certificate that nobody's kernel accepted is never accepted; a service is asked for those that it made."""
    if service is not None:
        assert service.prove("BOX(A -> A)").json()["id"] == certificates["honest"]["id"]
    for given in (certificates["honest"], json.dumps(certificates["honest"])):
        checked = content(await call("check_certificate", certificate=given))
        assert (checked["accepted"], checked["kind"], checked["goal"]) == (True, "proof", "BOX(A -> A)")
    forged = content(await call("check_certificate", certificate=certificates["forged"]))
    assert forged["accepted"] is (False if service is None else None)
    assert forged["reason"]
    for bad in (certificates["changed"], "no JSON", {"format": "pxl-certificate/9"}):
        refused = await call("check_certificate", certificate=bad)
        assert refused.is_error
        assert "pxl-certificate/1" in words(refused)
        assert "Traceback" not in words(refused)


async def test_a_service_that_fails_is_a_tool_error() -> None:
    """Whatever the service does, an agent is never told a verdict that is none."""
    faults = [
        ([answer(VERDICT | {"verified": False})], "nothing is taken from it"),
        ([problem("kernel-rejected", 500, "search and kernel disagree")], "search and kernel disagree"),
        ([problem("unauthenticated", 401, reason="missing-signature")], "HMAC_SECRET_KEY"),
        ([b""] * 5, "broke before the answer was complete"),
    ]
    with scripted(*[reply for replies, _ in faults for reply in replies]) as script:
        async with Client(stdio("--url", script.address), read_timeout_seconds=60) as client:
            for _, says in faults:
                result = await client.call_tool("prove", {"goal": "p"})
                assert isinstance(result, CallToolResult)
                assert result.is_error
                assert says in words(result)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example:80"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1.evil.example:8090"}, 403),
        ({"Content-Type": "text/plain"}, 400),
        ({"Origin": "http://localhost:3000"}, 200),
        ({}, 200),
    ],
)
def test_pages_of_strangers_cannot_ask(http_address: str, headers: dict[str, str], status: int) -> None:
    """Another name than loopback in Host or Origin is refused: a browser's page under a name of its own has one."""
    message = {
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
    }  # fmt: skip
    sent = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **headers}
    assert httpx2.post(http_address, content=json.dumps(message), headers=sent, timeout=60).status_code == status


def test_other_machines_are_served_only_on_purpose() -> None:
    """An address that others reach needs a name under which they ask."""
    ran = pxl("mcp", "--http", "--host", "0.0.0.0", "--port", str(free_port()))
    assert ran.returncode == 2
    assert "--allow-host" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_it_needs_no_engine_to_ask_a_service(server: Server) -> None:
    """With ``--url`` the server starts, and answers, where the engine cannot be imported."""
    code = (
        "import sys\nclass Wall:\n def find_spec(self, name, path=None, target=None):\n"
        "  if name == 'logos_pxl_engine': raise ImportError('blocked')\n"
        "sys.meta_path.insert(0, Wall())\nfrom logos_pxl.cli import main\nmain()"
    )
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize",
         "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "prove", "arguments": {"goal": "p -> p"}}},
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", code, "mcp", "--url", str(server.client.base_url)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    for message in messages:
        process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()
    lines = [json.loads(process.stdout.readline()) for _ in range(2)]
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert lines[1]["result"]["structuredContent"]["verdict"] == "valid"

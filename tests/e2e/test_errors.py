"""Every refusal, over HTTP: problem details with the right status."""

import json
from typing import Any

import pytest
from e2e.running import Server

JSON = {"Content-Type": "application/json"}


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The response's document, when it is this problem."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["type"] == f"urn:pxl:problem:{code}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    return document


def test_a_malformed_goal_is_told_with_its_place(server: Server) -> None:
    """Position, what was found, what was expected, and a caret line."""
    document = problem(server.prove("BOX(A -> )"), 400, "malformed-goal")
    assert document["position"] == {"offset": 9, "line": 1, "column": 10}
    assert ")" in document["found"]
    assert document["expected"]
    assert document["caret"].splitlines()[-1].index("^") == document["caret"].splitlines()[-2].index(" )") + 1


@pytest.mark.parametrize("goal", ["", "   ", "BOX", "A B", "A ->", "(A", "A)", "A -> -> B", "#", "\x00", "A\x00", "BOX(A \u2192 )", "a.b"])
def test_what_is_no_formula_is_malformed(server: Server, goal: str) -> None:
    """Each of them is the caller's error with a position."""
    document = problem(server.prove(goal), 400, "malformed-goal")
    assert document["position"]["line"] >= 1


def test_a_goal_past_a_limit_is_told_which(server: Server) -> None:
    """The limit's name and value are in the answer."""
    document = problem(server.prove("~" * 10_001 + "A"), 413, "goal-too-large")
    assert (document["limit"], document["maximum"]) == ("max_depth", 10_000)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid-json"),
        (b"{", "invalid-json"),
        (b'{"goal": "\xff"}', "invalid-json"),
        (b'{"goal": "A", "goal": "B"}', "invalid-json"),
        (b'{"goal": "A", "timeout_ms": NaN}', "invalid-json"),
        (b'["A"]', "invalid-json"),
        (b"[" * 100_000, "invalid-json"),
        (b"{}", "invalid-fields"),
        (b'{"goal": 1}', "invalid-fields"),
        (b'{"goal": "A", "timeout_ms": "1"}', "invalid-fields"),
        (b'{"goal": "A", "timeout": 1}', "invalid-fields"),
        (b'{"goal": "\\ud800"}', "malformed-goal"),
        (b'{"goal": "A", "timeout_ms": 60001}', "timeout-too-long"),
        (b'{"goal": "A", "timeout_ms": 1000000000}', "timeout-too-long"),
    ],
)
def test_a_wrong_body_is_400(server: Server, body: bytes, code: str) -> None:
    """Broken JSON, ambiguous JSON, wrong fields and a budget over the cap."""
    problem(server.client.post("/prove", content=body, headers=JSON), 400, code)


def test_the_largest_budget_is_taken(server: Server) -> None:
    """The cap itself is allowed."""
    assert server.prove("A -> A", timeout_ms=60_000).json()["ok"] is True


def test_an_unknown_field_is_named(server: Server) -> None:
    """So that a misspelled one is found."""
    document = problem(server.prove("A", time_out=3), 400, "invalid-fields")
    assert document["errors"][0]["field"] == "time_out"


@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {}, {**JSON, "Content-Encoding": "gzip"}])
def test_another_media_type_is_415(server: Server, headers: dict[str, str]) -> None:
    """Only JSON is read."""
    problem(server.client.post("/prove", content=b'{"goal": "A"}', headers=headers), 415, "unsupported-media-type")


def test_a_body_over_the_limit_is_413_before_it_is_read(server: Server) -> None:
    """The answer comes while the body is still to be sent, whether its length was announced or not."""
    import socket  # noqa: PLC0415

    for head in (b"Content-Length: 1073741824", b"Transfer-Encoding: chunked"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(b"POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + head + b"\r\n\r\n")
            if b"chunked" in head:
                chunk = b"%x\r\n" % (1 << 16) + b" " * (1 << 16) + b"\r\n"
                for _ in range(40):
                    connection.sendall(chunk)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        assert answer.startswith(b"HTTP/1.1 413 ")
        document = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert document["type"] == "urn:pxl:problem:request-too-large"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/prove"), ("DELETE", "/countermodel"), ("POST", "/health"), ("PUT", "/openapi.json")]
)
def test_a_wrong_method_is_405(server: Server, method: str, path: str) -> None:
    """With the methods that would do."""
    response = server.client.request(method, path)
    problem(response, 405, "method-not-allowed")
    assert response.headers["allow"]


@pytest.mark.parametrize("path", ["/web", "/web/none.js", "/proof", "/prove/", "/certificates", "/certificates/a/b", "/{path}"])
def test_an_unknown_path_is_404(server: Server, path: str) -> None:
    """Nothing else answers."""
    problem(server.client.request("GET", path), 404, "not-found")


@pytest.mark.parametrize("name", ["0" * 64, "0" * 63, "zz", "0" * 64 + ".txt", "A" * 64])
def test_an_unknown_certificate_is_404(server: Server, name: str) -> None:
    """Whether the id is none or only not kept."""
    problem(server.client.get(f"/certificates/{name}"), 404, "certificate-not-found")


@pytest.mark.parametrize("path", ["/..%2fetc%2fpasswd", "/certificates/..%2f..%2fetc%2fpasswd", "/certificates/%00"])
def test_a_path_with_tricks_is_refused(server: Server, path: str) -> None:
    """Before it is looked up."""
    problem(server.client.get(path), 400, "ambiguous-request")


def test_after_all_that_the_server_is_healthy(server: Server) -> None:
    """No refusal left a mark."""
    assert server.healthy()

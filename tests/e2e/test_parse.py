"""POST /parse: how a goal is understood."""

from e2e.running import Server
from e2e.test_openapi import check


def test_a_goal_is_told_in_every_notation_with_its_subformulas(server: Server) -> None:
    """And measured."""
    answer = server.client.post("/parse", json={"goal": "\\Box (p \\to q) \\to \\Diamond p"}).json()
    assert answer["goal"] == "BOX(p -> q) -> DIA(p)"
    assert answer["notations"] == {
        "manual": "BOX(p -> q) -> DIA(p)",
        "ascii": "[](p -> q) -> <>p",
        "unicode": "□(p → q) → ◇p",
        "latex": "\\Box (p \\to q) \\to \\Diamond p",
    }
    assert (answer["size"], answer["depth"], answer["modal_depth"]) == (7, 3, 1)
    assert answer["subformulas"][-1] == {"op": "imp", "args": [4, 5]}


def test_a_malformed_goal_is_refused_with_its_place(server: Server) -> None:
    """As POST /prove refuses it."""
    answers = [server.client.post(path, json={"goal": "BOX(A -> )"}) for path in ("/parse", "/prove")]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["position"] == {"offset": 9, "line": 1, "column": 10}


def test_a_large_goal_is_measured_only(server: Server) -> None:
    """The answer does not grow with what a goal could be printed as; at the bound it is still whole."""
    whole = server.client.post("/parse", json={"goal": " /\\ ".join(["p"] * 1000)}).json()
    assert whole["size"] == 1999
    assert len(whole["subformulas"]) == 1000
    large = server.client.post("/parse", json={"goal": " /\\ ".join(["p"] * 1001)}).json()
    assert (large["size"], large["notations"], large["subformulas"]) == (2001, None, None)


def test_the_limits_hold_here_too(server: Server) -> None:
    """Too deep a goal, and fields that there are not."""
    assert server.client.post("/parse", json={"goal": "~" * 10_001 + "A"}).status_code == 413
    refused = server.client.post("/parse", json={"goal": "A", "timeout_ms": 5})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "timeout_ms")


def test_the_answers_fit_the_openapi_document(server: Server) -> None:
    """Those of goals, large ones, and refusals."""
    document = server.client.get("/openapi.json").json()
    for goal in ("[]p -> p", " /\\ ".join(["p"] * 1001), "BOX(A -> )", "~" * 10_001 + "A", 5):
        check(document, "/parse", "post", server.client.post("/parse", json={"goal": goal}))


def test_it_is_counted(server: Server) -> None:
    """Like every endpoint, under its own name."""

    def count(status: int) -> float:
        name = f'logos_pxl_http_requests_total{{endpoint="POST /parse",status="{status}"}}'
        return float(server.client.get("/metrics").json().get(name, 0))

    before = [count(200), count(400)]
    server.client.post("/parse", json={"goal": "A"})
    server.client.post("/parse", json={"goal": "A ->"})
    assert [count(200), count(400)] == [before[0] + 1, before[1] + 1]

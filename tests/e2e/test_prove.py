"""POST /prove and POST /countermodel."""

import socket
import time
from pathlib import Path

import pytest
from e2e.running import HARD, Server, running_server, wait_for


def test_the_manuals_goal_is_proved(server: Server) -> None:
    """The goal of the operations manual: valid, checked, with everything that an operator reads in the answer."""
    response = server.prove("BOX(A -> A)")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert answer["ok"] is True
    assert (answer["verdict"], answer["verified"], answer["logic"]) == ("valid", True, "S5")
    assert (answer["goal"], answer["proof_method"], answer["cache_hit"]) == ("BOX(A -> A)", "search+kernel", False)
    assert len(answer["id"]) == 64
    assert answer["kernel_hash"] == server.client.get("/health").json()["kernel_hash"]
    assert answer["versions"]["coq"] == "8.16.1"
    assert "reason" not in answer
    assert "countermodel" not in answer


def test_the_statement_is_printed_by_coq(server: Server) -> None:
    """The theorem comes back in Coq's own words, with the goal's own names, for a proof and for a refutation."""
    proved = server.prove("BOX(rain -> rain)").json()["statement"]
    assert " ".join(proved.split()) == 'Prov (□ ("rain" → "rain"))'
    refuted = server.prove("rain -> BOX(rain)").json()["statement"]
    assert " ".join(refuted.split()) == '~ Prov ("rain" → □ "rain")'


def test_the_timings_add_up(server: Server) -> None:
    """Each part is told, and the total is at least their sum."""
    answer = server.prove("BOX(p -> q) -> (BOX(p) -> BOX(q))").json()
    parts = answer["timings_ms"]
    total = parts.pop("total")
    assert set(parts) == {"parse", "cache", "queue", "search", "kernel", "store"}
    assert all(value >= 0 for value in parts.values())
    assert parts["search"] > 0
    assert parts["kernel"] > 0
    assert sum(parts.values()) <= total + 0.01
    assert answer["latency_ms"] == total


def test_an_invalid_goal_is_an_answer_with_a_countermodel(server: Server) -> None:
    """HTTP 200, not ok, and a model whose failing world one can check by hand."""
    response = server.prove("BOX(p \\/ q) -> BOX(p) \\/ BOX(q)")
    assert response.status_code == 200
    answer = response.json()
    assert (answer["ok"], answer["verdict"], answer["verified"]) == (False, "invalid", True)
    model = answer["countermodel"]
    assert model["failing_world"] in model["worlds"]
    assert model["relation"]["kind"] == "universal"
    assert {tuple(pair) for pair in model["relation"]["pairs"]} == {(one, other) for one in model["worlds"] for other in model["worlds"]}
    p, q, worlds = set(model["valuation"]["p"]), set(model["valuation"]["q"]), set(model["worlds"])
    assert p | q == worlds
    assert p != worlds
    assert q != worlds


def test_every_atom_of_the_goal_is_in_the_valuation(server: Server) -> None:
    """Also one that is false everywhere."""
    model = server.prove("p \\/ BOX(q)").json()["countermodel"]
    assert set(model["valuation"]) == {"p", "q"}
    assert model["failing_world"] not in model["valuation"]["p"]


def test_asking_again_gives_the_same_id(server: Server) -> None:
    """The id is a hash of what was proved, and the search is deterministic; another goal has another id."""
    first, again, other = (server.prove(goal).json()["id"] for goal in ("BOX(A -> A)", "□(A → A)", "BOX(B -> B)"))
    assert first == again
    assert first != other


def test_a_budget_that_is_too_small_is_an_answer(server: Server) -> None:
    """A goal that is too hard for its timeout_ms: HTTP 200, unknown, timeout, and within the budget."""
    started = time.monotonic()
    response = server.prove(HARD, timeout_ms=300)
    assert time.monotonic() - started < 3
    assert response.status_code == 200
    answer = response.json()
    assert (answer["ok"], answer["verdict"], answer["verified"], answer["reason"]) == (False, "unknown", False, "timeout")
    assert answer["id"] is None
    assert answer["statement"] is None
    assert answer["detail"]


def test_a_countermodel_is_found_when_there_is_one(server: Server) -> None:
    """The other question: whether a model falsifies the goal."""
    answer = server.client.post("/countermodel", json={"goal": "p -> BOX(p)"}).json()
    assert (answer["ok"], answer["exists"], answer["verdict"], answer["verified"]) == (True, True, "invalid", True)
    model = answer["countermodel"]
    assert model["failing_world"] in model["valuation"]["p"]
    assert set(model["valuation"]["p"]) != set(model["worlds"])


def test_a_proof_says_that_there_is_no_countermodel(server: Server) -> None:
    """A valid goal has none, and the answer rests on its proof."""
    answer = server.client.post("/countermodel", json={"goal": "BOX(p) -> p"}).json()
    assert (answer["ok"], answer["exists"], answer["verdict"], answer["countermodel"]) == (True, False, "valid", None)
    assert answer["statement"].startswith("Prov")


def test_an_undecided_goal_is_not_said_to_have_or_lack_a_countermodel(server: Server) -> None:
    """Unknown is neither."""
    answer = server.client.post("/countermodel", json={"goal": HARD, "timeout_ms": 200}).json()
    assert (answer["ok"], answer["exists"], answer["verdict"], answer["countermodel"]) == (False, None, "unknown", None)


def test_a_client_that_goes_away_frees_its_search(folder: Path) -> None:
    """With one search thread, an abandoned long search does not keep the next caller waiting."""
    with running_server(folder, PXL_THREADS="1") as server:
        body = b'{"goal": "' + HARD.replace("\\", "\\\\").encode() + b'", "timeout_ms": 60000}'
        with socket.create_connection(("127.0.0.1", server.port)) as leaving:
            leaving.sendall(
                b"POST /prove HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            wait_for(lambda: server.metric("logos_pxl_searches_running") == 1)
        started = time.monotonic()
        # Large enough not to be searched where it arrives.
        assert server.prove(" /\\ ".join(["BOX(A -> A)"] * 100), timeout_ms=20_000).json()["ok"] is True
        assert time.monotonic() - started < 5


@pytest.mark.parametrize("path", ["/prove", "/countermodel"])
def test_both_doors_take_the_same_notations(server: Server, path: str) -> None:
    """The notation of the goal does not matter."""
    verdicts = {server.client.post(path, json={"goal": goal}).json()["goal"] for goal in ("BOX(A -> A)", "[](A -> A)", "□(A → A)")}
    assert verdicts == {"BOX(A -> A)"}

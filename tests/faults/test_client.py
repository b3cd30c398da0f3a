"""The client against servers that die, are slow, refuse, or lie."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from e2e.running import free_port
from scripted_server import COUNTERMODEL, HOLD, INVALID, VERDICT, Script, answer, lines, problem, scripted

from logos_pxl.client import (
    NEVER,
    AsyncPxlClient,
    ConnectionFailed,
    MalformedGoal,
    NotAuthorised,
    Overloaded,
    ProtocolError,
    PxlClient,
    PxlError,
    QuotaExceeded,
    RequestError,
    Retrying,
    ServiceFailed,
    ServiceUnavailable,
    SoundnessAlarm,
    Verdict,
)
from logos_pxl.wire.ids import certificate_id

KEY = "0c" * 32
QUICK = Retrying(attempts=4, total_s=20, initial_s=0.01, longest_s=0.05, jitter_s=0.01)

Prove = Callable[..., Verdict]


def by_sync(script: Script, goal: str = "[]p -> p", *, retrying: Retrying = QUICK, key: str | None = None) -> Verdict:
    with PxlClient(script.address, retrying=retrying, key=key) as client:
        return client.prove(goal)


def by_async(script: Script, goal: str = "[]p -> p", *, retrying: Retrying = QUICK, key: str | None = None) -> Verdict:
    async def ask() -> Verdict:
        async with AsyncPxlClient(script.address, retrying=retrying, key=key) as client:
            return await client.prove(goal)

    return asyncio.run(ask())


@pytest.fixture(params=[by_sync, by_async], ids=["sync", "async"])
def prove(request: pytest.FixtureRequest) -> Prove:
    """Either client."""
    return request.param


@pytest.mark.parametrize(
    "fault",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        answer(VERDICT)[:-7],
        problem("overloaded", 503),
        problem("too-many-connections", 503),
        problem("kernel-unavailable", 503, retry_after="0"),
        problem("quota-exceeded", 429, retry_after="0"),
        answer(b"<html>", status=502, media_type="text/html"),
        answer(b"", status=504, media_type="text/html"),
        problem("request-timeout", 408),
    ],
    ids=["closed", "half a head", "half a body", "overloaded", "connections", "no kernel", "quota", "proxy 502", "proxy 504", "slow body"],
)
def test_what_may_pass_is_asked_again(prove: Prove, fault: bytes) -> None:
    """Twice a fault, then the verdict; the caller notices nothing."""
    with scripted(fault, fault, answer(VERDICT)) as script:
        assert prove(script).valid
        assert len(script.requests) == 3


def test_each_try_is_signed_anew(prove: Prove) -> None:
    """No nonce and no signature is sent twice, and each fits its request."""
    from logos_pxl.wire.signing import canonical_string, key_of_hex, signature  # noqa: PLC0415

    with scripted(b"", problem("overloaded", 503), answer(VERDICT)) as script:
        assert prove(script, key=KEY).valid
    assert len({headers["x-nonce"] for _, headers, _ in script.requests}) == 3
    for first, headers, body in script.requests:
        method, target, _ = first.split()
        canonical = canonical_string(method, target, headers["x-timestamp"], headers["x-nonce"], body)
        assert headers["x-signature"] == signature(key_of_hex(KEY), canonical)


def test_retry_after_is_waited_for(prove: Prove) -> None:
    """Not less than the service says."""
    with scripted(problem("quota-exceeded", 429, retry_after="1"), answer(VERDICT)) as script:
        began = time.monotonic()
        assert prove(script).valid
        assert time.monotonic() - began >= 1.0


def test_a_retry_after_beyond_patience_is_told_at_once(prove: Prove) -> None:
    """The error says how long it would be; nobody waits."""
    with scripted(problem("quota-exceeded", 429, retry_after="3600"), answer(VERDICT)) as script:
        with pytest.raises(QuotaExceeded) as raised:
            prove(script)
        assert raised.value.retry_after_s == 3600
        assert len(script.requests) == 1


def test_tries_are_counted(prove: Prove) -> None:
    """After the last one the error comes out, and it is the last one's."""
    with scripted(*[problem("overloaded", 503)] * 9) as script:
        with pytest.raises(Overloaded):
            prove(script)
        assert len(script.requests) == QUICK.attempts
    with scripted(*[problem("overloaded", 503)] * 9) as script:
        with pytest.raises(Overloaded):
            prove(script, retrying=NEVER)
        assert len(script.requests) == 1


def test_nobody_listens(prove: Prove) -> None:
    """The message names the address."""
    port = free_port()
    with pytest.raises(ConnectionFailed, match=f"127.0.0.1:{port}.*is the service up"):
        prove(Script(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("silent", [HOLD, answer(VERDICT)[:-7] + HOLD], ids=["no answer", "half an answer"])
def test_a_server_that_falls_silent_is_not_waited_for_for_ever(silent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is bounded, and the error says so."""
    monkeypatch.setattr("logos_pxl.client.connecting._SLACK_S", 0.3)
    with (
        scripted(silent) as script,
        PxlClient(script.address, retrying=NEVER) as client,
        pytest.raises(ConnectionFailed, match="in time"),
    ):
        client.prove("p", timeout_ms=100)


@pytest.mark.parametrize(
    ("refused", "error", "says"),
    [
        (problem("unauthenticated", 401, reason="missing-signature"), NotAuthorised, "HMAC_SECRET_KEY"),
        (problem("unauthenticated", 401, reason="timestamp-outside-window"), NotAuthorised, "clocks"),
        (problem("unauthenticated", 401, reason="of-tomorrow"), NotAuthorised, "refuses this client"),
        (problem("of-tomorrow", 409), RequestError, "of-tomorrow"),
        (problem("of-tomorrow", 500), ServiceFailed, "of-tomorrow"),
        (answer(b"no", status=403, media_type="text/plain"), NotAuthorised, "in front"),
        (problem("invalid-fields", 400, "timeout_ms: too small"), RequestError, "timeout_ms"),
        (problem("kernel-rejected", 500), SoundnessAlarm, "so it is"),
        (problem("internal", 500), ServiceFailed, "internal"),
        (answer(b"", status=301, media_type="text/html", Location="https://elsewhere/"), ProtocolError, "https://elsewhere/"),
        (answer(b"<html>hello</html>", media_type="text/html"), ProtocolError, "text/html"),
        (answer(b"not here", status=404, media_type="text/plain"), ProtocolError, "is the address right"),
        (answer({"type": 1}, status=400, media_type="application/problem+json"), ProtocolError, "cannot be read"),
        (answer([], status=400, media_type="application/problem+json"), ProtocolError, "cannot be read"),
        (problem("malformed-goal", 400), ProtocolError, "members of the problem are missing"),
    ],
)
def test_what_will_not_pass_is_told_at_once(prove: Prove, refused: bytes, error: type[PxlError], says: str) -> None:
    """One try; the class and the message say what to do."""
    with scripted(refused) as script:
        with pytest.raises(error, match=says):
            prove(script)
        assert len(script.requests) == 1


LIES: dict[str, dict[str, Any]] = {
    "valid, not verified": VERDICT | {"verified": False},
    "verified as a word": VERDICT | {"verified": "true"},
    "verified as a number": VERDICT | {"verified": 1},
    "valid, not ok": VERDICT | {"ok": False},
    "ok, invalid": INVALID | {"ok": True},
    "no id": VERDICT | {"id": None},
    "valid with a countermodel": VERDICT | {"countermodel": COUNTERMODEL},
    "invalid without one": {name: value for name, value in INVALID.items() if name != "countermodel"},
    "a countermodel that makes the goal true": INVALID | {"countermodel": COUNTERMODEL | {"valuation": {"p": []}}},
    "a countermodel that leaves out an atom": INVALID | {"countermodel": COUNTERMODEL | {"valuation": {}}},
    "a countermodel that fails nowhere": INVALID | {"countermodel": COUNTERMODEL | {"failing_world": "w7"}},
    "another logic": VERDICT | {"logic": "K"},
    "about another goal": VERDICT | {"goal": "BOX(q) -> q"},
    "about a goal that binds otherwise": VERDICT | {"goal": "BOX(p -> p)"},
    "a fourth verdict": VERDICT | {"verdict": "probably"},
    "unknown, verified": VERDICT | {"ok": False, "verdict": "unknown", "reason": "timeout"},
    "unknown for no reason": VERDICT | {"ok": False, "verdict": "unknown", "verified": False, "id": None},
    "valid with a reason for not knowing": VERDICT | {"reason": "timeout"},
    "a member missing": {name: value for name, value in VERDICT.items() if name != "kernel_hash"},
    "no object": {"goal": "p"},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_is_no_verdict(prove: Prove, lie: dict[str, Any]) -> None:
    """An answer that contradicts itself, or is not whole, is an error, whatever it claims."""
    asked = "p -> []p" if lie["goal"] == INVALID["goal"] else "[]p -> p"
    with scripted(answer(lie)) as script:
        with pytest.raises(ProtocolError, match="nothing is taken from it"):
            prove(script, asked)
        assert len(script.requests) == 1


def test_the_answers_that_the_lies_were_made_from_are_believed(prove: Prove) -> None:
    """So that the test above cannot pass for another reason."""
    for asked, truth in (("[]p -> p", VERDICT), ("p -> []p", INVALID)):
        with scripted(answer(truth)) as script:
            assert prove(script, asked).verdict == truth["verdict"]


NEWER: dict[str, dict[str, Any]] = {
    "a new member": VERDICT | {"signed_by": "x"},
    "a new version": VERDICT | {"versions": VERDICT["versions"] | {"solver": "4"}},
    "a new timing": VERDICT | {"timings_ms": VERDICT["timings_ms"] | {"network": 0.5}},
    "a new method": VERDICT | {"proof_method": "archive+kernel"},
    "a new reason": VERDICT | {"ok": False, "verdict": "unknown", "verified": False, "id": None, "reason": "of-tomorrow"},
    "a new constant": VERDICT | {"goal": "BOX(TOP) -> TOP"},
    "a new operator": VERDICT | {"goal": "BOX(p) => p"},
    "a new constant in a countermodel's goal": INVALID | {"goal": "p -> BOX(p) /\\ TOP"},
    "a new operator in a countermodel's goal": INVALID | {"goal": "p => BOX(p)"},
}


@pytest.mark.parametrize("newer", NEWER.values(), ids=NEWER)
def test_honest_answers_of_a_newer_service_are_believed(prove: Prove, newer: dict[str, Any]) -> None:
    """What this version does not know is kept and doubted nowhere."""
    asked = {"BOX(p) -> p": "[]p -> p", "BOX(TOP) -> TOP": "[]⊤ -> ⊤"}.get(newer["goal"], "□p ⊃ p")
    with scripted(answer(newer)) as script:
        verdict = prove(script, asked)
    assert (verdict.verdict, verdict.as_json()) == (newer["verdict"], newer)


def test_a_certificate_that_was_changed_is_refused() -> None:
    """Its id is worked out here, and must be the one that was asked for."""
    document = {
        "format": "pxl-certificate/1", "id": "cd" * 32, "kind": "proof", "logic": "S5", "goal": "p -> p", "statement": None,
        "certificate": "AA==", "kernel_hash": "ab" * 32, "versions": VERDICT["versions"], "created": "2026-01-01T00:00:00.000+00:00",
    }  # fmt: skip
    with (
        scripted(answer(document)) as script,
        PxlClient(script.address) as client,
        pytest.raises(ProtocolError, match="one of them was changed"),
    ):
        client.certificate("cd" * 32)


def test_a_certificate_of_another_goal_is_not_the_verdicts() -> None:
    """Also when it is a true one: its kind and goal are those of the verdict."""
    evidence, kernel = b"\x00", "ab" * 32
    document = {
        "format": "pxl-certificate/1", "id": certificate_id("proof", "q -> q", evidence, kernel), "kind": "proof", "logic": "S5",
        "goal": "q -> q", "statement": None, "certificate": "AA==", "kernel_hash": kernel, "versions": VERDICT["versions"],
        "created": "2026-01-01T00:00:00.000+00:00",
    }  # fmt: skip
    with scripted(answer(VERDICT | {"id": document["id"]}), answer(document)) as script, PxlClient(script.address) as client:
        verdict = client.prove("[]p -> p")
        with pytest.raises(ProtocolError, match="not what the verdict said"):
            client.certificate(verdict)


def line(index: int, goal: str) -> dict[str, object]:
    return {"index": index, "status": 200, "result": {**VERDICT, "goal": goal}}


def batch_sync(script: Script, goals: list[str]) -> list[tuple[int, str]]:
    with PxlClient(script.address, retrying=QUICK) as client:
        return [(item.index, item.verdict.verdict if item.verdict is not None else item.error.code) for item in client.prove_many(goals)]  # type: ignore[union-attr]


def batch_async(script: Script, goals: list[str]) -> list[tuple[int, str]]:
    async def ask() -> list[tuple[int, str]]:
        async with AsyncPxlClient(script.address, retrying=QUICK) as client:
            items = client.prove_many(goals)
            return [(item.index, item.verdict.verdict if item.verdict is not None else item.error.code) async for item in items]  # type: ignore[union-attr]

    return asyncio.run(ask())


@pytest.fixture(params=[batch_sync, batch_async], ids=["sync", "async"])
def batch(request: pytest.FixtureRequest) -> Callable[[Script, list[str]], list[tuple[int, str]]]:
    """Either client's ``prove_many``."""
    return request.param


@pytest.mark.parametrize("tail", [b"", b'{"index": 0, "status": 200, "result": {"ok": true, "verdict": "val'], ids=["between", "within"])
def test_a_stream_that_breaks_is_taken_up_where_it_broke(batch: Callable[..., Any], tail: bytes) -> None:
    """Half a line counts for nothing; only the goals without a line are asked again."""
    rest = lines(line(1, "c"), line(0, "a")) + b"0\r\n\r\n"
    with scripted(lines(line(1, "b"), tail=tail), rest) as script:
        assert batch(script, ["a", "b", "c"]) == [(1, "valid"), (2, "valid"), (0, "valid")]
    assert [json.loads(body)["goals"] for _, _, body in script.requests] == [["a", "b", "c"], ["a", "c"]]


def test_a_stream_that_ends_early_is_not_the_end(batch: Callable[..., Any]) -> None:
    """Also when it says that it is whole; and after three that bring nothing the client gives up, and what came stays."""
    empty = lines() + b"0\r\n\r\n"
    with scripted(lines(line(0, "a")) + b"0\r\n\r\n", empty, empty, empty, lines(line(0, "b"))) as script:
        with pytest.raises(ConnectionFailed, match="1 goals"):
            batch(script, ["a", "b"])
        assert len(script.requests) == 4


@pytest.mark.parametrize(
    "lie",
    [
        [line(7, "a")],
        [line(0, "a"), line(0, "a")],
        [line(0, "b")],
        [{"index": 0, "status": 200}],
        [{"index": 0, "status": 200, "result": LIES["valid, not verified"]}],
        [{"index": -1, "status": 200, "result": VERDICT}],
    ],
    ids=["not asked", "twice", "another's", "nothing", "unverified", "negative"],
)
def test_a_line_that_cannot_be_ends_the_batch(batch: Callable[..., Any], lie: list[dict[str, object]]) -> None:
    """With an error; a line is believed no more than an answer of its own."""
    with scripted(lines(*lie) + b"0\r\n\r\n") as script, pytest.raises(ProtocolError):
        batch(script, ["a", "b"])


def test_a_goal_that_met_no_capacity_is_asked_again_alone(batch: Callable[..., Any]) -> None:
    """And a refusal of its own is its item's error."""
    busy = {"index": 0, "status": 503, "problem": {"type": "urn:pxl:problem:overloaded", "title": "", "status": 503, "detail": "busy"}}
    bad = {"index": 1, "status": 413, "problem": {"type": "urn:pxl:problem:request-too-large", "title": "", "status": 413, "detail": "x"}}
    with scripted(lines(busy, bad) + b"0\r\n\r\n", answer(VERDICT | {"goal": "a"})) as script:
        assert batch(script, ["a", "b"]) == [(1, "request-too-large"), (0, "valid")]


def test_a_malformed_goal_has_its_place() -> None:
    """As the engine would raise it: offset, line, column, what was found and expected, a caret."""
    members = {
        "position": {"offset": 9, "line": 1, "column": 10},
        "found": "`)`",
        "expected": ["an atom"],
        "caret": "BOX(A -> )\n         ^",
    }
    with scripted(problem("malformed-goal", 400, "expected an atom", **members)) as script, pytest.raises(MalformedGoal) as raised:
        by_sync(script, "BOX(A -> )")
    error = raised.value
    assert (error.offset, error.line, error.column, error.found, error.expected) == (9, 1, 10, "`)`", ("an atom",))
    assert str(error) == "line 1, column 10: expected an atom\nBOX(A -> )\n         ^"


def test_unavailable_is_not_overloaded() -> None:
    """A caller can tell them apart."""
    with scripted(problem("kernel-unavailable", 503)) as script, pytest.raises(ServiceUnavailable):
        by_sync(script, retrying=NEVER)


@pytest.mark.parametrize("url", ["", "localhost:8088", "ftp://localhost", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """Before anything is sent, with an example of one."""
    with pytest.raises(RequestError, match=r"http://127\.0\.0\.1:8088"):
        PxlClient(url)


def test_a_key_that_is_none_is_refused_without_being_shown() -> None:
    """Keys do not belong into logs."""
    with pytest.raises(RequestError, match="signature key") as raised:
        PxlClient("http://127.0.0.1:1", key="secret")
    assert "secret" not in str(raised.value).replace("openssl", "")


def test_a_batch_that_is_refused_is_refused_as_a_whole(batch: Callable[..., Any]) -> None:
    """With the service's words, also when they come slowly; what may pass is asked again."""
    with scripted(problem("overloaded", 503), problem("batch-too-large", 413, "at most 1000")) as script:
        with pytest.raises(RequestError, match="at most 1000"):
            batch(script, ["a", "b"])
        assert len(script.requests) == 2


@pytest.mark.parametrize("tail", [b"x" * 100 + HOLD, HOLD], ids=["half", "nothing"])
def test_a_refusal_that_never_ends_is_not_waited_for(tail: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of a stream's opening is bounded too."""
    monkeypatch.setattr("logos_pxl.client.connecting._SLACK_S", 0.3)
    head = b"HTTP/1.1 500 X\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n"
    with scripted(head + tail) as script, PxlClient(script.address, retrying=NEVER) as client, pytest.raises(ConnectionFailed):
        list(client.prove_many(["p"], timeout_ms=100))

"""Hostile goals: a verdict or a clear error, and a service that stays healthy."""

import random

import pytest
from e2e.running import Server

MIB = 1 << 20


def balanced(parts: list[str], operator: str) -> str:
    """All parts joined, with as little depth as can be."""
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=False)
        parts = [f"({left} {operator} {right})" for left, right in pairs] + (parts[-1:] if len(parts) % 2 else [])
    return parts[0]


BIG = {
    "1 MB of one atom's name": "a" * 1_000_000,
    "1 MB of conjunction, too deep": " /\\ ".join(["A"] * 200_000),
    "1 MB of conjunction, too many nodes": balanced(["A"] * 140_000, "&"),
    "900 kB of conjunction, provable": balanced(["BOX(A->A)"] * 50_000, "&"),
    "900 kB of disjunction, not provable": balanced(["BOX(A)"] * 65_536, "|"),
    "1 MB of spaces": " " * 1_000_000 + "A -> A",
    "100,000 nested parentheses": "(" * 100_000 + "A -> A" + ")" * 100_000,
    "100,000 open parentheses": "(" * 100_000,
    "100,000 closing parentheses": "A" + ")" * 100_000,
    "100,000 negations": "~" * 100_000 + "A",
    "9,999 negations": "~" * 9_999 + "A",
    "9,999 boxes": "BOX(" * 9_999 + "A" + ")" * 9_999,
    "9,998 boxes, provable": "BOX(" * 9_998 + "A -> A" + ")" * 9_998,
    "10,000 atoms, provable": " /\\ ".join(f"(a{n} -> a{n})" for n in range(10_000)),
    "2,000 atoms, provable": " /\\ ".join(f"(a{n} -> a{n})" for n in range(2_000)),
    "10,000 atoms, not provable": " -> ".join(f"a{n}" for n in range(10_000)),
    "30,000 atoms": " -> ".join(f"a{n}" for n in range(30_000)),
    "5,000 implications to the left": "(" * 5_000 + "A" + " -> A)" * 5_000,
    "3,000 equivalences": " <-> ".join(["A"] * 3_001),
    "2,000 different diamonds": " /\\ ".join(f"DIA(a{n})" for n in range(2_000)),
    "1,000 different boxes": " \\/ ".join(f"BOX(a{n})" for n in range(1_000)),
}

TRICKS = [
    'A" -> "A',
    'A"). Qed. Check (B',
    "A. Qed. Drop.",
    "A *) Axiom cheat : False. (* -> A",
    "(* A *) -> A",
    "A -> A.\nQed.\nQuit.",
    "A\nA",
    "A\r\nB",
    "Qed.",
    "Admitted.",
    'Redirect "/tmp/pxl-hostile" Print Prov.',
    "A; DROP TABLE certificates",
    "${jndi:x} -> A",
    "../../etc/passwd",
    "A \x1b[2J -> A",
    "A\u202e -> A",
    "\ufeffA -> A",
    "%s%n -> A",
    "{goal} -> A",
    "<script>A</script>",
    "\x81\x00\x00\x00\x01\x81",
]

NAMES = [
    "Qed",
    "Theorem",
    "Prov",
    "goal",
    "forall",
    "fun",
    "Type",
    "p0",
    "p1",
    "__proto__",
    "constructor",
    "_",
    "'",
    "a''",
    "Приклад",
    "名前",
    "é",
]


@pytest.mark.parametrize("name", BIG)
def test_a_huge_goal_is_answered_or_refused(server: Server, name: str) -> None:
    """Size, depth and number of atoms: a checked verdict, unknown for want of time or memory, or a refusal that says why."""
    response = server.prove(BIG[name], timeout_ms=3_000)
    answer = response.json()
    if response.status_code == 200:
        assert answer["verified"] or answer["reason"] in ("timeout", "resource_limit")
        if "provable" in name and answer["verified"]:
            assert answer["ok"] is ("not" not in name)
    else:
        assert response.status_code in (400, 413)
        assert answer["detail"]
        assert len(response.content) < 10_000
    assert server.healthy()


@pytest.mark.parametrize(
    "name",
    [
        "2,000 atoms, provable",
        "10,000 atoms, not provable",
        "9,998 boxes, provable",
        "100,000 nested parentheses",
        "900 kB of conjunction, provable",
        "900 kB of disjunction, not provable",
    ],
)
def test_what_is_large_but_within_the_limits_is_decided(server: Server, name: str) -> None:
    """The limits are not there instead of an answer."""
    answer = server.prove(BIG[name], timeout_ms=30_000).json()
    assert answer["verified"] is True
    assert answer["ok"] is ("not" not in name)


@pytest.mark.parametrize("text", TRICKS)
def test_a_goal_with_coq_or_markup_in_it_is_malformed(server: Server, text: str) -> None:
    """Nothing but formulas gets past the parser; the refusal is short and has a place."""
    response = server.prove(text)
    assert response.status_code == 400
    assert response.json()["type"] == "urn:pxl:problem:malformed-goal"
    assert len(response.content) < 2_000


@pytest.mark.parametrize("name", NAMES)
def test_an_atom_may_be_named_like_anything(server: Server, name: str) -> None:
    """Keywords of Coq, canonical names and letters of every script are names like others, in verdict, statement and countermodel."""
    proved = server.prove(f"BOX({name} -> {name})")
    if proved.status_code == 400:
        assert name in ("_", "'"), "only names that hold no letter may be refused"
        return
    assert proved.json()["ok"] is True
    assert f'"{name}"' in proved.json()["statement"]
    refuted = server.prove(f"{name} -> BOX({name})").json()
    assert list(refuted["countermodel"]["valuation"]) == [name]


def test_random_bytes_are_never_a_defect(server: Server) -> None:
    """A thousand bodies of noise, and of a goal with one byte changed: 200, 400 or 413, never 500."""
    noise = random.Random(20251019)
    good = b'{"goal": "BOX(p -> q) -> (BOX(p) -> BOX(q))"}'
    for _ in range(500):
        body = bytearray(good)
        body[noise.randrange(len(body))] = noise.randrange(256)
        for content in (bytes(body), noise.randbytes(noise.randrange(60))):
            response = server.client.post("/prove", content=content, headers={"Content-Type": "application/json"})
            assert response.status_code in (200, 400), (content, response.text)
    assert server.healthy()


def test_memory_stays_bounded(server: Server) -> None:
    """Ten goals of 900 kB after each other leave the server about as large as the first did."""
    goal = BIG["900 kB of conjunction, provable"]
    assert server.prove(goal, timeout_ms=20_000).status_code == 200
    before = server.resident_bytes()
    for _ in range(10):
        assert server.prove(goal, timeout_ms=300).json()["reason"] == "timeout"
    assert server.resident_bytes() < before + 200 * MIB
    assert server.healthy()

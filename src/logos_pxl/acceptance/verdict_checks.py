"""Proofs, countermodels, certificates, the cache."""

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator
from functools import partial
from typing import Any

from logos_pxl.acceptance import goals
from logos_pxl.acceptance.checks import Check, Skipped, demand, document, member, number
from logos_pxl.acceptance.service import Service
from logos_pxl.wire import formulas

_SHA256 = re.compile("[0-9a-f]{64}")
_CACHE_TRIES = 5


def verdict_checks() -> Iterator[Check]:
    """All of them."""
    for name, goal in goals.VALID:
        yield Check("proofs", f"valid: {name}: {goal}", partial(_valid, goal))
    for name, goal in goals.INVALID:
        yield Check("proofs", f"not valid: {name}: {goal}", partial(_invalid, goal))
    yield Check("proofs", "five notations are one goal", _notations)
    yield Check("proofs", "queue, search and kernel are told apart, and fit into the whole", _timings)
    for name, goal in goals.INVALID:
        yield Check("countermodels", f"false at its failing world: {name}: {goal}", partial(_countermodel, goal))
    yield Check("countermodels", "a valid goal has none", _no_countermodel)
    yield Check("certificates", "the JSON form fits its id", _json_certificate)
    yield Check("certificates", "the form for Coq states the goal", _coq_certificate)
    yield Check("cache", "a goal that is asked again is a hit, with the same verdict", _repeated)
    yield Check("cache", "an equivalent goal is answered in its own names", _equivalent)


def fresh_name() -> str:
    """An atom that no other run uses."""
    return f"acc_{secrets.token_hex(6)}"


def verdict(service: Service, goal: str, expected: str) -> dict[str, Any]:
    """The answer to a goal, when it is this verdict, checked and complete."""
    found = document(service.prove(goal))
    demand(found.get("verdict") == expected, f"{goal}: expected {expected}, found {found.get('verdict')!r} ({found.get('detail', '')})")
    demand(member(found, "ok", bool) is (expected == "valid"), f"{goal}: ok is {found['ok']!r} with the verdict {expected}")
    demand(member(found, "verified", bool), f"{goal}: the verdict was not checked by the kernel")
    demand(member(found, "logic", str) == "S5", f"the logic is {found['logic']!r}")
    demand(_SHA256.fullmatch(member(found, "id", str)), f"the id is {found['id']!r}")
    demand(_SHA256.fullmatch(member(found, "kernel_hash", str)), f"the kernel hash is {found['kernel_hash']!r}")
    statement = member(found, "statement", str)
    refuted = statement.startswith("~")
    demand(refuted is (expected == "invalid") and "Prov" in statement, f"Coq's statement {statement!r} does not fit the verdict {expected}")
    return found


def _valid(goal: str, service: Service) -> str:
    found = verdict(service, goal, "valid")
    demand("countermodel" not in found, "a valid goal came with a countermodel")
    return f"{number(found, 'latency_ms'):.1f} ms"


def _invalid(goal: str, service: Service) -> str:
    return f"{number(verdict(service, goal, 'invalid'), 'latency_ms'):.1f} ms"


def _notations(service: Service) -> str:
    understood = {verdict(service, goal, "valid")["goal"] for goal in goals.NOTATIONS}
    demand(len(understood) == 1, f"they were understood as {sorted(understood)}")
    return f"understood as {understood.pop()}"


def _timings(service: Service) -> str:
    name = fresh_name()
    found = verdict(service, f"BOX({name} -> q) -> (BOX({name}) -> BOX(q))", "valid")
    parts = [number(found, part) for part in ("queue_ms", "search_ms", "kernel_ms")]
    whole = number(found, "latency_ms")
    demand(parts[2] > 0, "kernel_ms is 0 for a goal that was never asked before")
    # Each is rounded by itself.
    demand(sum(parts) <= whole + 0.01, f"queue, search and kernel ({parts}) are more than latency_ms ({whole})")
    return "queue {:.2f}, search {:.2f}, kernel {:.2f} ms".format(*parts)


def _countermodel(goal: str, service: Service) -> str:
    found = document(service.post("/countermodel", {"goal": goal}))
    demand(found.get("exists") is True and found.get("ok") is True and found.get("verified") is True, f"found {found}")
    return falsifies(found["goal"], member(found, "countermodel", dict))


def falsifies(goal: str, model: dict[str, Any]) -> str:
    """Work out here that the goal is false at the model's failing world, and that the relation is an equivalence."""
    worlds = member(model, "worlds", list)
    failing = member(model, "failing_world", str)
    valuation = member(model, "valuation", dict)
    pairs = [(one, other) for one, other in member(member(model, "relation", dict), "pairs", list)]
    demand(failing in worlds, f"the failing world {failing!r} is none of {worlds}")
    demand(all(one in worlds and other in worlds for one, other in pairs), "the relation leaves the worlds")
    demand(set(pairs) >= {(one, one) for one in worlds}, "the relation is not reflexive")
    demand(all((other, one) in pairs for one, other in pairs), "the relation is not symmetric")
    composed = {(one, last) for one, middle in pairs for second, last in pairs if middle == second}
    demand(composed <= set(pairs), "the relation is not transitive")
    try:
        true = formulas.holds(formulas.parse(goal), failing, valuation, pairs)
    except (KeyError, ValueError) as error:
        demand(holds=False, found=f"{goal}: the valuation {valuation} does not evaluate it: {error!r}")
    else:
        demand(not true, f"{goal} is true at {failing}: worlds {worlds}, valuation {valuation}, relation {pairs}")
    return f"{len(worlds)} worlds"


def _no_countermodel(service: Service) -> str:
    found = document(service.post("/countermodel", {"goal": "BOX(p) -> p"}))
    expected = (True, False, None, "valid")
    given = (found.get("ok"), found.get("exists"), found.get("countermodel"), found.get("verdict"))
    demand(given == expected, f"expected ok, exists, countermodel and verdict {expected}, found {given}")
    return ""


def _kept(service: Service, goal: str, expected: str) -> dict[str, Any]:
    found = verdict(service, goal, expected)
    if not member(found, "certificate_stored", bool):
        raise Skipped("this service keeps no certificates, or cannot now")
    return found


def _json_certificate(service: Service) -> str:
    for goal, expected in (("BOX(A -> A)", "valid"), ("A -> BOX(A)", "invalid")):
        answered = _kept(service, goal, expected)
        found = document(service.get(f"/certificates/{answered['id']}"))
        digest = hashlib.sha256(b"pxl-certificate/1\0")
        evidence = base64.b64decode(member(found, "certificate", str), validate=True)
        kind = {"valid": "PROOF", "invalid": "COUNTERMODEL"}[expected]
        for part in (kind.encode(), answered["goal"].encode(), evidence, answered["kernel_hash"].encode()):
            digest.update(len(part).to_bytes(8, "big") + part)
        demand(digest.hexdigest() == answered["id"], "the id is not the hash of kind, goal, evidence and kernel hash")
    return ""


def _coq_certificate(service: Service) -> str:
    for goal, expected, theorem in (
        ("BOX(A -> A)", "valid", "Theorem goal_is_provable : Prov goal."),
        ("A -> BOX(A)", "invalid", "Theorem goal_is_not_provable : ~ Prov goal."),
    ):
        answered = _kept(service, goal, expected)
        answer = service.get(f"/certificates/{answered['id']}.v")
        demand(answer.status == 200 and answer.media_type == "text/x-coq", f"status {answer.status}, {answer.media_type}")  # noqa: PLR2004
        text = answer.body.decode()
        demand(theorem in text and '"A"' in text and "Print Assumptions" in text, f"the file does not state {theorem!r} of its goal")
    return "check it with: coqc -q -Q coq/theories PXL proof.v"


def _repeated(service: Service) -> str:
    name = fresh_name()
    goal = f"BOX({name}) -> {name}"
    first = verdict(service, goal, "valid")
    # Behind a balancer the second request may meet a replica that shares nothing with the first.
    for attempt in range(1, _CACHE_TRIES + 1):
        again = verdict(service, goal, "valid")
        demand(again["id"] == first["id"], "asked again, the goal has another certificate")
        if member(again, "cache_hit", bool):
            return f"at try {attempt}: {number(first, 'latency_ms'):.2f} ms, then {number(again, 'latency_ms'):.2f} ms"
    demand(holds=False, found=f"asked {_CACHE_TRIES + 1} times, the goal was never a hit; with PXL_CACHE_TTL=0 that is right: --skip cache")
    return ""


def _equivalent(service: Service) -> str:
    one, other = fresh_name(), fresh_name()
    pattern = "{0} -> BOX({0} \\/ DIA(" + fresh_name() + "))"
    verdict(service, pattern.format(one), "invalid")
    found = verdict(service, pattern.format(other), "invalid")
    falsifies(found["goal"], member(found, "countermodel", dict))
    demand(one not in found["goal"] and other in found["goal"], f"it speaks of {found['goal']}")
    demand(one not in found["statement"] and other in found["statement"], f"Coq's statement speaks of {found['statement']}")
    return f"proof_method: {found['proof_method']}"

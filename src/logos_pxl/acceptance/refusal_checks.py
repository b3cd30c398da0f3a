"""Errors and limits: what is refused, and how."""

import http.client
import secrets
from collections.abc import Iterator
from functools import partial

from logos_pxl.acceptance import goals
from logos_pxl.acceptance.checks import Check, Failed, Skipped, demand, document, member, problem, shown
from logos_pxl.acceptance.service import Service

_JSON = {"Content-Type": "application/json"}
_OVER_EVERY_LIMIT_BYTES = 1 << 31
_OVER_EVERY_CAP_MS = 10**9
_DEEP = 200_000
_BUDGET_MS = 300
_GRACE_S = 5.0

_BODIES: tuple[tuple[str, bytes, str], ...] = (
    ("no JSON", b"{", "invalid-json"),
    ("bytes that are not UTF-8", b'{"goal": "\xff"}', "invalid-json"),
    ("a key twice", b'{"goal": "A", "goal": "B"}', "invalid-json"),
    ("NaN", b'{"goal": "A", "timeout_ms": NaN}', "invalid-json"),
    ("no goal", b"{}", "invalid-fields"),
    ("a goal that is no text", b'{"goal": 1}', "invalid-fields"),
    ("a field that is none", b'{"goal": "A", "time_out": 1}', "invalid-fields"),
)


def refusal_checks() -> Iterator[Check]:
    """All of them."""
    for goal in goals.NOT_WELL_FORMED:
        yield Check("errors", f"no formula, told with its place: {goal!r}", partial(_malformed, goal))
    for name, body, code in _BODIES:
        yield Check("errors", f"a body with {name} is 400", partial(_body, body, code))
    yield Check("errors", "another media type is 415", _media_type)
    yield Check("errors", "an unknown path is 404", _unknown_path)
    yield Check("errors", "a wrong method is 405 and names the right ones", _wrong_method)
    yield Check("errors", "an unknown certificate is 404", _unknown_certificate)
    yield Check("errors", "the request id comes back", _request_id)
    yield Check("limits", "a time-out over the cap is refused, not obeyed", _timeout_cap)
    yield Check("limits", "a goal that is too hard for its time is unknown, in time", _time)
    yield Check("limits", "a goal that is too deep is refused or decided", _depth)
    yield Check("limits", "a body over the limit is refused before it is read", _body_limit)
    yield Check("limits", "a quota, where there is one, is told", _quota)


def _malformed(goal: str, service: Service) -> str:
    found = problem(service.prove(goal), 400, "malformed-goal")
    position = member(found, "position", dict)
    for part, least in (("offset", 0), ("line", 1), ("column", 1)):
        demand(member(position, part, int) >= least, f"the place is {position}")
    return f"at column {position['column']}"


def _body(body: bytes, code: str, service: Service) -> str:
    problem(service.ask("POST", "/prove", body=body, headers=_JSON), 400, code)
    return ""


def _media_type(service: Service) -> str:
    problem(service.ask("POST", "/prove", body=b'{"goal": "A"}', headers={"Content-Type": "text/plain"}), 415, "unsupported-media-type")
    return ""


def _unknown_path(service: Service) -> str:
    problem(service.get("/no/such/path"), 404, "not-found")
    return ""


def _wrong_method(service: Service) -> str:
    answer = service.get("/prove")
    problem(answer, 405, "method-not-allowed")
    demand("POST" in answer.headers.get("allow", ""), f"Allow is {answer.headers.get('allow')!r}")
    return ""


def _unknown_certificate(service: Service) -> str:
    problem(service.get(f"/certificates/{secrets.token_hex(32)}"), 404, "certificate-not-found", "not-found")
    return ""


def _request_id(service: Service) -> str:
    given = f"acceptance-{secrets.token_hex(4)}"
    echoed = service.get("/health", headers={"X-Request-Id": given}).headers.get("x-request-id")
    demand(echoed == given, f"sent {given!r}, got {echoed!r}")
    made = service.get("/health").headers.get("x-request-id")
    demand(made and made != given, f"without one, got {made!r}")
    return ""


def _timeout_cap(service: Service) -> str:
    problem(service.prove("A", timeout_ms=_OVER_EVERY_CAP_MS), 400, "timeout-too-long")
    return ""


def _time(service: Service) -> str:
    answer = service.prove(goals.hard(secrets.randbits(32)), timeout_ms=_BUDGET_MS)
    found = document(answer)
    expected = ("unknown", "timeout", False, False)
    given = (found.get("verdict"), found.get("reason"), found.get("ok"), found.get("verified"))
    demand(given == expected, f"expected {expected}, found {given}")
    demand(answer.seconds < _BUDGET_MS / 1000 + _GRACE_S, f"it took {answer.seconds:.1f} s")
    return f"{answer.seconds * 1000:.0f} ms of {_BUDGET_MS}"


def _depth(service: Service) -> str:
    answer = service.prove("~" * _DEEP + "A")
    if answer.status == 200:  # noqa: PLR2004
        demand(document(answer).get("verdict") in ("invalid", "unknown"), shown(answer))
        return "decided"
    return str(problem(answer, 413, "goal-too-large", "request-too-large")["detail"])[:80]


def _body_limit(service: Service) -> str:
    connection = service.connection()
    try:
        connection.putrequest("POST", service.target("/prove"))
        headers = {
            **_JSON,
            **service.signature("POST", "/prove", b""),
            "Content-Length": str(_OVER_EVERY_LIMIT_BYTES),
            "Connection": "close",
        }
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        demand(response.status == 413, f"expected status 413, found {response.status}: {response.read()[:200]!r}")  # noqa: PLR2004
    except (OSError, http.client.HTTPException) as error:
        raise Failed(f"no answer while the body was still to come: {error or type(error).__name__}") from error
    finally:
        connection.close()
    return ""


def _quota(service: Service) -> str:
    answer = service.prove("BOX(A -> A)")
    policy, state = answer.headers.get("ratelimit-policy"), answer.headers.get("ratelimit")
    if policy is None and state is None:
        raise Skipped("this service sends no RateLimit fields: it has no quota")
    demand(policy and "q=" in policy, f"RateLimit-Policy is {policy!r}")
    demand(state and "r=" in state, f"RateLimit is {state!r}")
    return f"{policy}; {state}"

"""Errors as answers."""

import inspect
import json
from collections.abc import Callable

import pytest

from logos_pxl import errors
from logos_pxl.errors import GoalTooLarge, KernelTimeout, KernelUnavailable, MalformedGoal, PxlError, QueueFull, RequestTooLarge
from logos_pxl.service import problems
from logos_pxl.service.problems import InvalidFields, MethodNotAllowed, QuotaExceeded, Unauthenticated, problem_of
from logos_pxl.wire.signing import Refusal

EXPECTED = {
    "PxlError": 500,
    "RequestError": 400,
    "RequestTooLarge": 413,
    "MalformedGoal": 400,
    "GoalTooLarge": 413,
    "TimeoutTooLong": 400,
    "MalformedCertificate": 400,
    "CertificateNotFound": 404,
    "JobNotFound": 404,
    "BatchTooLarge": 413,
    "StorageUnavailable": 503,
    "ConfigurationError": 500,
    "KernelNotBuilt": 500,
    "SessionError": 503,
    "KernelUnavailable": 503,
    "QueueFull": 503,
    "NoncesFull": 503,
    "Overloaded": 503,
    "KernelTimeout": 503,
    "SessionCrashed": 503,
    "SessionExhausted": 503,
    "ProtocolViolation": 503,
    "SessionStartError": 503,
    "SoundnessAlarm": 500,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "NotAcceptable": 406,
    "UnsupportedMediaType": 415,
    "InvalidJson": 400,
    "InvalidFields": 400,
    "SlowBody": 408,
    "AmbiguousRequest": 400,
    "Unauthenticated": 401,
    "QuotaExceeded": 429,
}


MADE: dict[type[PxlError], Callable[[], PxlError]] = {
    MalformedGoal: lambda: MalformedGoal("m", detail="d", offset=1, line=1, column=2, found="x", expected=["y"], caret="x\n^"),
    GoalTooLarge: lambda: GoalTooLarge("m", limit="max_depth", maximum=3),
    KernelTimeout: lambda: KernelTimeout("m", waiting=True),
    InvalidFields: lambda: InvalidFields("m", [{"field": "goal", "message": "missing"}]),
    MethodNotAllowed: lambda: MethodNotAllowed("m", allowed=["GET", "HEAD"]),
    Unauthenticated: lambda: Unauthenticated(Refusal.INVALID, detail="for the log"),
    QuotaExceeded: lambda: QuotaExceeded("m", retry_after_s=3),
}


def made(kind: type[PxlError]) -> PxlError:
    return MADE[kind]() if kind in MADE else kind("m")


CLASSES = sorted(
    {kind for module in (errors, problems) for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, PxlError)},
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_has_its_status(kind: type[PxlError]) -> None:
    """Each class of errors that a request can meet is answered as the table in docs/api.md says."""
    response = problem_of(made(kind))
    assert response.status_code == EXPECTED[kind.__name__]
    assert response.headers["content-type"] == "application/problem+json"
    document = json.loads(bytes(response.body))
    assert document["status"] == response.status_code
    assert document["type"] == f"urn:pxl:problem:{kind.code}"
    assert document["title"]
    assert document["detail"]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_whoever_is_told_to_come_back_is_told_when(kind: type[PxlError]) -> None:
    """Every 503 and 429 has a Retry-After of at least a second, and nothing else has one."""
    response = problem_of(made(kind))
    assert ("retry-after" in response.headers) == (response.status_code in (429, 503))
    assert int(response.headers.get("retry-after", "1")) >= 1


def test_a_queues_own_estimate_is_passed_on() -> None:
    """Retry-After says what the pool says."""
    assert problem_of(QueueFull("full", retry_after_s=7.4)).headers["retry-after"] == "8"
    assert problem_of(KernelUnavailable("closed", retry_after_s=0.01)).headers["retry-after"] == "1"


def test_a_malformed_goals_place_is_told_by_members() -> None:
    """A program need not read the message."""
    document = json.loads(bytes(problem_of(made(MalformedGoal)).body))
    assert document["position"] == {"offset": 1, "line": 1, "column": 2}
    assert (document["found"], document["expected"], document["caret"]) == ("x", ["y"], "x\n^")


def test_a_connection_with_an_unread_body_is_closed() -> None:
    """After a body that was not read to its end the connection cannot serve another request; after a large goal it can."""
    assert problem_of(RequestTooLarge("large")).headers["connection"] == "close"
    assert "connection" not in problem_of(made(GoalTooLarge)).headers

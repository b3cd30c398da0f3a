"""Requests and what their replies mean, without I/O: the two clients send the same calls.

Invariant: only a 2xx reply whose body is a type of the wire contract becomes an answer; whatever else arrives becomes an error.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from logos_pxl.client.asked import about_another
from logos_pxl.client.errors import ProtocolError
from logos_pxl.client.refusals import refusal
from logos_pxl.wire.base import Answer
from logos_pxl.wire.http import COQ, JSON
from logos_pxl.wire.state import Health
from logos_pxl.wire.verdicts import Certificate, CountermodelSearch, Verdict
from logos_pxl.wire.work import Job

T = TypeVar("T")
A = TypeVar("A", bound=Answer)
D = TypeVar("D", Verdict, CountermodelSearch)

_SHOWN = 200
_OK, _ACCEPTED, _NO_CONTENT, _UNAVAILABLE = 200, 202, 204, 503


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. The names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request. ``read`` makes the answer of its reply, or raises; ``wait_s`` is how long the service itself may take, in seconds."""

    method: str
    target: str
    read: Callable[[Reply], T]
    wait_s: float
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def prove(goal: str, timeout_ms: int | None, *, default_s: float) -> Call[Verdict]:
    """Decide a goal."""
    return _asking("/prove", {"goal": goal}, timeout_ms, default_s, lambda reply: about(_one(reply, Verdict), goal))


def countermodel(goal: str, timeout_ms: int | None, *, default_s: float) -> Call[CountermodelSearch]:
    """Look for a countermodel."""
    return _asking("/countermodel", {"goal": goal}, timeout_ms, default_s, lambda reply: about(_one(reply, CountermodelSearch), goal))


def batch(goals: list[str], timeout_ms: int | None, *, default_s: float) -> Call[None]:
    """Decide many goals; the reply is a stream, which ``batches`` reads."""
    return _asking("/prove/batch", {"goals": goals}, timeout_ms, default_s, lambda _: None)


def submit(goal: str, timeout_ms: int | None) -> Call[Job]:
    """Make a goal a job."""
    document = {"goal": goal} | ({} if timeout_ms is None else {"timeout_ms": timeout_ms})
    headers = {"Content-Type": JSON, "Prefer": "respond-async"}
    return Call("POST", "/prove", lambda reply: _one(reply, Job, status=_ACCEPTED), 0.0, json_bytes(document), headers)


def job(job_id: str, *, wait_s: int) -> Call[Job]:
    """How a job stands, at its end or after ``wait_s`` seconds."""
    headers = {"Accept": JSON} | ({"Prefer": f"wait={wait_s}"} if wait_s else {})
    return Call("GET", f"/jobs/{_segment(job_id)}", lambda reply: _one(reply, Job), float(wait_s), headers=headers)


def cancel(job_id: str) -> Call[Job | None]:
    """Cancel a job (its document), or forget one that has ended (None)."""

    def read(reply: Reply) -> Job | None:
        return None if reply.status == _NO_CONTENT else _one(reply, Job)

    return Call("DELETE", f"/jobs/{_segment(job_id)}", read, 10.0)


def certificate(certificate_id: str) -> Call[Certificate]:
    """A certificate as JSON."""
    return Call("GET", f"/certificates/{_segment(certificate_id)}", lambda reply: _one(reply, Certificate), 10.0, headers={"Accept": JSON})


def coq_file(certificate_id: str) -> Call[str]:
    """A certificate as a file for Coq."""

    def read(reply: Reply) -> str:
        _require(reply, _OK, COQ)
        try:
            return reply.body.decode()
        except UnicodeDecodeError as error:
            raise ProtocolError(f"the file for Coq is not UTF-8 text: {error}") from error

    return Call("GET", f"/certificates/{_segment(certificate_id)}?format=v", read, 10.0)


def health() -> Call[Health]:
    """The service's state; it is an answer also when the service is unavailable."""

    def read(reply: Reply) -> Health:
        return _one(reply, Health, status=_UNAVAILABLE if reply.status == _UNAVAILABLE else _OK)

    return Call("GET", "/health", read, 10.0, headers={"Accept": JSON})


def about(answer: D, goal: str) -> D:
    """``answer``, unless it is certainly about another goal. Raises ProtocolError."""
    if about_another(goal, answer.goal):
        raise ProtocolError(f"the answer is about {answer.goal[:_SHOWN]!r}, and {goal[:_SHOWN]!r} was asked; nothing is taken from it")
    return answer


def decoded(body: bytes | str, kind: type[A]) -> A:
    """The answer in ``body``. Raises ProtocolError."""
    try:
        return kind.model_validate_json(body)
    except (ValidationError, ValueError) as error:
        raise ProtocolError(f"the answer is not a believable {kind.__name__}: {_first(error)}; nothing is taken from it") from error


def _asking(target: str, document: dict[str, Any], timeout_ms: int | None, default_s: float, read: Callable[[Reply], T]) -> Call[T]:
    if timeout_ms is not None:
        document = {**document, "timeout_ms": timeout_ms}
    wait_s = default_s if timeout_ms is None else timeout_ms / 1000
    return Call("POST", target, read, wait_s, json_bytes(document), {"Content-Type": JSON, "Accept": JSON})


def _one(reply: Reply, kind: type[A], *, status: int = _OK) -> A:
    _require(reply, status, JSON)
    return decoded(reply.body, kind)


def _require(reply: Reply, status: int, media_type: str) -> None:
    if reply.status != status:
        raise refusal(reply.status, reply.headers, reply.body)
    given = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise ProtocolError(f"the answer is {given or 'of no type'}, and not {media_type}: is this the address of a PXL service?")


def json_bytes(document: Any) -> bytes:
    """``document`` as JSON in ASCII."""
    # A lone surrogate cannot be sent as UTF-8; escaped, the service finds and names it.
    return json.dumps(document, ensure_ascii=True).encode("ascii")


def _segment(text: str) -> str:
    return quote(text, safe="")


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first, *others = error.errors(include_url=False, include_input=False)
    place = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(others)} more)" if others else ""
    return f"{place + ': ' if place else ''}{first['msg'].removeprefix('Value error, ')}{more}"

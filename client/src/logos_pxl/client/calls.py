"""The requests of both clients and how their replies are read, without I/O.

Invariant: only a reply with the expected status, whose body is a consistent type of the wire contract, becomes an answer. Every other reply
becomes an error.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from logos_pxl.client.asked import about_another
from logos_pxl.client.errors import JobCancelled, ProtocolError, problem_error, reply_error
from logos_pxl.wire.base import Answer
from logos_pxl.wire.errors import CertificateNotFound, RequestError
from logos_pxl.wire.http import COQ, JSON
from logos_pxl.wire.state import Health
from logos_pxl.wire.verdicts import Certificate, CountermodelSearch, Verdict
from logos_pxl.wire.work import Job

T = TypeVar("T")
A = TypeVar("A", bound=Answer)
D = TypeVar("D", Verdict, CountermodelSearch)

POLL_S = 20
"""How long the service may hold one request for a job's state, in seconds."""

_SHOWN = 200
_OK, _ACCEPTED, _NO_CONTENT, _UNAVAILABLE = 200, 202, 204, 503


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply. The names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request. ``read`` returns the answer in its reply, or raises; ``wait_s`` is the service's own time for it, in seconds."""

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
    """Decide many goals. The reply is a stream, which ``streams.BatchState`` reads."""
    return _asking("/prove/batch", {"goals": goals}, timeout_ms, default_s, lambda _: None)


def submit(goal: str, timeout_ms: int | None) -> Call[Job]:
    """Create a job for a goal."""
    document = {"goal": goal} | ({} if timeout_ms is None else {"timeout_ms": timeout_ms})
    headers = {"Content-Type": JSON, "Prefer": "respond-async"}
    return Call("POST", "/prove", lambda reply: _one(reply, Job, status=_ACCEPTED), 0.0, json_bytes(document), headers)


def job(job: Job | str, *, wait_s: int) -> Call[Job]:
    """A job's state, at its end or after ``wait_s`` seconds."""
    headers = {"Accept": JSON} | ({"Prefer": f"wait={wait_s}"} if wait_s else {})
    return Call("GET", _job_path(job), lambda reply: _one(reply, Job), float(wait_s), headers=headers)


def cancel(job: Job | str) -> Call[Job | None]:
    """Cancel a job (its document), or delete one that has ended (None)."""

    def read(reply: Reply) -> Job | None:
        return None if reply.status == _NO_CONTENT else _one(reply, Job)

    return Call("DELETE", _job_path(job), read, 10.0)


def certificate(verdict: Verdict | CountermodelSearch | str) -> Call[Certificate]:
    """A certificate as JSON. Raises as ``certificate_id``."""

    def read(reply: Reply) -> Certificate:
        return fitting(_one(reply, Certificate), verdict)

    return Call("GET", f"/certificates/{_segment(certificate_id(verdict))}", read, 10.0, headers={"Accept": JSON})


def coq_file(verdict: Verdict | CountermodelSearch | str) -> Call[str]:
    """A certificate as a file for Coq. Raises as ``certificate_id``."""

    def read(reply: Reply) -> str:
        _require(reply, _OK, COQ)
        try:
            return reply.body.decode()
        except UnicodeDecodeError as error:
            raise ProtocolError(f"the file for Coq is not UTF-8 text: {error}") from error

    return Call("GET", f"/certificates/{_segment(certificate_id(verdict))}?format=v", read, 10.0)


def health() -> Call[Health]:
    """The service's state; a 503 has one too."""

    def read(reply: Reply) -> Health:
        return _one(reply, Health, status=_UNAVAILABLE if reply.status == _UNAVAILABLE else _OK)

    return Call("GET", "/health", read, 10.0, headers={"Accept": JSON})


def about(answer: D, goal: str) -> D:
    """``answer``. Raises ProtocolError when it is certainly about another goal."""
    if about_another(goal, answer.goal):
        raise ProtocolError(f"the answer is about {answer.goal[:_SHOWN]!r} and not about {goal[:_SHOWN]!r}; nothing is taken from it")
    return answer


def job_id(job: Job | str) -> str:
    """A job's id."""
    return job if isinstance(job, str) else job.job


def job_verdict(job: Job) -> Verdict:
    """The verdict of a job that has ended. Raises JobCancelled, RequestError for a search for a countermodel, or the goal's error."""
    if isinstance(job.result, CountermodelSearch):
        raise RequestError(f"the job {job.job} looks for a countermodel: read the member result of client.job")
    if job.result is not None:
        return job.result
    if job.problem is not None:
        raise problem_error(job.problem, job.problem.status)
    raise JobCancelled(f"the job {job.job} was cancelled before it had a verdict")


def certificate_id(verdict: Verdict | CountermodelSearch | str) -> str:
    """The id of a verdict's certificate. Raises CertificateNotFound when there is none, or the service did not store it."""
    if isinstance(verdict, str):
        return verdict
    if verdict.id is None:
        raise CertificateNotFound("an unknown verdict has no certificate")
    if not verdict.certificate_stored:
        raise CertificateNotFound("the service did not store this certificate (PXL_CERTIFICATES_MAX, its disk): send the goal again")
    return verdict.id


def fitting(certificate: Certificate, asked: Verdict | CountermodelSearch | str) -> Certificate:
    """``certificate``. Raises ProtocolError when it is not the certificate of ``asked``, a verdict or an id."""
    if certificate.id != (asked if isinstance(asked, str) else asked.id):
        raise ProtocolError(f"the service sent another certificate than the requested one: {certificate.id}")
    if not isinstance(asked, str):
        kind = "proof" if asked.verdict == "valid" else "countermodel"
        if (certificate.kind, certificate.goal) != (kind, asked.goal):
            raise ProtocolError(f"the certificate is a {certificate.kind} for {certificate.goal[:_SHOWN]}, and not what the verdict said")
    return certificate


def decoded(body: bytes | str, kind: type[A]) -> A:
    """The answer in ``body``. Raises ProtocolError."""
    try:
        return kind.model_validate_json(body)
    except (ValidationError, ValueError) as error:
        raise ProtocolError(f"the answer is not a consistent {kind.__name__}: {_first(error)}; nothing is taken from it") from error


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
        raise reply_error(reply.status, reply.headers, reply.body)
    given = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise ProtocolError(f"the answer is {given or 'without a type'} and not {media_type}: is this the address of a PXL service?")


def json_bytes(document: Any) -> bytes:
    """``document`` as JSON in ASCII."""
    # UTF-8 cannot encode a lone surrogate. Escaped, it reaches the service, which refuses it with its position.
    return json.dumps(document, ensure_ascii=True).encode("ascii")


def _job_path(job: Job | str) -> str:
    return f"/jobs/{_segment(job_id(job))}"


def _segment(text: str) -> str:
    return quote(text, safe="")


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first, *others = error.errors(include_url=False, include_input=False)
    place = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(others)} more)" if others else ""
    return f"{place + ': ' if place else ''}{first['msg'].removeprefix('Value error, ')}{more}"

"""What the service answers, as frozen types.

Invariant: fails closed. An object exists only when the answer is whole and does not contradict itself: a verdict is ``valid`` or
``invalid`` only with ``verified`` true and a certificate's id, a countermodel that is there makes the goal false, a certificate has the id
that its parts give. Members that this version does not know are kept in ``model_extra``.
"""

import base64
import binascii
from typing import Annotated, Any, Literal, NoReturn, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from logos_pxl.wire.certificate_ids import FORMAT, certificate_id
from logos_pxl.wire.formulas import Evaluation, parse

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
JobId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]

# Larger countermodels are not evaluated here: characters of the goal times worlds.
_EVALUATED = 10_000_000


class Answer(BaseModel):
    """Anything that the service answers."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow", allow_inf_nan=False)

    def as_json(self) -> dict[str, Any]:
        """The answer as JSON has it, with what this version does not know."""
        return self.model_dump(mode="json", exclude_unset=True)


class Relation(Answer):
    """The accessibility relation: every world sees every world. ``pairs`` spells it out, unless it is large."""

    kind: Literal["universal"]
    pairs: tuple[tuple[str, str], ...] | None


class Countermodel(Answer):
    """A finite Kripke model in which the goal is false at ``failing_world``.

    ``valuation`` gives each atom the worlds where it is true; None when it would be too large: the certificate has all of it.
    """

    worlds: Annotated[tuple[str, ...], Field(min_length=1)]
    failing_world: str
    relation: Relation
    valuation: dict[str, tuple[str, ...]] | None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.failing_world not in self.worlds:
            raise ValueError(f"the failing world {self.failing_world!r} is none of the worlds")
        if len(set(self.worlds)) != len(self.worlds):
            raise ValueError("two worlds have one name")
        return self

    def refutes(self, goal: str) -> bool:
        """Whether ``goal``, in the operations manual's notation, is false at the failing world; worked out here, by nobody else's word.

        Raises ValueError for what is no formula, and when the valuation was too large to be sent.
        """
        if self.valuation is None:
            raise ValueError("the countermodel came without its valuation; fetch the certificate")
        formula = parse(goal)
        return not Evaluation(formula, self.worlds, self.valuation).holds(formula, self.failing_world)


class Timings(Answer):
    """Where the service's time went, in milliseconds."""

    parse: float
    cache: float
    queue: float
    search: float
    kernel: float
    store: float
    total: float


class Versions(Answer):
    """The parts that a verdict rests on."""

    coq: str
    theory: str
    engine: str
    service: str


class _Decided(Answer):
    """What both questions' answers hold."""

    ok: bool
    verdict: Literal["valid", "invalid", "unknown"]
    id: Sha256 | None
    goal: str
    logic: Literal["S5"]
    kernel_hash: Sha256
    proof_method: str
    verified: bool
    cache_hit: bool
    latency_ms: float
    queue_ms: float
    search_ms: float
    kernel_ms: float
    statement: str | None
    certificate_stored: bool
    timings_ms: Timings
    versions: Versions
    reason: str | None = None
    detail: str | None = None

    @property
    def valid(self) -> bool:
        """Whether Coq's kernel accepted a proof of the goal."""
        return self.verified and self.verdict == "valid"

    @property
    def invalid(self) -> bool:
        """Whether Coq's kernel accepted a countermodel to the goal."""
        return self.verified and self.verdict == "invalid"

    @property
    def unknown(self) -> bool:
        """Whether it is neither."""
        return not self.verified

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict has three values: ask for .valid, .invalid or .unknown")

    def _check(self, countermodel: Countermodel | None) -> None:
        decided = self.verdict != "unknown"
        if self.verified is not decided:
            raise ValueError(f"the verdict is {self.verdict} with verified={self.verified}")
        if (self.id is not None) is not decided:
            raise ValueError(f"the verdict is {self.verdict}, and it has {'no' if self.id is None else 'a'} certificate's id")
        if (self.reason is not None) is decided:
            raise ValueError(f"the verdict is {self.verdict}, and the reason for not knowing is {self.reason!r}")
        if (countermodel is not None) is not (self.verdict == "invalid"):
            raise ValueError(f"the verdict is {self.verdict}, and there is {'no' if countermodel is None else 'a'} countermodel")
        if countermodel is not None and not _believable(countermodel, self.goal):
            raise ValueError(f"the goal is true in what is said to be its countermodel, at {countermodel.failing_world}")


class Verdict(_Decided):
    """The answer to one goal. It has no truth value of its own: ask for ``valid``, ``invalid`` or ``unknown``."""

    countermodel: Countermodel | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check(self.countermodel)
        if self.ok is not (self.verdict == "valid"):
            raise ValueError(f"the verdict is {self.verdict} with ok={self.ok}")
        return self


class CountermodelSearch(_Decided):
    """Whether a goal has a countermodel: ``exists`` is true, false (it has a proof), or None (unknown)."""

    exists: bool | None
    countermodel: Countermodel | None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check(self.countermodel)
        expected = None if self.verdict == "unknown" else self.verdict == "invalid"
        if self.exists is not expected or self.ok is not self.verified:
            raise ValueError(f"the verdict is {self.verdict} with exists={self.exists} and ok={self.ok}")
        return self


class Certificate(Answer):
    """A certificate of the format pxl-certificate/1 (docs/api.md). ``certificate`` is the evidence in base64."""

    format: Literal["pxl-certificate/1"]
    id: Sha256
    kind: Literal["proof", "countermodel"]
    logic: Literal["S5"]
    goal: str
    statement: str | None
    certificate: str
    kernel_hash: Sha256
    versions: Versions
    created: str
    description: dict[str, Any] | None = None

    @property
    def evidence(self) -> bytes:
        """The byte string that the kernel checks (docs/certificate-format.md)."""
        return base64.b64decode(self.certificate, validate=True)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        try:
            given = certificate_id(self.kind, self.goal, self.evidence, self.kernel_hash)
        except binascii.Error as error:
            raise ValueError(f"the member 'certificate' is not base64: {error}") from error
        if given != self.id:
            raise ValueError(f"the parts of this {FORMAT} give the id {given}, and it says {self.id}: one of them was changed")
        return self


class SessionPool(Answer):
    """The service's Coq sessions."""

    total_sessions: int
    active_sessions: int
    busy_sessions: int
    max_pool_size: int
    utilization_rate: float


class Health(Answer):
    """The service's state; ``ready`` tells whether to send goals there, ``problems`` what stands against ``ok``, in sentences."""

    status: Literal["ok", "degraded", "unavailable"]
    ready: bool
    problems: tuple[str, ...]
    timestamp: str
    uptime_s: float
    kernel_hash: Sha256
    version: str
    session_pool: SessionPool
    shared_state: str
    soundness_alarms: int
    authentication: Literal["hmac", "off"]


class Problem(Answer):
    """A refusal (RFC 9457)."""

    model_config = ConfigDict(frozen=True, strict=False, extra="allow")

    type: str
    title: str = ""
    status: int = 0
    detail: str = ""

    @property
    def code(self) -> str:
        """The word that names it."""
        return self.type.removeprefix("urn:pxl:problem:")


class Job(Answer):
    """How a job stands. ``result`` is there when it is done, ``problem`` when it failed."""

    job: JobId
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    timeout_ms: int
    created: str
    started: str | None
    ended: str | None
    expires: str | None
    result: Verdict | None = None
    problem: Problem | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self.status in ("done", "failed", "cancelled")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.result is not None) is not (self.status == "done"):
            raise ValueError(f"the job is {self.status} with {'no' if self.result is None else 'a'} result")
        if (self.problem is not None) is not (self.status == "failed"):
            raise ValueError(f"the job is {self.status} with {'no' if self.problem is None else 'a'} problem")
        return self


class BatchLine(Answer):
    """One line of the answer to a batch."""

    index: Annotated[int, Field(ge=0)]
    status: int
    result: Verdict | None = None
    problem: Problem | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.result is None) is (self.problem is None):
            raise ValueError("a line has either a result or a problem")
        return self


def _believable(model: Countermodel, goal: str) -> bool:
    """Whether the model refutes the goal, as far as that can be worked out here without holding anybody up."""
    if model.valuation is None or len(goal) * len(model.worlds) > _EVALUATED:
        return True
    return model.refutes(goal)

"""Goals, verdicts, countermodels and certificates.

Invariant: an answer object exists only when the answer is complete and does not contradict itself. A verdict is ``valid`` or ``invalid``
only with ``verified`` true and a certificate id; its countermodel makes the goal false; a certificate has the id that its parts give.
"""

import base64
import binascii
from enum import StrEnum
from typing import Annotated, Any, Literal, NoReturn, Self

from pydantic import Field, model_validator

from logos_pxl.wire.base import Answer, Milliseconds, Request, Sha256, Timestamp, open_choice
from logos_pxl.wire.formulas import Evaluation, may_be_constant, parse
from logos_pxl.wire.ids import CERTIFICATE_FORMAT, certificate_id

# A larger countermodel is not evaluated by the client: characters of the goal times worlds.
_MAX_EVALUATED = 10_000_000


class ProofMethod(StrEnum):
    """How a verdict came about. In each case Coq's kernel accepted, in this service process, a certificate for the very goal asked."""

    SEARCH = "search+kernel"
    """A search found the certificate and the kernel accepted it. Unknown verdicts say this too: it is what was tried."""
    CACHE = "cache"
    """The kernel accepted the certificate when the goal was asked before."""
    SHARED = "cache+kernel"
    """Another replica had found the certificate for this goal, and the kernel of this one accepted it."""
    PREFETCH = "prefetch+kernel"
    """There was a certificate for the same formula with other atoms; renamed to this goal's atoms, the kernel accepted it."""


class UnknownReason(StrEnum):
    """Why a verdict is unknown. Those after ``RESOURCE_LIMIT`` are answered as problems."""

    TIMEOUT = "timeout"
    RESOURCE_LIMIT = "resource_limit"
    KERNEL_REJECTED = "kernel_rejected"
    KERNEL_UNAVAILABLE = "kernel_unavailable"
    CANCELLED = "cancelled"
    OVERLOADED = "overloaded"


class ProveRequest(Request):
    """A goal to decide."""

    goal: str = Field(
        description="The goal, in the notation of the operations manual, ASCII, Unicode or LaTeX.", examples=["BOX(A -> A)", "[]p -> p"]
    )
    timeout_ms: Milliseconds | None = Field(
        default=None,
        description="The whole budget in milliseconds; a value over the server's limit for requests, or for jobs, is refused.",
    )


class Relation(Answer):
    """The accessibility relation of a countermodel."""

    kind: Literal["universal"] = Field(description="Every world sees every world.")
    pairs: tuple[tuple[str, str], ...] | None = Field(description="The relation spelled out; null for more than 32 worlds.")


class Countermodel(Answer):
    """A finite Kripke model in which the goal is false at ``failing_world``."""

    worlds: Annotated[tuple[str, ...], Field(min_length=1)]
    failing_world: str = Field(description="The goal is false here.")
    relation: Relation
    valuation: dict[str, tuple[str, ...]] | None = Field(
        description="For each atom of the goal the worlds where it is true; null when it would be too large: the certificate has it."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.failing_world not in self.worlds:
            raise ValueError(f"the failing world {self.failing_world!r} is not one of the worlds")
        if len(set(self.worlds)) != len(self.worlds):
            raise ValueError("two worlds have the same name")
        return self

    def refutes(self, goal: str) -> bool:
        """Whether ``goal``, in the operations manual's notation, is false at the failing world; computed here.

        Raises ValueError for text that is not a formula, and when the valuation was too large to be sent.
        """
        if self.valuation is None:
            raise ValueError("the countermodel came without its valuation; fetch the certificate")
        formula = parse(goal)
        return not Evaluation(formula, self.worlds, self.valuation).holds(formula, self.failing_world)

    def believable(self, goal: str) -> bool:
        """Whether the model refutes ``goal``, as far as this version can read the goal and evaluate it quickly; True where it cannot."""
        if self.valuation is None or len(goal) * len(self.worlds) > _MAX_EVALUATED:
            return True
        try:
            atoms = {part.head for part in parse(goal).subformulas() if part.atomic}
        except ValueError:
            return True
        if any(may_be_constant(name) for name in atoms - self.valuation.keys()):
            return True
        return self.refutes(goal)


class Timings(Answer):
    """Where the service's time went, in milliseconds."""

    parse: float
    cache: float = Field(description="Looking up what is known, and waiting for another request that decides the same goal.")
    queue: float = Field(description="Waiting for a search thread and for a Coq session.")
    search: float
    kernel: float = Field(description="As Coq's kernel itself reports it.")
    store: float
    total: float


class Versions(Answer):
    """The versions of what a verdict rests on."""

    coq: str
    theory: str
    engine: str
    service: str


class Decided(Answer):
    """The members that the answers of POST /prove and POST /countermodel share."""

    ok: bool
    verdict: Literal["valid", "invalid", "unknown"]
    id: Sha256 | None = Field(description="The certificate's id; null for an unknown verdict.")
    goal: str = Field(description="The goal as it was understood, in the operations manual's notation.")
    logic: Literal["S5"]
    kernel_hash: Sha256
    proof_method: Annotated[str, open_choice(ProofMethod)] = Field(
        description="How the verdict came about. `+kernel`: Coq's kernel checked this goal's certificate for this very answer; `cache`: it "
        "did so when the goal was asked before."
    )
    verified: bool = Field(description="Whether Coq's kernel accepted this verdict.")
    cache_hit: bool = Field(description="Whether there was a certificate already, for this goal or an equivalent one.")
    latency_ms: float
    queue_ms: float = Field(
        description="Waiting for a search thread and for a Coq session; with search_ms and kernel_ms, as in timings_ms."
    )
    search_ms: float
    kernel_ms: float
    statement: str | None = Field(description="The theorem as Coq prints it; null for unknown verdicts and for very large goals.")
    certificate_stored: bool = Field(description="Whether GET /certificates/{id} will find it.")
    timings_ms: Timings
    versions: Versions
    reason: Annotated[str, open_choice((UnknownReason.TIMEOUT, UnknownReason.RESOURCE_LIMIT))] | None = Field(
        default=None, description="Only for unknown verdicts."
    )
    detail: str | None = Field(default=None, description="Only for unknown verdicts: the reason as a sentence.")

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
            raise ValueError(f"the verdict is {self.verdict} {'without' if self.id is None else 'with'} a certificate id")
        if (self.reason is not None) is decided:
            raise ValueError(f"the verdict is {self.verdict}, and the reason for an unknown verdict is {self.reason!r}")
        if (countermodel is not None) is not (self.verdict == "invalid"):
            raise ValueError(f"the verdict is {self.verdict} {'without' if countermodel is None else 'with'} a countermodel")
        if countermodel is not None and not countermodel.believable(self.goal):
            raise ValueError(f"the goal is true in what is said to be its countermodel, at {countermodel.failing_world}")


class Verdict(Decided):
    """The answer to one goal. It has no truth value of its own: ask for ``valid``, ``invalid`` or ``unknown``."""

    ok: bool = Field(description="True exactly when the verdict is valid.")
    countermodel: Countermodel | None = Field(default=None, description="Only for invalid verdicts.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check(self.countermodel)
        if self.ok is not (self.verdict == "valid"):
            raise ValueError(f"the verdict is {self.verdict} with ok={self.ok}")
        return self


class CountermodelSearch(Decided):
    """Whether a goal has a countermodel, and which."""

    ok: bool = Field(description="True exactly when the question is decided, either way.")
    exists: bool | None = Field(description="False: the goal has a proof, so there is none. Null: unknown.")
    countermodel: Countermodel | None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check(self.countermodel)
        expected = None if self.verdict == "unknown" else self.verdict == "invalid"
        if self.exists is not expected or self.ok is not self.verified:
            raise ValueError(f"the verdict is {self.verdict} with exists={self.exists} and ok={self.ok}")
        return self


class Certificate(Answer):
    """A certificate of the format pxl-certificate/1."""

    format: Literal["pxl-certificate/1"]
    id: Sha256
    kind: Literal["proof", "countermodel"]
    logic: Literal["S5"]
    goal: str
    statement: str | None
    certificate: str = Field(description="The evidence, base64, in the byte form of docs/certificate-format.md.")
    kernel_hash: Sha256
    versions: Versions
    created: Timestamp
    description: dict[str, Any] | None = Field(default=None, description="The evidence for people; null when it would be too large.")

    @property
    def evidence(self) -> bytes:
        """The byte string that the kernel checks (docs/certificate-format.md)."""
        return base64.b64decode(self.certificate, validate=True)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        try:
            computed = certificate_id(self.kind, self.goal, self.evidence, self.kernel_hash)
        except binascii.Error as error:
            raise ValueError(f"the member 'certificate' is not base64: {error}") from error
        if computed != self.id:
            raise ValueError(f"the parts of this {CERTIFICATE_FORMAT} give the id {computed}, not {self.id}: one of them was changed")
        return self

"""What the endpoints take and give, as types: requests are validated by them, answers are documented by them and tested against them.

Answers are built as plain dictionaries in ``answers.py``, for the way of a small goal is short; a test holds them to these types.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def _whole(value: Any) -> Any:
    """For JSON 1000, 1000.0 and 1e3 are one number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Milliseconds = Annotated[int, Field(ge=1), BeforeValidator(_whole)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ProveRequest(_Closed):
    """A goal to decide."""

    goal: str = Field(
        description="The goal, in the notation of the operations manual, ASCII, Unicode or LaTeX.", examples=["BOX(A -> A)", "[]p -> p"]
    )
    timeout_ms: Milliseconds | None = Field(
        default=None,
        description="The whole budget in milliseconds; a value over the server's limit for requests, or for jobs, is refused.",
    )


class ParseRequest(_Closed):
    """A goal to read."""

    goal: str = Field(description="The goal, in any notation of POST /prove.", examples=["[]p -> p"])


class NotationsAnswer(_Closed):
    """The goal in every notation."""

    manual: str
    ascii: str
    unicode: str
    latex: str = Field(description="For mathematics mode.")


class ParseAnswer(_Closed):
    """How a goal was understood."""

    goal: str = Field(description="In the operations manual's notation, as POST /prove repeats it.")
    size: int = Field(description="Connectives and atoms, each as often as it occurs.")
    depth: int = Field(description="Nested connectives.")
    modal_depth: int = Field(description="Nested BOX and DIA.")
    notations: NotationsAnswer | None = Field(description="Null for goals of more than 2000 connectives and atoms.")
    subformulas: list[dict[str, object]] | None = Field(
        description="The distinct subformulas, numbered from 1, each after those that it is made of; the last one is the goal. `op` is "
        "atom (with `name`), bottom, top, not, and, or, imp, iff, box or dia; `args` are the numbers of what it is made of. Null for goals "
        "of more than 2000 connectives and atoms."
    )


class RelationAnswer(_Closed):
    """The accessibility relation."""

    kind: Literal["universal"] = Field(description="Every world sees every world.")
    pairs: list[tuple[str, str]] | None = Field(description="The relation spelled out; null for more than 32 worlds.")


class CountermodelAnswer(_Closed):
    """A finite Kripke model in which the goal is false."""

    worlds: list[str]
    failing_world: str = Field(description="The goal is false here.")
    relation: RelationAnswer
    valuation: dict[str, list[str]] | None = Field(
        description="For each atom of the goal the worlds where it is true; null when it would be too large."
    )


class TimingsAnswer(_Closed):
    """Where the time went, in milliseconds."""

    parse: float
    cache: float = Field(description="Looking up what is known, and waiting for another request that decides the same goal.")
    queue: float = Field(description="Waiting for a search thread and for a Coq session.")
    search: float
    kernel: float = Field(description="As Coq's kernel itself reports it.")
    store: float
    total: float


class VersionsAnswer(_Closed):
    """The parts that the verdict rests on."""

    coq: str
    theory: str
    engine: str
    service: str


class _VerdictAnswer(_Closed):
    verdict: Literal["valid", "invalid", "unknown"]
    id: Sha256 | None = Field(description="The certificate's id; null for an unknown verdict.")
    goal: str = Field(description="The goal as it was understood, in the operations manual's notation.")
    logic: Literal["S5"]
    kernel_hash: Sha256
    proof_method: Literal["search+kernel", "cache", "cache+kernel", "prefetch+kernel"] = Field(
        description="How the verdict came about. `+kernel`: Coq's kernel checked this goal's certificate for this very answer; `cache`: it "
        "did so when the goal was asked before."
    )
    verified: bool = Field(description="Whether Coq's kernel accepted this verdict.")
    cache_hit: bool = Field(description="Whether a certificate was there already, for this goal or an equivalent one.")
    latency_ms: float
    queue_ms: float = Field(
        description="Waiting for a search thread and for a Coq session; with search_ms and kernel_ms, as in timings_ms."
    )
    search_ms: float
    kernel_ms: float
    statement: str | None = Field(description="The theorem as Coq prints it; null for unknown verdicts and for very large goals.")
    certificate_stored: bool = Field(description="Whether GET /certificates/{id} will find it.")
    timings_ms: TimingsAnswer
    versions: VersionsAnswer
    reason: Literal["timeout", "resource_limit"] | None = Field(default=None, description="Only for unknown verdicts.")
    detail: str | None = Field(default=None, description="Only for unknown verdicts: the reason as a sentence.")


class ProveAnswer(_VerdictAnswer):
    """A verdict."""

    ok: bool = Field(description="True exactly when the verdict is valid.")
    countermodel: CountermodelAnswer | None = Field(default=None, description="Only for invalid verdicts.")


class CountermodelSearchAnswer(_VerdictAnswer):
    """Whether there is a countermodel, and which."""

    ok: bool = Field(description="True exactly when the question is decided, either way.")
    exists: bool | None = Field(description="False: the goal has a proof, so there is none. Null: unknown.")
    countermodel: CountermodelAnswer | None


class CertificateAnswer(_Closed):
    """A certificate of the format pxl-certificate/1."""

    format: Literal["pxl-certificate/1"]
    id: Sha256
    kind: Literal["proof", "countermodel"]
    logic: Literal["S5"]
    goal: str
    statement: str | None
    certificate: str = Field(description="The evidence, base64, in the byte form of docs/certificate-format.md.")
    kernel_hash: Sha256
    versions: VersionsAnswer
    created: str = Field(description="ISO 8601, UTC.")
    description: dict[str, object] | None = Field(description="The evidence for people; null when it would be too large.")


class Position(_Closed):
    """A place in a text."""

    offset: int = Field(description="Bytes from 0.")
    line: int = Field(description="From 1.")
    column: int = Field(description="Characters from 1.")


class Problem(BaseModel):
    """Problem details (RFC 9457). Members beyond the first four belong to the problem's type."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    position: Position | None = None
    found: str | None = None
    expected: list[str] | None = None
    caret: str | None = None

"""What the tools answer, as types: their schemas are what agents see."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from logos_pxl.explaining import Derivation, shown
from logos_pxl.explanations import Explained
from logos_pxl.wire.verdicts import Countermodel, CountermodelSearch, Verdict


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Worlds(_Answer):
    """A finite Kripke model in which every world sees every world, and the goal is false at one of them."""

    worlds: list[str]
    failing_world: str = Field(description="The goal is false here.")
    valuation: dict[str, list[str]] | None = Field(description="For each atom the worlds where it is true; null when too large to list.")

    @classmethod
    def of(cls, model: Countermodel | None) -> Self | None:
        """The same, without the relation, which is always the universal one."""
        if model is None:
            return None
        valuation = None if model.valuation is None else {atom: list(worlds) for atom, worlds in model.valuation.items()}
        return cls(worlds=list(model.worlds), failing_world=model.failing_world, valuation=valuation)


class _Decided(_Answer):
    goal: str = Field(description="The goal as it was understood; compare it with what you meant.")
    verdict: Literal["valid", "invalid", "unknown"] = Field(
        description="valid: S5 proves the goal. invalid: S5 does not prove it. unknown: neither was established; this is NOT a no."
    )
    verified: bool = Field(description="Whether Coq's kernel accepted the verdict; true for valid and invalid, false for unknown.")
    statement: str | None = Field(description="The theorem as Coq prints it; null for unknown and for very large goals.")
    certificate_id: str | None = Field(description="The id of the evidence; null for unknown.")
    kernel_hash: str = Field(description="Which kernel checked it.")
    reason: str | None = Field(description="Only for unknown: why, such as timeout or resource_limit.")
    detail: str | None = Field(description="Only for unknown: the reason as a sentence.")

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if self.verified is (self.verdict == "unknown"):
            raise ValueError(f"a verdict of {self.verdict} with verified={self.verified}")
        return self


class ProveAnswer(_Decided):
    """Whether S5 proves the goal."""

    countermodel: Worlds | None = Field(description="Only for invalid.")

    @classmethod
    def of(cls, verdict: Verdict) -> Self:
        """From the client's verdict."""
        return cls(**_members(verdict), countermodel=Worlds.of(verdict.countermodel))


class CountermodelAnswer(_Decided):
    """Whether there is a countermodel, and which."""

    exists: bool | None = Field(description="True: here it is. False: the goal has a proof, so there is none. Null: unknown.")
    countermodel: Worlds | None

    @classmethod
    def of(cls, search: CountermodelSearch) -> Self:
        """From the client's answer."""
        return cls(**_members(search), exists=search.exists, countermodel=Worlds.of(search.countermodel))


class ExplainAnswer(_Decided):
    """A verdict and why it is so."""

    explanation: list[str] = Field(
        description="Numbered sentences. The numbers that a sentence rests on stand in brackets or in its words."
    )
    table: dict[str, list[str]] | None = Field(description="Only for invalid: each subformula with the worlds where it is true.")
    countermodel: Worlds | None = Field(description="Only for invalid.")
    why_not: str | None = Field(description="Why there is no explanation, when there is none.")

    @classmethod
    def of(cls, explained: Explained) -> Self:
        """From an explanation."""
        verdict, why = explained.verdict, explained.explanation
        table = None
        if why is None:
            sentences = []
        elif isinstance(why, Derivation):
            sentences = [f"{step.number}. {step.sentence}" for step in why.steps]
        else:
            sentences = [f"{claim.number}. {claim.sentence}{_rests_on(claim.rests_on)}" for claim in why.claims]
            table = {shown(formula): list(worlds) for formula, worlds in why.table}
        return cls(
            **_members(verdict),
            explanation=sentences,
            table=table,
            countermodel=Worlds.of(verdict.countermodel),
            why_not=explained.why_not or None,
        )


class CheckAnswer(_Answer):
    """What became of a certificate that was checked again."""

    accepted: bool | None = Field(
        description="True: Coq's kernel accepts it. False: it refuses it. Null: it could not be asked; this is NOT a yes."
    )
    checker: str = Field(description="Who was asked.")
    kind: Literal["proof", "countermodel"] = Field(description="A proof of the goal, or a countermodel to it.")
    goal: str
    statement: str | None = Field(description="The theorem as Coq prints it, when it was asked for it.")
    reason: str = Field(description="Why it was refused, or could not be asked; else empty.")


GoalText = Annotated[
    str,
    Field(
        description="A formula of propositional S5, such as 'BOX(p -> q) -> (BOX p -> BOX q)', '[]p -> <>p' or '□p → ◇p'. See pxl://syntax."
    ),
]
TimeoutMs = Annotated[int, Field(ge=1, le=60_000, description="Milliseconds that it may take, waiting included.")]


def _members(verdict: Verdict | CountermodelSearch) -> dict[str, object]:
    return {
        "goal": verdict.goal,
        "verdict": verdict.verdict,
        "verified": verdict.verified,
        "statement": verdict.statement,
        "certificate_id": verdict.id,
        "kernel_hash": verdict.kernel_hash,
        "reason": verdict.reason,
        "detail": verdict.detail,
    }


def _rests_on(numbers: tuple[int, ...]) -> str:
    return f" [{', '.join(str(number) for number in numbers)}]" if numbers else ""

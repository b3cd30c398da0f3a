"""Batches, jobs, and goals that are only parsed."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, model_validator

from logos_pxl.wire.base import Answer, Count, JobId, Milliseconds, Request, Timestamp, open_choice
from logos_pxl.wire.problems import Problem
from logos_pxl.wire.verdicts import CountermodelSearch, Verdict


class JobState(StrEnum):
    """The states of a job. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


class BatchRequest(Request):
    """Goals to decide, each on its own."""

    goals: list[Any] = Field(
        min_length=1,
        description="The goals, strings in any notation of POST /prove. A member that is not a string is refused on its own line.",
        examples=[["BOX(A -> A)", "A -> BOX(A)"]],
    )
    timeout_ms: Milliseconds | None = Field(default=None, description="The budget of each goal in milliseconds, from when its turn comes.")


class BatchLine(Answer):
    """One line of the answer to a batch: what POST /prove would have answered to the goal of this index alone."""

    index: Count = Field(description="The goal's place in the request, from 0.")
    status: int = Field(description="200 with a result, else the status that the refusal would have had.")
    result: Verdict | None = None
    problem: Problem | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.result is None) is (self.problem is None):
            raise ValueError("a line has either a result or a problem")
        return self


def _question(result: Any) -> str:
    members = result if isinstance(result, dict) else result.__dict__
    return "countermodel" if "exists" in members else "prove"


Result = Annotated[Annotated[Verdict, Tag("prove")] | Annotated[CountermodelSearch, Tag("countermodel")], Discriminator(_question)]


class Job(Answer):
    """The state of a job."""

    job: JobId
    status: Annotated[str, open_choice(JobState)]
    timeout_ms: int = Field(description="The job's whole budget, from when it was accepted.")
    created: Timestamp
    started: Timestamp | None
    ended: Timestamp | None
    expires: Timestamp | None = Field(description="When the service forgets the job; null until it has ended.")
    result: (
        Annotated[Annotated[Verdict, Tag("prove")] | Annotated[CountermodelSearch, Tag("countermodel")], Discriminator(_question)] | None
    ) = Field(default=None, description="Only when done: the verdict.")
    problem: Problem | None = Field(default=None, description="Only when failed: why there is no verdict.")

    @property
    def over(self) -> bool:
        """Whether the job has ended, one way or the other."""
        return self.ended is not None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.result is not None) is not (self.status == JobState.DONE):
            raise ValueError(f"the job is {self.status} {'without' if self.result is None else 'with'} a result")
        if (self.problem is not None) is not (self.status == JobState.FAILED):
            raise ValueError(f"the job is {self.status} {'without' if self.problem is None else 'with'} a problem")
        if self.status in tuple(JobState) and JobState(self.status).ended is not self.over:
            raise ValueError(f"the job is {self.status} {'with' if self.over else 'without'} the time of its end")
        return self


class ParseRequest(Request):
    """A goal to parse."""

    goal: str = Field(description="The goal, in any notation of POST /prove.", examples=["[]p -> p"])


class Notations(Answer):
    """The goal in every notation."""

    manual: str
    ascii: str
    unicode: str
    latex: str = Field(description="For mathematics mode.")


class Parsed(Answer):
    """How a goal was understood."""

    goal: str = Field(description="In the operations manual's notation, as POST /prove repeats it.")
    size: int = Field(description="Connectives and atoms, each as often as it occurs.")
    depth: int = Field(description="Nested connectives.")
    modal_depth: int = Field(description="Nested BOX and DIA.")
    notations: Notations | None = Field(description="Null for goals of more than 2000 connectives and atoms.")
    subformulas: list[dict[str, object]] | None = Field(
        description="The distinct subformulas, numbered from 1, each after those that it is made of; the last one is the goal. `op` is "
        "atom (with `name`), bottom, top, not, and, or, imp, iff, box or dia; `args` are the numbers of what it is made of. Null for goals "
        "of more than 2000 connectives and atoms."
    )

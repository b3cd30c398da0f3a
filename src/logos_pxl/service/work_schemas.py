"""What jobs and batches take and give, as types."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from logos_pxl.service.schemas import CountermodelSearchAnswer, Milliseconds, Problem, ProveAnswer

JobId = Annotated[str, Field(pattern="^([A-Za-z0-9][A-Za-z0-9.-]*-)?[0-9a-f]{32}$")]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class BatchRequest(_Closed):
    """Goals to decide, each on its own."""

    goals: list[Any] = Field(
        min_length=1,
        description="The goals, strings in any notation of POST /prove. What is none is refused on its line, and spoils no other.",
        examples=[["BOX(A -> A)", "A -> BOX(A)"]],
    )
    timeout_ms: Milliseconds | None = Field(default=None, description="The budget of each goal in milliseconds, from when its turn comes.")


class BatchLine(_Closed):
    """One line of the answer to a batch: what POST /prove would have answered to the goal of this index alone."""

    index: int = Field(description="The goal's place in the request, from 0.")
    status: int = Field(description="200 with a result, else the status that the refusal would have had.")
    result: ProveAnswer | None = None
    problem: Problem | None = None


class JobAnswer(_Closed):
    """How a job stands."""

    job: JobId
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    timeout_ms: int = Field(description="The job's whole budget, from when it was accepted.")
    created: str = Field(description="ISO 8601, UTC, as the other times.")
    started: str | None
    ended: str | None
    expires: str | None = Field(description="When it will be forgotten; null until it has ended.")
    result: ProveAnswer | CountermodelSearchAnswer | None = Field(default=None, description="Only when done: the verdict.")
    problem: Problem | None = Field(default=None, description="Only when failed: why there is no verdict.")

"""Jobs: goals that are decided in the background, and whose results are kept for a while.

Invariant: a job goes from queued to running to an end state, or from queued to an end state, and never leaves an end state. Jobs are
bounded in number and in bytes, ended ones included; one more is refused. A client that has a job's id may see and cancel it; ids can be
neither guessed nor listed. A job enters an end state only after its work has ended.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from logos_pxl.errors import JobNotFound, Overloaded
from logos_pxl.goals import Goal
from logos_pxl.observing import JobEvent, NullObserver, Observer
from logos_pxl.proving.verdict import Verdict
from logos_pxl.proving.worker_queue import WorkerQueue
from logos_pxl.wire.work import JobState

_log = logging.getLogger(__name__)

_ID_BYTES = 16
_CANCEL_TIMEOUT_S = 10.0
_NEWEST = 1 / 8


_EVENTS: Mapping[JobState, JobEvent] = MappingProxyType(
    {JobState.DONE: "finished", JobState.FAILED: "failed", JobState.CANCELLED: "cancelled"}
)


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a job that was not cancelled ends in: the ``document`` to hand out (JSON), and whether the service itself failed."""

    document: bytes
    failed: bool


class Job:
    """One accepted goal. Its times are UTC. ``number`` counts its states from 1, so that a reader knows which it has seen."""

    def __init__(self, *, size_bytes: int, timeout_s: float, replica: str = "") -> None:
        self.id = (f"{replica}-" if replica else "") + secrets.token_hex(_ID_BYTES)
        self.timeout_s = timeout_s
        self.state = JobState.QUEUED
        self.number = 1
        self.created = datetime.now(UTC)
        self.started: datetime | None = None
        self.ended: datetime | None = None
        self.expires: datetime | None = None
        self.result: JobResult | None = None
        self.size_bytes = size_bytes
        self._changed = asyncio.Event()

    def enter(self, state: JobState) -> None:
        """Go to the next state, and wake who waits for it."""
        self.state = state
        self.number += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def after(self, number: int) -> None:
        """Return when the job is past its state of this number."""
        while self.number <= number:
            await self._changed.wait()

    async def until_ended(self) -> None:
        """Return when the job has ended."""
        while not self.state.ended:
            await self._changed.wait()


Render = Callable[[Verdict | None], JobResult]
"""Makes the result of a verdict; of ``None`` when the work failed unexpectedly."""


class Jobs:
    """All jobs of this process. Their ids begin with ``replica``, so that a balancer can route by them."""

    def __init__(
        self, queue: WorkerQueue, *, max_jobs: int, max_bytes: int, ttl_s: float, replica: str = "", observer: Observer | None = None
    ) -> None:
        self._queue = queue
        self._replica = replica
        self._max_jobs = max_jobs
        self._max_bytes = max_bytes
        self._ttl_s = ttl_s
        self._observer = observer or NullObserver()
        self._jobs: dict[str, Job] = {}
        self._working: dict[str, asyncio.Task[JobResult]] = {}
        self._expiring: dict[str, asyncio.TimerHandle] = {}
        self._bytes = 0
        self._mean_s = 1.0

    def submit(self, goal: Goal, render: Render, *, size_bytes: int, timeout_s: float, parse_ms: float) -> Job:
        """Accept a goal; ``size_bytes`` is that of its text. Raises Overloaded when there are as many jobs as may be."""
        self._require_room(size_bytes)
        job = Job(size_bytes=size_bytes, timeout_s=timeout_s, replica=self._replica)
        self._jobs[job.id] = job
        self._bytes += size_bytes
        work = asyncio.create_task(self._work(job, goal, render, time.monotonic() + timeout_s, parse_ms))
        # A task that is cancelled before its first step never runs: only its callback is sure to be called.
        work.add_done_callback(lambda done: self._worked(job, done))
        self._working[job.id] = work
        self._observer.job("created")
        self._report_held()
        return job

    def get(self, job_id: str) -> Job:
        """The job with this id. Raises JobNotFound."""
        job = self._jobs.get(job_id)
        if job is None:
            raise JobNotFound(
                f"no job has the id {job_id[:80]!r}: there never was one, or it was deleted, or it ended more than "
                f"{self._ttl_s:g} s (PXL_JOB_TTL) ago"
            )
        return job

    async def cancel(self, job: Job) -> None:
        """End a job that has not ended; returns when its search has stopped. A job that has ended is left as it is."""
        work = self._working.get(job.id)
        if work is not None:
            work.cancel()
            await asyncio.wait((work,), timeout=_CANCEL_TIMEOUT_S)

    def forget(self, job: Job) -> None:
        """Drop a job that has ended."""
        if self._jobs.pop(job.id, None) is not None:
            self._bytes -= job.size_bytes
            self._report_held()
        timer = self._expiring.pop(job.id, None)
        if timer is not None:
            timer.cancel()

    async def close(self) -> None:
        """Cancel all jobs and forget them."""
        for timer in self._expiring.values():
            timer.cancel()
        self._expiring.clear()
        for work in self._working.values():
            work.cancel()
        if self._working:
            await asyncio.wait(tuple(self._working.values()), timeout=_CANCEL_TIMEOUT_S)

    async def _work(self, job: Job, goal: Goal, render: Render, deadline: float, parse_ms: float) -> JobResult:
        began = time.monotonic()
        try:
            verdict = await self._queue.decide(goal, deadline=deadline, parse_ms=parse_ms, on_turn=lambda: self._run(job))
        except Exception:  # noqa: BLE001 - the job's client is told, and no other job suffers
            _log.exception("job %s failed", job.id)
            return render(None)
        self._mean_s += (time.monotonic() - began - self._mean_s) * _NEWEST
        return render(verdict)

    def _worked(self, job: Job, work: "asyncio.Task[JobResult]") -> None:
        if work.cancelled():
            self._end(job, JobState.CANCELLED)
            return
        job.result = work.result()
        self._end(job, JobState.FAILED if job.result.failed else JobState.DONE)

    def _run(self, job: Job) -> None:
        job.started = datetime.now(UTC)
        job.enter(JobState.RUNNING)
        self._report_held()

    def _end(self, job: Job, state: JobState) -> None:
        del self._working[job.id]
        job.ended = datetime.now(UTC)
        job.expires = job.ended + timedelta(seconds=self._ttl_s)
        held = len(job.result.document) if job.result else 0
        self._bytes += held - job.size_bytes
        job.size_bytes = held
        self._expiring[job.id] = asyncio.get_running_loop().call_later(self._ttl_s, self._expire, job)
        self._observer.job(_EVENTS[state])
        job.enter(state)
        self._report_held()

    def _expire(self, job: Job) -> None:
        self._observer.job("expired")
        self.forget(job)

    def _report_held(self) -> None:
        self._observer.jobs_held(running=len(self._working), finished=len(self._jobs) - len(self._working))

    def _require_room(self, size_bytes: int) -> None:
        if len(self._jobs) < self._max_jobs and self._bytes + size_bytes <= self._max_bytes:
            return
        self._observer.job("refused")
        raise Overloaded(
            f"{len(self._jobs)} jobs are held, with {self._bytes} bytes: as many as may be (PXL_JOBS_MAX, PXL_JOBS_MAX_BYTES); "
            "delete jobs whose results were read",
            retry_after_s=self._room_in_s(),
        )

    def _room_in_s(self) -> float:
        """When the oldest ended job is forgotten, or when a job's time and its result's have passed."""
        now = datetime.now(UTC)
        oldest = next((job.expires for job in self._jobs.values() if job.expires is not None), None)
        return (oldest - now).total_seconds() if oldest is not None else self._mean_s + self._ttl_s

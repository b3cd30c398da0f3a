"""Jobs: their states, their bounds, their end. What decides here does what the test needs; real searches are cancelled in tests/e2e."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from logos_pxl.errors import JobNotFound, Overloaded
from logos_pxl.goals import Goal
from logos_pxl.observing import JobEvent, NullObserver
from logos_pxl.proving import Admission, UnknownReason, Verdict, Versions
from logos_pxl.proving.jobs import Job, JobResult, Jobs, JobState
from logos_pxl.proving.verdict import Timings
from logos_pxl.proving.worker_queue import WorkerQueue

GOAL = Goal.parse("A -> A")
VERSIONS = Versions("8.16.1", "1", "1", "1")


def undecided(goal: Goal) -> Verdict:
    return Verdict.unknown(goal, UnknownReason.TIMEOUT, "no", kernel_hash="0" * 64, versions=VERSIONS, timings=Timings())


@dataclass
class Gate:
    """Decides when the test lets it."""

    opened: asyncio.Event = field(default_factory=asyncio.Event)
    at_work: int = 0
    most_at_work: int = 0
    error: Exception | None = None

    async def decide(self, goal: Goal, *, timeout_s: float, parse_ms: float = 0.0) -> Verdict:
        """Wait until the gate is open."""
        self.at_work += 1
        self.most_at_work = max(self.at_work, self.most_at_work)
        try:
            await self.opened.wait()
        finally:
            self.at_work -= 1
        if self.error is not None:
            raise self.error
        return undecided(goal)

    def remembered(self, goal: Goal, *, parse_ms: float = 0.0) -> Verdict | None:
        """Nothing is."""
        return None


class Listener(NullObserver):
    """Remembers what became of jobs."""

    def __init__(self) -> None:
        self.events: list[JobEvent] = []
        self.held = (0, 0)

    def job(self, event: JobEvent) -> None:
        """Remember."""
        self.events.append(event)

    def jobs_held(self, *, running: int, finished: int) -> None:
        """Remember."""
        self.held = (running, finished)


@dataclass
class Opened:
    """Jobs, and what is behind them."""

    jobs: Jobs
    gate: Gate
    listener: Listener

    def submit(self, size_bytes: int = 10) -> Job:
        """Accept a goal."""
        return self.jobs.submit(GOAL, render, size_bytes=size_bytes, timeout_s=60, parse_ms=0)


def render(verdict: Verdict | None) -> JobResult:
    return JobResult(b"{}", failed=verdict is None)


Open = Callable[..., Opened]


@pytest.fixture
async def open_jobs() -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        def opening(*, workers: int = 1, max_jobs: int = 100, max_bytes: int = 1000, ttl_s: float = 60) -> Opened:
            gate, listener = Gate(), Listener()
            lane = WorkerQueue(gate, Admission(at_once=10, waiting=10), workers=workers)
            jobs = Jobs(lane, max_jobs=max_jobs, max_bytes=max_bytes, ttl_s=ttl_s, observer=listener)
            stack.push_async_callback(jobs.close)
            return Opened(jobs, gate, listener)

        yield opening


async def turns() -> None:
    """Let everything go on that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_an_id_names_the_replica() -> None:
    """By which a balancer finds the process that has the job; the rest cannot be guessed."""
    lane = WorkerQueue(Gate(), Admission(at_once=10, waiting=10), workers=1)
    jobs = Jobs(lane, max_jobs=2, max_bytes=100, ttl_s=60, replica="pxl-prover-1.b")
    opened = Opened(jobs, Gate(), Listener())
    one, other = opened.submit(), opened.submit()
    assert re.fullmatch("pxl-prover-1.b-[0-9a-f]{32}", one.id)
    assert jobs.get(one.id) is one
    assert one.id != other.id
    await jobs.close()


async def test_a_job_goes_from_queued_to_running_to_done(open_jobs: Open) -> None:
    """With a result, times and an expiry at the end."""
    opened = open_jobs()
    job = opened.submit()
    assert (job.state, job.number) == (JobState.QUEUED, 1)
    await turns()
    assert (job.state, job.number) == (JobState.RUNNING, 2)
    opened.gate.opened.set()
    await job.until_ended()
    assert (job.state, job.number, job.result) == (JobState.DONE, 3, JobResult(b"{}", failed=False))
    assert job.started is not None
    assert job.ended is not None
    assert job.expires is not None
    assert job.created <= job.started <= job.ended < job.expires
    assert opened.listener.events == ["created", "finished"]
    assert opened.listener.held == (0, 1)


async def test_no_more_jobs_than_the_lane_is_wide_are_worked_on(open_jobs: Open) -> None:
    """The others are queued, and say so."""
    opened = open_jobs(workers=2)
    jobs = [opened.submit() for _ in range(5)]
    await turns()
    assert [job.state for job in jobs] == [JobState.RUNNING] * 2 + [JobState.QUEUED] * 3
    opened.gate.opened.set()
    await asyncio.gather(*(job.until_ended() for job in jobs))
    assert opened.gate.most_at_work == 2


async def test_a_cancelled_job_has_stopped_when_cancel_returns(open_jobs: Open) -> None:
    """Running or queued, or so new that nothing has begun; its place is free for the next."""
    opened = open_jobs()
    running, queued = opened.submit(), opened.submit()
    await turns()
    newest = opened.submit()
    for job in (newest, queued, running):
        await opened.jobs.cancel(job)
        assert job.state is JobState.CANCELLED
        assert job.result is None
    assert opened.gate.at_work == 0
    opened.gate.opened.set()
    last = opened.submit()
    await last.until_ended()
    assert last.state is JobState.DONE
    assert opened.listener.events.count("cancelled") == 3


async def test_a_defect_fails_the_job_and_no_other(open_jobs: Open, caplog: pytest.LogCaptureFixture) -> None:
    """Its result says so; the log has the trace."""
    opened = open_jobs()
    opened.gate.error = ValueError("a defect")
    opened.gate.opened.set()
    job = opened.submit()
    await job.until_ended()
    assert (job.state, job.result) == (JobState.FAILED, JobResult(b"{}", failed=True))
    assert "a defect" in caplog.text
    opened.gate.error = None
    other = opened.submit()
    await other.until_ended()
    assert other.state is JobState.DONE


async def test_jobs_are_bounded_in_number(open_jobs: Open) -> None:
    """Ended ones included; the refusal tells when there is room, and deleting one makes room."""
    opened = open_jobs(max_jobs=2, ttl_s=60)
    opened.gate.opened.set()
    first, second = opened.submit(), opened.submit()
    await asyncio.gather(first.until_ended(), second.until_ended())
    with pytest.raises(Overloaded, match="PXL_JOBS_MAX") as refused:
        opened.submit()
    assert refused.value.retry_after_s == pytest.approx(60, abs=2)
    opened.jobs.forget(first)
    opened.submit()
    assert opened.listener.events.count("refused") == 1


async def test_jobs_are_bounded_in_bytes(open_jobs: Open) -> None:
    """A waiting job counts with its goal, an ended one with its result."""
    opened = open_jobs(max_bytes=1000)
    big = opened.submit(size_bytes=990)
    with pytest.raises(Overloaded):
        opened.submit(size_bytes=20)
    opened.gate.opened.set()
    await big.until_ended()
    await opened.submit(size_bytes=900).until_ended()


async def test_an_ended_job_expires(open_jobs: Open) -> None:
    """After its time to live nobody can ask for it, and its place is free; one that works never expires."""
    opened = open_jobs(ttl_s=0.05, max_jobs=2)
    working = opened.submit()
    await turns()
    ended = opened.submit()
    await opened.jobs.cancel(ended)
    assert opened.jobs.get(ended.id) is ended
    await asyncio.sleep(0.15)
    with pytest.raises(JobNotFound):
        opened.jobs.get(ended.id)
    assert opened.jobs.get(working.id) is working
    assert opened.listener.events[-1] == "expired"


async def test_ids_cannot_be_guessed(open_jobs: Open) -> None:
    """128 random bits, and no two alike."""
    opened = open_jobs(max_jobs=1000, max_bytes=100_000)
    ids = {opened.submit().id for _ in range(500)}
    assert len(ids) == 500
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
    for position in range(32):
        assert len({one[position] for one in ids}) == 16


async def test_closing_ends_all_jobs(open_jobs: Open) -> None:
    """And tells who waits for them."""
    opened = open_jobs()
    jobs = [opened.submit() for _ in range(3)]
    waiting = asyncio.gather(*(job.until_ended() for job in jobs))
    await turns()
    await opened.jobs.close()
    await asyncio.wait_for(waiting, 1)
    assert {job.state for job in jobs} == {JobState.CANCELLED}
    assert opened.gate.at_work == 0


async def test_a_reader_sees_the_end_whenever_it_comes(open_jobs: Open) -> None:
    """Who waits for the state after the one that it has seen is woken once for each change, and never misses one."""
    opened = open_jobs()
    job = opened.submit()
    seen: list[JobState] = []

    async def read() -> None:
        number = 0
        while not (seen and seen[-1].ended):
            await job.after(number)
            number = job.number
            seen.append(job.state)

    reading = asyncio.ensure_future(read())
    await turns()
    opened.gate.opened.set()
    await asyncio.wait_for(reading, 1)
    assert seen in ([JobState.QUEUED, JobState.RUNNING, JobState.DONE], [JobState.RUNNING, JobState.DONE])

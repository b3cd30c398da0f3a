"""The pictures show what the code does: the arrows of imports, and the transitions of a job."""

import asyncio
import importlib
import itertools
import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from documents.blocks import ROOT

from logos_pxl.goals import Goal
from logos_pxl.proving.jobs import Job, JobResult, Jobs, JobState

PICTURES = ROOT / "docs" / "pictures"
GOAL = Goal.parse("A -> A")


def arrows(picture: str) -> set[tuple[str, str]]:
    text = (PICTURES / f"{picture}.dot").read_text()
    return {(found[1], found[2]) for found in re.finditer(r"^ *(\w+) -> (\w+)(?: |$)", text, re.MULTILINE)}


def test_the_architecture_is_that_of_the_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change of imports: `python docs/_site/pictures.py`."""
    monkeypatch.syspath_prepend(ROOT / "docs" / "_site")
    pictures = importlib.import_module("pictures")
    monkeypatch.delitem(sys.modules, "pictures")
    assert pictures.PICTURE.read_text() == pictures.architecture()
    assert ("proving", "kernel") in arrows("architecture")


@dataclass
class OneLane:
    """Stands for the lane of the jobs: each goal gets its turn, and then what the test wants happens."""

    turn: asyncio.Event
    ends: Callable[[], Awaitable[None]]

    async def decide(self, _: Goal, *, deadline: float, parse_ms: float, on_turn: Callable[[], None]) -> None:
        """Wait for the turn, and end."""
        await self.turn.wait()
        on_turn()
        await self.ends()


async def nothing() -> None:
    """The goal is decided at once."""


async def never() -> None:
    """The goal is not decided before the test ends the job."""
    await asyncio.Event().wait()


async def defect() -> None:
    """Deciding the goal raises an error."""
    raise RuntimeError("a defect")


async def states(ends: Callable[[], Awaitable[None]], *, turn: bool = True, cancelled: bool = False) -> list[JobState]:
    """The states that a job goes through."""
    seen = [JobState.QUEUED]

    class Watched(Job):
        def enter(self, state: JobState) -> None:
            seen.append(state)
            super().enter(state)

    free = asyncio.Event()
    lane = OneLane(free, ends)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("logos_pxl.proving.jobs.Job", Watched)
        jobs = Jobs(lane, max_jobs=1, max_bytes=1000, ttl_s=60)  # type: ignore[arg-type] # the part of a lane that jobs use
        job = jobs.submit(GOAL, lambda verdict: JobResult(b"{}", failed=lane.ends is defect), size_bytes=1, timeout_s=60, parse_ms=0)
    if turn:
        free.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    if cancelled:
        await jobs.cancel(job)
    async with asyncio.timeout(10):
        await job.until_ended()
    await jobs.close()
    return seen


async def test_a_jobs_life_is_that_of_the_code() -> None:
    """Each arrow between states happens, and no other; a job that has ended changes no more."""
    lives = [
        await states(nothing),
        await states(defect),
        await states(never, cancelled=True),
        await states(never, turn=False, cancelled=True),
    ]
    happened = {(str(one), str(two)) for life in lives for one, two in itertools.pairwise(life)}
    shown = arrows("job")
    assert happened == shown
    assert {state for arrow in shown for state in arrow} == {str(state) for state in JobState}
    assert not any(JobState(one).ended for one, _ in shown)


def test_the_trust_chain_names_files_and_theorems_that_exist() -> None:
    """The path and the two theorems of the picture."""
    text = (PICTURES / "trust-chain.dot").read_text()
    for path in re.findall(r"coq/[\w/]+\.v", text):
        assert (ROOT / path).exists(), path
    claims = (ROOT / "coq" / "theories" / "Claims.v").read_text()
    assert all(name in claims for name in re.findall(r"check_\w+_sound", text))

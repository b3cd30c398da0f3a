"""A search that lies, and kernel sessions that fail: never a wrong verdict. The kernel is the real one."""

import asyncio
import base64
import json
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from e2e.running import HARD

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind
from logos_pxl.proving import Find, Finding, NotFound, SearchBudget, UnknownReason, VerdictKind, find
from logos_pxl.runtime import Runtime
from logos_pxl.settings import Settings

VALID = Goal.parse("BOX(A -> A)")
INVALID = Goal.parse("A -> BOX(A)")


@asynccontextmanager
async def runtime(folder: Path, find: Find = find, **settings: Any) -> AsyncIterator[Runtime]:
    loaded = Settings.load(**{"pool_size": 1, "pool_spares": 0, "cache_ttl_s": 0, "data_dir": folder / "var", **settings})
    async with Runtime.open(loaded, find=find) as opened:
        yield opened


def honest(goal: Goal, budget: SearchBudget) -> Finding:
    found = find(goal, budget)
    assert isinstance(found, Finding)
    return found


def corrupted(goal: Goal, budget: SearchBudget) -> Finding:
    found = honest(goal, budget)
    return replace(found, evidence=found.evidence[:-1] + bytes([found.evidence[-1] ^ 1]))


def cut(goal: Goal, budget: SearchBudget) -> Finding:
    found = honest(goal, budget)
    return replace(found, evidence=found.evidence[:-1])


def of_another_goal(goal: Goal, budget: SearchBudget) -> Finding:
    return honest(Goal.parse("BOX(B -> B)") if goal == VALID else Goal.parse("B -> BOX(B)"), budget)


def the_opposite(goal: Goal, budget: SearchBudget) -> Finding:
    return honest(INVALID if goal == VALID else VALID, budget)


def of_the_wrong_kind(goal: Goal, budget: SearchBudget) -> Finding:
    found = honest(goal, budget)
    return replace(found, kind=CheckKind.PROOF if found.kind is CheckKind.COUNTERMODEL else CheckKind.COUNTERMODEL)


def with_canonical_names(goal: Goal, budget: SearchBudget) -> Finding:
    return honest(Goal(goal.canonical.formula), budget)


def nothing(goal: Goal, budget: SearchBudget) -> Finding:
    return Finding(CheckKind.PROOF, b"")


def noise(goal: Goal, budget: SearchBudget) -> Finding:
    return Finding(CheckKind.PROOF, os.urandom(1000))


LIES = [corrupted, cut, of_another_goal, the_opposite, of_the_wrong_kind, with_canonical_names, nothing, noise]


@pytest.mark.parametrize("goal", [VALID, INVALID], ids=["valid", "invalid"])
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
async def test_a_lying_search_ends_in_unknown(folder: Path, lie: Find, goal: Goal) -> None:
    """Whatever certificate the search makes up, the verdict is unknown, for the kernel refused it."""
    async with runtime(folder, lie) as opened:
        verdict = await opened.prover.decide(goal, timeout_s=10)
        assert verdict.kind is VerdictKind.UNKNOWN
        assert verdict.reason is UnknownReason.KERNEL_REJECTED
        assert verdict.certificate is None
        assert not verdict.verified
        assert opened.prover.stats().soundness_alarms == 1


async def test_a_theorem_about_another_goal_is_an_alarm(folder: Path) -> None:
    """When what went to the kernel was not the goal, though it is a theorem, Coq's own statement gives it away."""
    goal = Goal.parse("A -> BOX(A)")
    goal.__dict__["wire"] = VALID.wire
    async with runtime(folder, lambda _goal, budget: honest(VALID, budget)) as opened:
        verdict = await opened.prover.decide(goal, timeout_s=10)
        assert verdict.reason is UnknownReason.KERNEL_REJECTED
        assert 'Prov (□ ("A" → "A"))' in verdict.detail
        assert opened.prover.stats().soundness_alarms == 1


async def test_a_refused_certificate_is_an_alarm_and_leaves_its_evidence(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged as critical with the goal, counted, and kept with the goal and the certificate for a post-mortem."""
    async with runtime(folder, of_another_goal) as opened:
        with caplog.at_level(logging.CRITICAL):
            await opened.prover.decide(VALID, timeout_s=10)
        assert opened.prover.stats().last_alarm is not None
    (record,) = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert "BOX(A -> A)" in record.getMessage()
    (file,) = (folder / "var" / "post-mortems").iterdir()
    assert str(file) in record.getMessage()
    kept = json.loads(file.read_text())
    assert (kept["goal"], kept["kind"]) == ("BOX(A -> A)", "proof")
    assert b"B" in base64.b64decode(kept["certificate"])
    assert kept["reason"]


async def test_post_mortems_are_bounded(folder: Path) -> None:
    """A defect that shows on every goal does not fill the disk."""
    async with runtime(folder, nothing, post_mortems_max=3) as opened:
        for _ in range(5):
            await opened.prover.decide(VALID, timeout_s=10)
        assert opened.prover.stats().soundness_alarms == 5
    assert len(list((folder / "var" / "post-mortems").iterdir())) == 3


async def test_after_a_lie_the_next_goal_is_decided(folder: Path) -> None:
    """A refusal leaves nothing behind in the session."""
    lies = iter([of_another_goal, find])

    def once(goal: Goal, budget: SearchBudget) -> Finding | NotFound:
        return next(lies)(goal, budget)

    async with runtime(folder, once) as opened:
        assert (await opened.prover.decide(VALID, timeout_s=10)).reason is UnknownReason.KERNEL_REJECTED
        assert (await opened.prover.decide(VALID, timeout_s=10)).kind is VerdictKind.VALID


async def test_a_closed_pool_is_unavailable(folder: Path) -> None:
    """Without sessions there is no verdict, and the reason says so."""
    async with runtime(folder) as opened:
        await opened.pool.close()
        verdict = await opened.prover.decide(VALID, timeout_s=10)
    assert (verdict.kind, verdict.reason) == (VerdictKind.UNKNOWN, UnknownReason.KERNEL_UNAVAILABLE)


async def test_a_session_that_does_not_answer_is_a_timeout(folder: Path, session_pids: Callable[[], set[int]]) -> None:
    """A stopped Coq costs the caller his budget and no more."""
    async with runtime(folder) as opened:
        for pid in session_pids():
            os.kill(pid, signal.SIGSTOP)
        verdict = await asyncio.wait_for(opened.prover.decide(VALID, timeout_s=0.5), 5)
        assert (verdict.kind, verdict.reason) == (VerdictKind.UNKNOWN, UnknownReason.TIMEOUT)
        assert verdict.timings.total_ms >= 400
        assert (await opened.prover.decide(VALID, timeout_s=10)).kind is VerdictKind.VALID


async def test_killed_sessions_never_make_a_verdict(folder: Path, session_pids: Callable[[], set[int]]) -> None:
    """While sessions are killed under it, each answer is the right verdict or unknown for want of a kernel."""
    async with runtime(folder, pool_size=2) as opened:
        ended, until = False, time.monotonic() + 4

        async def killer() -> None:
            while not ended:
                await asyncio.sleep(0.4)
                for pid in list(session_pids())[:1]:
                    os.kill(pid, signal.SIGKILL)

        killing = asyncio.create_task(killer())
        verdicts = []
        while time.monotonic() < until:
            verdicts += await asyncio.gather(*(opened.prover.decide(goal, timeout_s=5) for goal in (VALID, INVALID)))
        ended = True
        await killing
    for number, verdict in enumerate(verdicts):
        assert verdict.kind is (VerdictKind.INVALID if number % 2 else VerdictKind.VALID) or verdict.reason in (
            UnknownReason.KERNEL_UNAVAILABLE,
            UnknownReason.TIMEOUT,
        )
    decided = sum(verdict.kind is not VerdictKind.UNKNOWN for verdict in verdicts)
    assert decided > len(verdicts) / 2
    assert opened.prover.stats().soundness_alarms == 0


async def test_a_search_past_its_deadline_is_a_timeout(folder: Path) -> None:
    """A goal that is too hard for its budget is unknown, in time."""
    async with runtime(folder) as opened:
        verdict = await asyncio.wait_for(opened.prover.decide(Goal.parse(HARD), timeout_s=0.3), 3)
    assert (verdict.kind, verdict.reason) == (VerdictKind.UNKNOWN, UnknownReason.TIMEOUT)


async def test_a_search_past_its_memory_is_a_resource_limit(folder: Path) -> None:
    """The memory bound is a reason of its own."""
    async with runtime(folder, search_memory_bytes=16 << 20) as opened:
        verdict = await opened.prover.decide(Goal.parse(HARD), timeout_s=30)
    assert (verdict.kind, verdict.reason) == (VerdictKind.UNKNOWN, UnknownReason.RESOURCE_LIMIT)


async def test_cancelling_the_caller_is_counted(folder: Path) -> None:
    """A caller who goes away is told apart in the counts."""
    async with runtime(folder) as opened:
        deciding = asyncio.create_task(opened.prover.decide(Goal.parse(HARD), timeout_s=60))
        await asyncio.sleep(0.1)
        deciding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await deciding
        assert opened.prover.stats().unknown == {"cancelled": 1}

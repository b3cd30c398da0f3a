"""Deciding goals as the service does, with a stopwatch on each part: the engine's search on a thread, then a real kernel session.

Invariant: ``Decision.verdict`` is valid or invalid only when Coq's kernel accepted a certificate for that very goal. Every goal has a
deadline that covers parsing, search and kernel check.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import logos_pxl_engine as engine

from bench.figures import median
from logos_pxl.errors import PxlError
from logos_pxl.goals import Goal, Syntax
from logos_pxl.kernel import CheckKind, SessionPool, coq_sessions
from logos_pxl.proving import Finding, NotFound, SearchBudget, SearchThreads, UnknownReason
from logos_pxl.runtime import goal_limits
from logos_pxl.settings import Settings


@dataclass(frozen=True, slots=True)
class Problem:
    """A goal with the name, the family and the size that it is reported under. ``expected`` is its verdict, where one is known."""

    family: str
    size: int
    text: str
    syntax: Syntax = "pxl"
    expected: str | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class MeasuredFinding(Finding):
    """What the search claims, with the figures of its work. ``steps`` counts a proof's steps, ``worlds`` a countermodel's worlds."""

    steps: int | None
    worlds: int | None
    conflicts: int
    solver_calls: int


@dataclass(frozen=True, slots=True)
class Decision:
    """One goal's verdict and what it took, in milliseconds. ``kernel_ms`` is Coq's own figure, ``check_ms`` the round trip to it."""

    family: str
    size: int
    label: str
    verdict: str
    reason: str = ""
    nodes: int = 0
    parse_ms: float = 0.0
    search_ms: float = 0.0
    kernel_ms: float | None = None
    check_ms: float | None = None
    steps: int | None = None
    worlds: int | None = None
    certificate_bytes: int | None = None
    conflicts: int | None = None
    solver_calls: int | None = None

    @property
    def decided(self) -> bool:
        """Whether there is a verdict that the kernel accepted."""
        return self.verdict != "unknown"

    def document(self) -> dict[str, Any]:
        """The fields, for JSON."""
        return asdict(self)


class Decider:
    """Decides goals one after the other. Made by ``deciding``."""

    def __init__(self, pool: SessionPool, searches: SearchThreads, limits: engine.Limits) -> None:
        self._pool = pool
        self._searches = searches
        self._limits = limits

    async def decide(self, problem: Problem, *, timeout_s: float, repeats: int = 1) -> Decision:
        """The verdict within ``timeout_s``.

        The goal is decided up to ``repeats`` times, as long as the first tries took little; times are medians, and all verdicts must agree.
        """
        first = await self._once(problem, timeout_s)
        runs = [first]
        while len(runs) < repeats and first.decided and first.search_ms + (first.check_ms or 0) < 1000 * timeout_s / repeats:
            runs.append(await self._once(problem, timeout_s))
        if any(run.verdict != first.verdict for run in runs):
            return replace(first, verdict="unknown", reason=f"the verdicts of {len(runs)} runs differ: {[run.verdict for run in runs]}")
        return replace(
            first,
            parse_ms=median([run.parse_ms for run in runs]),
            search_ms=median([run.search_ms for run in runs]),
            kernel_ms=_median_known([run.kernel_ms for run in runs]),
            check_ms=_median_known([run.check_ms for run in runs]),
        )

    async def _once(self, problem: Problem, timeout_s: float) -> Decision:
        started = time.monotonic()
        deadline = started + timeout_s
        blank = Decision(problem.family, problem.size, problem.label, "unknown")
        try:
            goal = Goal.parse(problem.text, limits=self._limits, syntax=problem.syntax)
        except PxlError as error:
            return replace(blank, reason=f"parse: {str(error).splitlines()[0]}")
        parsed = replace(blank, nodes=goal.formula.nodes, parse_ms=(time.monotonic() - started) * 1000)
        report = await self._searches.run(goal, deadline=deadline)
        searched = replace(parsed, search_ms=report.search_ms)
        found = report.outcome
        if not isinstance(found, MeasuredFinding):
            why = f"{found.reason}: {found.detail}" if isinstance(found, NotFound) else "no measured finding"
            return replace(searched, reason=why)
        return await self._check(searched, goal, found, deadline)

    async def _check(self, searched: Decision, goal: Goal, found: MeasuredFinding, deadline: float) -> Decision:
        measured = replace(
            searched,
            steps=found.steps,
            worlds=found.worlds,
            certificate_bytes=len(found.evidence),
            conflicts=found.conflicts,
            solver_calls=found.solver_calls,
        )
        asked = time.monotonic()
        try:
            judged = await self._pool.check(found.kind, goal.wire, found.evidence, deadline=deadline, statement=False)
        except PxlError as error:
            return replace(measured, reason=f"kernel check: {type(error).__name__}: {str(error)[:300]}")
        check_ms = (time.monotonic() - asked) * 1000
        if not judged.accepted:
            return replace(measured, check_ms=check_ms, reason=f"{UnknownReason.KERNEL_REJECTED}: {judged.reason[:300]}")
        verdict = "valid" if found.kind is CheckKind.PROOF else "invalid"
        return replace(measured, verdict=verdict, kernel_ms=judged.kernel_ms, check_ms=check_ms)


@asynccontextmanager
async def deciding(settings: Settings) -> AsyncIterator[Decider]:
    """A decider with one search thread and one session (and a spare), open for the length of the block.

    Raises ConfigurationError when the kernel is not built, KernelUnavailable when no session starts.
    """
    one = settings.model_copy(update={"pool_size": 1, "pool_spares": 1})
    async with SessionPool(one.pool(), coq_sessions(one.session())) as pool:
        searches = SearchThreads(_find, threads=1, memory_bytes=one.search_memory_bytes)
        try:
            yield Decider(pool, searches, goal_limits(one))
        finally:
            await searches.close()


def _find(goal: Goal, budget: SearchBudget) -> Finding | NotFound:
    """The service's search (``logos_pxl.proving.find``), with the engine's figures kept."""
    canonical = goal.canonical
    found = engine.search(canonical.formula, deadline_ms=budget.remaining_ms(), memory_bytes=budget.memory_bytes, cancel=budget.cancel)
    if isinstance(found, engine.Unknown):
        return NotFound(UnknownReason(found.reason), found.detail)
    own = found.rename_atoms(canonical.restoring)
    return MeasuredFinding(
        CheckKind.PROOF if isinstance(found, engine.Proof) else CheckKind.COUNTERMODEL,
        own.certificate,
        steps=found.steps if isinstance(found, engine.Proof) else None,
        worlds=len(found.worlds) if isinstance(found, engine.Countermodel) else None,
        conflicts=found.conflicts,
        solver_calls=found.solver_calls,
    )


def _median_known(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None

"""Goals decided, several at once, and told in the order in which they were given."""

import asyncio
import os
import sys
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from logos_pxl.cli.failing import tell
from logos_pxl.cli.goals_given import Asked, Given, goals_of
from logos_pxl.cli.progress import Standing
from logos_pxl.cli.provers import at_once, opened_prover
from logos_pxl.cli.statuses import ExitStatus, worst
from logos_pxl.client.errors import Overloaded, QuotaExceeded, ServiceFailed, ServiceUnavailable
from logos_pxl.client.interface import AsyncProver
from logos_pxl.client.models import CountermodelSearch, Verdict
from logos_pxl.errors import PxlError, RequestError, SoundnessAlarm

A = TypeVar("A")
P_contra = TypeVar("P_contra", contravariant=True)

Ask = Callable[[AsyncProver, str, int | None], Awaitable[A]]
"""The question put to the prover about a goal, with the goal's time in milliseconds."""

# Answers that wait for an earlier goal's, for each goal that is worked on.
_AHEAD = 32
# What a service says of itself, and a local engine would have said as an unknown verdict.
_UNKNOWN = (ServiceUnavailable, Overloaded, QuotaExceeded, ServiceFailed, SoundnessAlarm)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[A]):
    """What became of one goal: an answer, or the error that concerns this goal alone."""

    given: Given
    answer: A | None
    error: PxlError | None
    status: ExitStatus


class Printer(Protocol[P_contra]):
    """What is printed for each goal, on standard output."""

    def answered(self, answer: P_contra) -> None:
        """A goal has its answer."""

    def undecided(self, text: str, error: PxlError) -> None:
        """A service could not say; standard error has been told."""

    def refused(self, text: str, error: PxlError) -> None:
        """A goal could not be read; standard error has been told."""

    def verdict_of(self, answer: P_contra) -> Verdict | CountermodelSearch:
        """The verdict in an answer."""


def decide_all(asked: Asked, ask: Ask[A], printer: Printer[A], *, summary: bool | None = None) -> ExitStatus:
    """Decide all goals; the exit status for all of them together. ``summary``: whether to end with one; None for on terminals only."""
    try:
        return asyncio.run(_decide_all(goals_of(asked), asked, ask, printer, summary=summary))
    except BrokenPipeError:
        # Who reads has seen enough. What is left in the stream's buffer must not be an error at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.ERROR
    except (PxlError, OSError) as error:
        tell(error)
        return ExitStatus.ERROR
    except KeyboardInterrupt:
        return ExitStatus.ERROR


async def _decide_all(goals: Sequence[Given], asked: Asked, ask: Ask[A], printer: Printer[A], *, summary: bool | None) -> ExitStatus:
    width = at_once(asked.at_once, len(goals))
    statuses: list[ExitStatus] = []
    async with opened_prover(asked.url, sessions=width) as prover:
        with Standing(len(goals), summary=summary) as standing:

            async def decide(given: Given) -> Outcome[A]:
                outcome = await _outcome(prover, given, asked.timeout_ms, ask, printer)
                standing.done(outcome.status)
                return outcome

            async with aclosing(_in_order(goals, decide, width)) as outcomes:
                async for outcome in outcomes:
                    _print(outcome, printer)
                    statuses.append(outcome.status)
    return worst(statuses)


async def _outcome(prover: AsyncProver, given: Given, timeout_ms: int | None, ask: Ask[A], printer: Printer[A]) -> Outcome[A]:
    """Raises what concerns every goal: no connection, no permission, an answer that cannot be believed."""
    try:
        answer = await ask(prover, given.goal(), timeout_ms)
    except RequestError as error:
        return Outcome(given, None, error, ExitStatus.ERROR)
    except _UNKNOWN as error:
        return Outcome(given, None, error, ExitStatus.UNKNOWN)
    verdict = printer.verdict_of(answer)
    status = ExitStatus.VALID if verdict.valid else ExitStatus.INVALID if verdict.invalid else ExitStatus.UNKNOWN
    return Outcome(given, answer, None, status)


def _print(outcome: Outcome[A], printer: Printer[A]) -> None:
    if outcome.answer is not None:
        printer.answered(outcome.answer)
    elif outcome.error is not None:
        tell(outcome.error, place=outcome.given.place)
        (printer.refused if outcome.status is ExitStatus.ERROR else printer.undecided)(outcome.given.text, outcome.error)


async def _in_order(
    goals: Sequence[Given], decide: Callable[[Given], Awaitable[Outcome[A]]], width: int
) -> AsyncGenerator[Outcome[A], None]:
    """The outcomes in the order of ``goals``, ``width`` at work at once; a slow one lets others go ahead, but not without bound."""
    gate = asyncio.Semaphore(width)

    async def in_turn(given: Given) -> Outcome[A]:
        async with gate:
            return await decide(given)

    begun: deque[asyncio.Task[Outcome[A]]] = deque()
    left = iter(goals)
    try:
        while True:
            while len(begun) < width * _AHEAD and (given := next(left, None)) is not None:
                begun.append(asyncio.ensure_future(in_turn(given)))
            if not begun:
                return
            outcome = await begun[0]
            begun.popleft()
            yield outcome
    finally:
        for task in begun:
            task.cancel()
        for task in begun:
            with suppress(asyncio.CancelledError, PxlError):
                await task

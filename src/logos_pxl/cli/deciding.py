"""Goals from arguments, files or standard input, decided several at once and printed in the order in which they were given.

A service decides them when ``--url`` or ``PXL_URL`` names one, else the engine and Coq of this process.
"""

import asyncio
import os
import sys
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar

from logos_pxl.cli.printing import ExitStatus, print_error, worst
from logos_pxl.cli.progress import Progress
from logos_pxl.client.errors import QuotaExceeded, ServiceFailed, ServiceUnavailable
from logos_pxl.client.interface import AsyncProver
from logos_pxl.errors import Overloaded, PxlError, RequestError, SoundnessAlarm
from logos_pxl.settings import Settings
from logos_pxl.wire.verdicts import CountermodelSearch, Verdict


@dataclass(frozen=True, slots=True)
class GoalRequest:
    """Goals and how to decide them: ``goals`` from the arguments, else those of ``file``, else those of standard input.

    ``single``: exactly one goal. ``url``: the service; None means ``PXL_URL``, empty means the local engine. ``at_once``: how
    many goals are worked on at once; None for as many as there are processors.
    """

    goals: list[str]
    file: str | None = None
    syntax: Literal["pxl", "intohylo"] = "pxl"
    timeout_ms: int | None = None
    url: str | None = None
    at_once: int | None = None
    single: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """A goal's text, and its place as a message names it: empty for an argument."""

    text: str
    place: str = ""
    syntax: Literal["pxl", "intohylo"] = "pxl"

    def goal(self) -> str:
        """The goal in a notation that every prover reads. Raises MalformedGoal, GoalTooLarge."""
        if self.syntax == "pxl":
            return self.text
        from logos_pxl.goals import Goal  # noqa: PLC0415 - the engine is needed for this syntax alone

        return Goal.parse(self.text, syntax=self.syntax).text


def goals_of(request: GoalRequest) -> list[Given]:
    """All goals. Raises RequestError when there is none, or too many sources; OSError."""
    if request.goals and request.file is not None:
        raise RequestError("goals were given as arguments and by --file: give one of them")
    if request.goals:
        return [Given(text, syntax=request.syntax) for text in request.goals]
    file = request.file or "-"
    name = "standard input" if file == "-" else file
    text = _read(file)
    if request.syntax == "intohylo" or request.single:
        return [Given(text, f"{name}: ", request.syntax)]
    given = list(_lines(text, name))
    if not given:
        raise RequestError(f"{name} holds no goal")
    return given


def _lines(text: str, name: str) -> Iterator[Given]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield Given(line, f"{name}, line {number}: ")


def _read(file: str) -> str:
    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    with suppress(UnicodeDecodeError):
        return data.decode("utf-8-sig")
    raise RequestError(f"{'standard input' if file == '-' else file} is not UTF-8 text")


_MOST = 8
# A person waits: a service that does not come back within seconds is reported as an error.
_ATTEMPTS = 5


def service_address(url: str | None) -> str | None:
    """The service's address; None for the local engine. ``url`` is the option's value, None when it was not given."""
    return (Settings.load().url if url is None else url) or None


def at_once(asked: int | None, goals: int) -> int:
    """How many goals are worked on at once."""
    return max(1, min(goals, asked or min(os.cpu_count() or 1, _MOST)))


@asynccontextmanager
async def opened_prover(url: str | None, *, sessions: int) -> AsyncIterator[AsyncProver]:
    """The prover, open. Raises ConfigurationError, KernelUnavailable, RequestError."""
    address = service_address(url)
    if address is None:
        from logos_pxl.local import local_prover  # noqa: PLC0415 - a service can be asked where there is no engine

        async with local_prover(sessions=sessions) as local:
            yield local
        return
    from stamina.instrumentation import set_on_retry_hooks  # noqa: PLC0415

    from logos_pxl.client import AsyncPxlClient, Retrying  # noqa: PLC0415

    # By default stamina reports retries to structlog, which prints to standard output.
    set_on_retry_hooks([])
    key = Settings.load().hmac_key
    async with AsyncPxlClient(address, key=key.get_secret_value() if key else None, retrying=Retrying(attempts=_ATTEMPTS)) as client:
        yield client


A = TypeVar("A")
P_contra = TypeVar("P_contra", contravariant=True)

Ask = Callable[[AsyncProver, str, int | None], Awaitable[A]]
"""A call to the prover about a goal, with the goal's time in milliseconds."""

# How many answers may wait for an earlier goal's answer, for each goal that is worked on.
_AHEAD = 32
# Errors of a service that mean an unknown verdict.
_UNKNOWN = (ServiceUnavailable, Overloaded, QuotaExceeded, ServiceFailed, SoundnessAlarm)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[A]):
    """The result of one goal: an answer, or an error that concerns this goal only."""

    given: Given
    answer: A | None
    error: PxlError | None
    status: ExitStatus


class Printer(Protocol[P_contra]):
    """What is printed for each goal, on standard output."""

    def answered(self, answer: P_contra) -> None:
        """A goal has its answer."""

    def undecided(self, text: str, error: PxlError) -> None:
        """A service could not decide the goal; the message is on standard error."""

    def refused(self, text: str, error: PxlError) -> None:
        """A goal could not be read; the message is on standard error."""

    def verdict_of(self, answer: P_contra) -> Verdict | CountermodelSearch:
        """The verdict in an answer."""


def decide_all(request: GoalRequest, ask: Ask[A], printer: Printer[A], *, summary: bool | None = None) -> ExitStatus:
    """Decide all goals; the exit status for all of them together. ``summary``: print one at the end; None: on terminals only."""
    try:
        return asyncio.run(_decide_all(goals_of(request), request, ask, printer, summary=summary))
    except BrokenPipeError:
        # The reader has closed the pipe. What is left in the stream's buffer must not cause an error at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.ERROR
    except (PxlError, OSError) as error:
        print_error(error)
        return ExitStatus.ERROR
    except KeyboardInterrupt:
        return ExitStatus.ERROR


async def _decide_all(
    goals: Sequence[Given], request: GoalRequest, ask: Ask[A], printer: Printer[A], *, summary: bool | None
) -> ExitStatus:
    width = at_once(request.at_once, len(goals))
    statuses: list[ExitStatus] = []
    async with opened_prover(request.url, sessions=width) as prover:
        with Progress(len(goals), summary=summary) as progress:

            async def decide(given: Given) -> Outcome[A]:
                outcome = await _outcome(prover, given, request.timeout_ms, ask, printer)
                progress.done(outcome.status)
                return outcome

            async with aclosing(_in_order(goals, decide, width)) as outcomes:
                async for outcome in outcomes:
                    _print(outcome, printer)
                    statuses.append(outcome.status)
    return worst(statuses)


async def _outcome(prover: AsyncProver, given: Given, timeout_ms: int | None, ask: Ask[A], printer: Printer[A]) -> Outcome[A]:
    """Decide one goal. Raises errors that concern every goal: no connection, no permission, an answer that breaks the contract."""
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
        print_error(outcome.error, place=outcome.given.place)
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

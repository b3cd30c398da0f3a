"""Goals from arguments, a file or standard input, decided one after another in one local session."""

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from logos_pxl.cli.failing import tell
from logos_pxl.cli.statuses import ExitStatus, worst
from logos_pxl.errors import PxlError, RequestError
from logos_pxl.goals import Goal, Syntax
from logos_pxl.proving import Verdict, VerdictKind
from logos_pxl.runtime import Runtime
from logos_pxl.settings import Settings

_STATUSES = {
    VerdictKind.VALID: ExitStatus.VALID,
    VerdictKind.INVALID: ExitStatus.INVALID,
    VerdictKind.UNKNOWN: ExitStatus.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asked: ``goals`` from the arguments, else those of ``file``, else those of standard input. ``single``: exactly one."""

    goals: list[str]
    file: str | None
    syntax: Syntax
    timeout_ms: int | None
    single: bool = False


class Printer(Protocol):
    """What is printed for each goal, on standard output."""

    def verdict(self, verdict: Verdict) -> None:
        """A goal was decided, or not."""

    def refused(self, text: str, error: RequestError) -> None:
        """A goal could not be read; standard error has been told."""


def decide_all(asked: Asked, printer: Printer) -> ExitStatus:
    """Decide all goals; the exit status for all of them together."""
    try:
        settings = Settings.load(pool_size=1, pool_spares=0)
        goals = list(_goals(asked))
        return asyncio.run(_decide_all(settings, goals, asked, printer))
    except (PxlError, OSError) as error:
        tell(error)
        return ExitStatus.ERROR
    except KeyboardInterrupt:
        return ExitStatus.ERROR


async def _decide_all(settings: Settings, goals: list[tuple[str, str]], asked: Asked, printer: Printer) -> ExitStatus:
    timeout_s = (asked.timeout_ms or settings.default_timeout_ms) / 1000
    statuses = []
    async with Runtime.open(settings, keep=False) as runtime:
        for place, text in goals:
            started = time.monotonic()
            try:
                goal = Goal.parse(text, limits=runtime.goal_limits, syntax=asked.syntax)
            except RequestError as error:
                tell(error, place=place)
                printer.refused(text, error)
                statuses.append(ExitStatus.ERROR)
                continue
            parse_ms = (time.monotonic() - started) * 1000
            verdict = await runtime.prover.decide(goal, timeout_s=timeout_s, parse_ms=parse_ms)
            printer.verdict(verdict)
            statuses.append(_STATUSES[verdict.kind])
    return worst(statuses)


def _goals(asked: Asked) -> Iterator[tuple[str, str]]:
    """Each goal with the place that a message names, empty for an argument."""
    if asked.goals and asked.file is not None:
        raise RequestError("goals were given as arguments and by --file: give one of them")
    if asked.goals:
        yield from (("", text) for text in asked.goals)
        return
    file = asked.file or "-"
    name = "standard input" if file == "-" else file
    text = _read(file)
    if asked.syntax == "intohylo" or asked.single:
        yield f"{name}: ", text
        return
    lines = [(f"{name}, line {number}: ", line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise RequestError(f"{name} holds no goal")
    yield from lines


def _read(file: str) -> str:
    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    with suppress(UnicodeDecodeError):
        return data.decode("utf-8-sig")
    raise RequestError(f"{'standard input' if file == '-' else file} is not UTF-8 text")

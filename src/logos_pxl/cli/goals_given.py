"""Goals from arguments, a file or standard input."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from logos_pxl.errors import RequestError


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asked, and whom: ``goals`` from the arguments, else those of ``file``, else those of standard input.

    ``single``: exactly one goal. ``url``: the service to ask; None for what ``PXL_URL`` says, empty for the local engine. ``at_once``: how
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


def goals_of(asked: Asked) -> list[Given]:
    """All goals. Raises RequestError when there is none, or too many sources; OSError."""
    if asked.goals and asked.file is not None:
        raise RequestError("goals were given as arguments and by --file: give one of them")
    if asked.goals:
        return [Given(text, syntax=asked.syntax) for text in asked.goals]
    file = asked.file or "-"
    name = "standard input" if file == "-" else file
    text = _read(file)
    if asked.syntax == "intohylo" or asked.single:
        return [Given(text, f"{name}: ", asked.syntax)]
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

"""What the commands print: exit statuses, colours, tables, verdicts, error messages and progress.

Answers go to standard output as plain lines that pipes can take; colours are used on a terminal only. Messages go to standard error.
"""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, Generic, TextIO, TypeVar

import typer

from logos_pxl.errors import PxlError
from logos_pxl.wire.verdicts import Countermodel, CountermodelSearch, Verdict


class ExitStatus(IntEnum):
    """What the process's exit status says."""

    VALID = 0
    INVALID = 1
    ERROR = 2
    UNKNOWN = 3


# From good to bad; IntEnum's own order is that of the numbers.
_SEVERITY = (ExitStatus.VALID, ExitStatus.INVALID, ExitStatus.UNKNOWN, ExitStatus.ERROR)


def worst(statuses: Iterable[ExitStatus]) -> ExitStatus:
    """The status of several goals together: an error before unknown, unknown before invalid, invalid before valid."""
    return max(statuses, key=_SEVERITY.index, default=ExitStatus.VALID)


def print_error(error: PxlError | OSError, *, place: str = "") -> None:
    """Print the error on standard error."""
    print(f"pxl: {place}{error}", file=sys.stderr)  # noqa: T201 - the command line's job


def coloured(stream: TextIO | None = None) -> bool:
    """Whether ``stream``, standard output unless given, takes colours."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return (stream or sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def echo(*words: tuple[str, str | None] | str) -> None:
    """Print a line on standard output: words, each alone or with its colour."""
    colour = coloured()
    text = "".join(word if isinstance(word, str) else typer.style(word[0], fg=word[1]) if colour and word[1] else word[0] for word in words)
    # Not typer.echo: it would bypass the progress bar, which wraps this stream.
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


_NARROW = 80


def print_table(worlds: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], *, marked: str | None = None) -> None:
    """A column for each world and a row for each name; the column of the world ``marked`` stands out on a terminal."""
    from rich import box  # noqa: PLC0415 - only tables need it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("", box=box.SIMPLE_HEAD)
    for world in worlds:
        table.add_column(world, style="bold" if world == marked else "")
    for name, cells in rows:
        table.add_row(name, *cells)
    # A pipe has no width, so nothing is cut there.
    width = None if sys.stdout.isatty() else max(_NARROW, 12 * (len(worlds) + 2) + max((len(name) for name, _ in rows), default=0))
    Console(width=width, markup=False, highlight=False, no_color=not coloured()).print(table)


COLOURS = {"valid": "green", "invalid": "yellow", "unknown": "red"}

D = TypeVar("D", Verdict, CountermodelSearch)

_SHOWN_CHARACTERS = 200


class _Quiet(Generic[D]):
    """Prints nothing for goals without an answer; the message is on standard error."""

    def verdict_of(self, answer: D) -> D:
        """The answer itself."""
        return answer

    def undecided(self, text: str, error: PxlError) -> None:
        """Nothing."""

    def refused(self, text: str, error: PxlError) -> None:
        """Nothing."""


class VerdictPrinter(_Quiet[Verdict]):
    """One line a goal: the verdict, a tab, the goal."""

    def answered(self, answer: Verdict) -> None:
        """Print the line; why a verdict is unknown goes to standard error."""
        echo((answer.verdict, COLOURS[answer.verdict]), f"\t{answer.goal}")
        print_reason(answer)

    def undecided(self, text: str, error: PxlError) -> None:  # noqa: ARG002 - the message is on standard error
        """Print the line of an unknown verdict."""
        echo(("unknown", COLOURS["unknown"]), f"\t{' '.join(text.split())}")


class JsonPrinter(_Quiet[D]):
    """One JSON object a goal, on one line."""

    def answered(self, answer: D) -> None:
        """Print the object of the HTTP service's answer."""
        print_json(answer.as_json())

    def undecided(self, text: str, error: PxlError) -> None:
        """Print an unknown verdict with ``error`` and ``detail``."""
        print_json({"ok": False, "verdict": "unknown", "goal": text, "verified": False, "error": error.code, "detail": str(error)})

    def refused(self, text: str, error: PxlError) -> None:
        """Print an object with ``error`` and ``detail``."""
        print_json({"ok": False, "goal": text, "error": error.code, "detail": str(error)})


class CountermodelPrinter(_Quiet[CountermodelSearch]):
    """The countermodel as a table: a row for each atom, a column for each world."""

    def answered(self, answer: CountermodelSearch) -> None:
        """Print the table, or one line that says why there is none."""
        if answer.valid:
            echo(f"{answer.goal}\nhas no countermodel: Coq's kernel accepted a proof.")
        elif answer.countermodel is not None:
            echo(f"{answer.goal}\nfails in {answer.countermodel.failing_world}; every world sees every world.")
            _print_worlds(answer.countermodel)
        else:
            echo(f"{answer.goal}\nis undecided.")
            print_reason(answer)


def print_json(document: dict[str, Any]) -> None:
    """One line."""
    echo(json.dumps(document, ensure_ascii=True))


def print_reason(answer: Verdict | CountermodelSearch) -> None:
    """Print on standard error why a verdict is unknown."""
    if answer.reason is not None:
        typer.echo(f"pxl: {answer.goal[:_SHOWN_CHARACTERS]}: {answer.reason}: {answer.detail}", err=True)


def _print_worlds(model: Countermodel) -> None:
    if model.valuation is None:
        echo(f"It has {len(model.worlds)} worlds: too large to print; 'pxl export --to json' has all of it.")
        return
    rows = [(atom, ["1" if world in worlds else "0" for world in model.worlds]) for atom, worlds in model.valuation.items()]
    print_table(model.worlds, rows)

"""What the commands print on standard output: plain lines, which pipes can take; colours only on a terminal."""

import json
from typing import Any, Generic, TypeVar

import typer

from logos_pxl.cli.colours import echo
from logos_pxl.cli.tables import print_table
from logos_pxl.client.models import Countermodel, CountermodelSearch, Verdict
from logos_pxl.errors import PxlError

COLOURS = {"valid": "green", "invalid": "yellow", "unknown": "red"}

D = TypeVar("D", Verdict, CountermodelSearch)

_SHOWN_CHARACTERS = 200


class _Quiet(Generic[D]):
    """Prints nothing for goals without an answer: standard error has been told."""

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
        tell_reason(answer)

    def undecided(self, text: str, error: PxlError) -> None:  # noqa: ARG002 - standard error has been told
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
            tell_reason(answer)


def print_json(document: dict[str, Any]) -> None:
    """One line."""
    echo(json.dumps(document, ensure_ascii=True))


def tell_reason(answer: Verdict | CountermodelSearch) -> None:
    """Say on standard error why a verdict is unknown."""
    if answer.reason is not None:
        typer.echo(f"pxl: {answer.goal[:_SHOWN_CHARACTERS]}: {answer.reason}: {answer.detail}", err=True)


def _print_worlds(model: Countermodel) -> None:
    if model.valuation is None:
        echo(f"It has {len(model.worlds)} worlds: too large to print; 'pxl export --to json' has all of it.")
        return
    rows = [(atom, ["1" if world in worlds else "0" for world in model.worlds]) for atom, worlds in model.valuation.items()]
    print_table(model.worlds, rows)

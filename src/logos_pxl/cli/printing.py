"""What the commands print on standard output: plain lines, which pipes can take; colours only on a terminal."""

import json
import sys
from collections.abc import Callable
from typing import Any

import typer

from logos_pxl.errors import RequestError
from logos_pxl.proving import Countermodel, Verdict, VerdictKind
from logos_pxl.proving.documents import described
from logos_pxl.proving.export import coq_file

_COLOURS = {VerdictKind.VALID: "green", VerdictKind.INVALID: "yellow", VerdictKind.UNKNOWN: "red"}


class VerdictPrinter:
    """One line a goal: the verdict, a tab, the goal."""

    def verdict(self, verdict: Verdict) -> None:
        """Print the line; why a verdict is unknown goes to standard error."""
        typer.echo(f"{typer.style(verdict.kind.value, fg=_COLOURS[verdict.kind])}\t{verdict.goal.text}")
        _tell_reason(verdict)

    def refused(self, text: str, error: RequestError) -> None:
        """Nothing: standard error has been told."""


class JsonPrinter:
    """One JSON object a goal, on one line."""

    def __init__(self, document_of: Callable[[Verdict], dict[str, Any]]) -> None:
        self._document_of = document_of

    def verdict(self, verdict: Verdict) -> None:
        """Print the object of the HTTP service's answer."""
        _print_json(self._document_of(verdict))

    def refused(self, text: str, error: RequestError) -> None:
        """Print an object with ``error`` and ``detail``."""
        _print_json({"ok": False, "goal": text, "error": error.code, "detail": str(error)})


class CountermodelPrinter:
    """The countermodel as a table: a row for each atom, a column for each world."""

    def verdict(self, verdict: Verdict) -> None:
        """Print the table, or one line that says why there is none."""
        goal = verdict.goal.text
        match verdict.kind:
            case VerdictKind.VALID:
                typer.echo(f"{goal}\nhas no countermodel: Coq's kernel accepted a proof.")
            case VerdictKind.INVALID if verdict.countermodel is not None:
                typer.echo(f"{goal}\nfails in {verdict.countermodel.failing_world}; every world sees every world.")
                _print_worlds(verdict.countermodel)
            case _:
                typer.echo(f"{goal}\nis undecided.")
                _tell_reason(verdict)

    def refused(self, text: str, error: RequestError) -> None:
        """Nothing: standard error has been told."""


class ExportPrinter:
    """The certificate, in one of its two forms."""

    def __init__(self, form: str) -> None:
        self._form = form

    def verdict(self, verdict: Verdict) -> None:
        """Print the certificate; an unknown verdict has none."""
        if verdict.certificate is None:
            _tell_reason(verdict)
        elif self._form == "json":
            sys.stdout.write(json.dumps(described(verdict.certificate), ensure_ascii=False, indent=1) + "\n")
        else:
            sys.stdout.write(coq_file(verdict.certificate))

    def refused(self, text: str, error: RequestError) -> None:
        """Nothing: standard error has been told."""


def _print_json(document: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=True) + "\n")


def _tell_reason(verdict: Verdict) -> None:
    if verdict.reason is not None:
        typer.echo(f"pxl: {verdict.goal.text[:200]}: {verdict.reason}: {verdict.detail}", err=True)


def _print_worlds(model: Countermodel) -> None:
    if model.valuation is None:
        typer.echo(f"It has {len(model.worlds)} worlds: too large to print; 'pxl export --to json' has all of it.")
        return
    from rich import box  # noqa: PLC0415 - only this table needs it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("", *model.worlds, box=box.SIMPLE_HEAD)
    for atom, worlds in model.valuation.items():
        table.add_row(atom, *("1" if world in worlds else "0" for world in model.worlds))
    # A pipe has no width: nothing is cut there.
    width = None if sys.stdout.isatty() else max(80, 12 * (len(model.worlds) + 2) + max(map(len, model.valuation), default=0))
    Console(width=width, markup=False, highlight=False).print(table)

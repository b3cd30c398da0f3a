"""Prints a report: tables for people, or one JSON document."""

import json
import sys

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from logos_pxl.ops.report import Check, Report, Section, Status

COLOURS = {Status.FINE: "green", Status.ATTENTION: "yellow", Status.CRITICAL: "bold red", Status.UNKNOWN: "magenta"}
# A pipe has no width: lines there have room for advice.
_PIPE_WIDTH = 180


def print_report(report: Report, *, as_json: bool) -> Status:
    """Print the report on standard output. Returns its status, which is the exit status."""
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n")
        return report.status
    out = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, markup=False, highlight=False)
    out.print(Text.assemble((report.status.word.upper(), COLOURS[report.status]), f"  {report.command}  {report.about}  {report.at}"))
    if report.asked:
        out.print("; ".join(f"{name}: {value}" for name, value in report.asked.items()), soft_wrap=True)
    for section in report.sections:
        _print_section(out, section)
    if report.summary:
        out.print(report.summary)
    return report.status


def value_text(check: Check) -> str:
    """The value of a check with its unit."""
    match check.value:
        case None:
            return ""
        case bool():
            return "yes" if check.value else "no"
        case float():
            text = f"{check.value:.2f}".rstrip("0").rstrip(".")
        case _:
            text = str(check.value)
    return f"{text} {check.unit}".strip()


def _print_section(out: Console, section: Section) -> None:
    if section.title:
        out.print(Text(f"\n{section.title}", style="bold"))
    if section.checks:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for title in ("", "check", "value", "threshold", "advice"):
            # Long values are folded: a path that is cut helps nobody.
            table.add_column(title, overflow="fold")
        for check in section.checks:
            status = Text(check.status.word, style=COLOURS[check.status])
            table.add_row(status, check.name, value_text(check), check.threshold, check.advice)
        out.print(table)
    for note in section.notes:
        out.print(note, soft_wrap=True)

"""A report on standard output: a table for people, or one JSON document."""

import json
import sys

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from logos_pxl.ops.report import Check, Report, Section, Status

COLOURS = {Status.FINE: "green", Status.ATTENTION: "yellow", Status.CRITICAL: "bold red", Status.UNKNOWN: "magenta"}
# A pipe has no width: nothing is cut there, and lines are long enough for advice.
_PIPE_WIDTH = 180


def print_report(report: Report, *, as_json: bool) -> Status:
    """Print the report; its status is the exit status."""
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n")
        return report.status
    out = console()
    out.print(Text.assemble((report.status.word.upper(), COLOURS[report.status]), f"  {report.command}  {report.about}  {report.at}"))
    for section in report.sections:
        _print_section(out, section)
    if report.summary:
        out.print(report.summary)
    return report.status


def console() -> Console:
    """Standard output, as wide as its terminal, or as a pipe wants it."""
    return Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH, markup=False, highlight=False)


def marked(status: Status) -> Text:
    """A status as it stands in tables."""
    return Text(status.word, style=COLOURS[status])


def value_text(check: Check) -> str:
    """A check's value with its unit."""
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
        table = Table("", "check", "value", "threshold", "advice", box=box.SIMPLE_HEAD, pad_edge=False)
        for check in section.checks:
            table.add_row(marked(check.status), check.name, value_text(check), check.threshold, check.advice)
        out.print(table)
    for note in section.notes:
        out.print(note, soft_wrap=True)

"""The commands of ``pxl ops incident`` and their options."""

# ruff: noqa: PLC0415 - help must be quick

from enum import StrEnum
from typing import Annotated

import typer

app = typer.Typer(name="incident", help="Write the report of an incident while it happens.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Id = Annotated[str | None, typer.Option("--id", help="Which incident; without it, the newest that is open.", show_default=False)]


class SeverityName(StrEnum):
    """The manual's severities."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@app.command()
def new(
    title: Annotated[str, typer.Argument(help="One sentence: what is wrong, and for whom.")],
    severity: Annotated[SeverityName | None, typer.Option(help="Without it, by the manual's table.", show_default=False)] = None,
    json: Json = False,
) -> None:
    """Open an incident: a Markdown report with timeline, metrics, diagnosis, log excerpts and severity filled in."""
    from logos_pxl.ops.incidents.operation import open_incident
    from logos_pxl.ops.incidents.severity import Severity
    from logos_pxl.ops.running import print_operation

    chosen = Severity[severity.name] if severity else None
    raise typer.Exit(print_operation("incident new", lambda: open_incident(title, chosen), as_json=json))


@app.command()
def note(text: Annotated[str, typer.Argument(help="What happened or was done.")], incident: Id = None, json: Json = False) -> None:
    """Add a line with the time to the timeline."""
    from logos_pxl.ops.incidents.operation import note_incident
    from logos_pxl.ops.running import print_operation

    raise typer.Exit(print_operation("incident note", lambda: note_incident(text, incident), as_json=json))


@app.command()
def close(
    *,
    cause: Annotated[str, typer.Option(help="The root cause.", show_default=False)] = "",
    resolution: Annotated[str, typer.Option(help="What resolved it.", show_default=False)] = "",
    users: Annotated[str, typer.Option(help="Users affected: a number or a share.", show_default=False)] = "",
    down_minutes: Annotated[
        float | None, typer.Option(min=0, help="Minutes of no service; without it, a critical incident counts whole.", show_default=False)
    ] = None,
    incident: Id = None,
    json: Json = False,
) -> None:
    """Close an incident: duration and SLA impact are filled in."""
    from logos_pxl.ops.incidents.operation import Closing, close_incident
    from logos_pxl.ops.running import print_operation

    closing = Closing(cause, resolution, users, down_minutes)
    raise typer.Exit(print_operation("incident close", lambda: close_incident(incident, closing), as_json=json))

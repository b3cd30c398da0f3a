"""The commands that look back: their options; what they do is in ``reviews``, imported when a command needs it."""

# ruff: noqa: PLC0415 - help must be quick

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", help="Write a document too, with charts: FILE ends in .html or .md.", show_default=False),
]


@app.command()
def performance_review(
    days: Annotated[int, typer.Option(min=1, max=366, help="Days to look back, and as many before them to compare with.")] = 7,
    output: Output = None,
    json: Json = False,
) -> None:
    """The week: requests, latency and errors by day, against the week before."""
    from logos_pxl.ops.reviews.operations import performance_review as operation
    from logos_pxl.ops.running import run_operation

    raise typer.Exit(run_operation("performance-review", partial(operation, days=days, output=output), as_json=json))


@app.command()
def security_audit(
    *,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days of logs to look through.")] = 7,
    tls_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where TLS ends, when that is not PXL_OPS_URL.", show_default=False)
    ] = None,
    attention_from: Annotated[int, typer.Option(min=1, help="Refused signatures of one source that want attention.")] = 50,
    output: Output = None,
    json: Json = False,
) -> None:
    """Signatures, failed attempts and their sources, quotas, TLS, secrets and files. Shows no secret."""
    from logos_pxl.ops.reviews.operations import security_audit as operation
    from logos_pxl.ops.running import run_operation

    asked = partial(operation, days=days, tls_url=tls_url, attention_from=attention_from, output=output)
    raise typer.Exit(run_operation("security-audit", asked, as_json=json))


@app.command()
def capacity_review(
    *,
    days: Annotated[int, typer.Option(min=1, max=366, help="Days to look back.")] = 30,
    ahead: Annotated[int, typer.Option(min=1, max=366, help="Days to look ahead.")] = 30,
    cores: Annotated[
        float | None, typer.Option(min=0.1, help="Cores that the service has; found out when it runs here.", show_default=False)
    ] = None,
    output: Output = None,
    json: Json = False,
) -> None:
    """The month: trends, a forecast with its uncertainty, and a PXL_POOL_SIZE with the reasoning."""
    from logos_pxl.ops.reviews.operations import capacity_review as operation
    from logos_pxl.ops.running import run_operation

    asked = partial(operation, days=days, ahead=ahead, cores=cores, output=output)
    raise typer.Exit(run_operation("capacity-review", asked, as_json=json))

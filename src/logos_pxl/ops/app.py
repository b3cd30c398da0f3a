"""The commands of ``pxl ops`` and their options; what they do is in the modules beside, imported when a command needs them."""

# ruff: noqa: PLC0415 - help must be quick

from typing import Annotated

import typer

from logos_pxl.ops.keeping_app import app as keeping_app

app = typer.Typer(
    name="ops",
    help="What an operator runs by day, week and month, and in an incident.",
    epilog="Exit status: 0 fine, 1 attention, 2 critical, 3 could not tell. PXL_OPS_TARGET says where the service runs.",
    no_args_is_help=True,
)
app.add_typer(keeping_app)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def status(json: Json = False) -> None:
    """Tell how the service stands where it runs, and what it says of itself."""
    from logos_pxl.ops.running import run_operation
    from logos_pxl.ops.standing import standing

    raise typer.Exit(run_operation("status", standing, as_json=json))

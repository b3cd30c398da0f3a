"""The commands and their options; what they do is in the modules beside, imported when a command needs them."""

# ruff: noqa: PLC0415 - help must not load the engine
# ruff: noqa: PLR0917 - typer calls commands by name: their parameters are options

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from logos_pxl.cli.helping import examples
from logos_pxl.ops.app import app as ops_app

app = typer.Typer(
    name="pxl",
    help="Decide goals of the modal logic S5. Every verdict is checked by the Coq kernel.",
    epilog="Exit status: 0 valid, 1 invalid, 2 error, 3 unknown; of several goals the worst: 2, then 3, then 1, then 0.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(ops_app)


class InputFormat(StrEnum):
    """How goals are written."""

    PXL = "pxl"
    INTOHYLO = "intohylo"


class ExportFormat(StrEnum):
    """How a certificate is written."""

    COQ = "v"
    JSON = "json"


Goals = Annotated[list[str] | None, typer.Argument(metavar="GOAL", help="Goals, such as 'BOX(A -> A)'.", show_default=False)]
File = Annotated[
    str | None,
    typer.Option("--file", "-f", metavar="FILE", help="Read goals from FILE, one a line; - is standard input.", show_default=False),
]
Format = Annotated[
    InputFormat,
    typer.Option("--format", help="pxl; or intohylo: the file is one formula, whose negation is the goal."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for each goal, on one line.")]
TimeoutMs = Annotated[
    int | None,
    typer.Option("--timeout-ms", min=1, help="Milliseconds for each goal (PXL_DEFAULT_TIMEOUT_MS).", show_default=False),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="Ask the service at URL, not the local engine (PXL_URL; '' is the local engine). Signs with HMAC_SECRET_KEY.",
        show_default=False,
    ),
]
AtOnce = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, max=256, help="Goals worked on at once; as many as processors, at most 8.", show_default=False),
]
Summary = Annotated[
    bool | None,
    typer.Option("--summary/--no-summary", help="End with counts and rate on standard error; on a terminal by itself.", show_default=False),
]

_DECIDE, _EVIDENCE, _HERE = "Decide goals", "Certificates", "This machine"


@app.command(
    rich_help_panel=_DECIDE,
    epilog=examples(
        "pxl prove 'BOX(p -> q) -> (BOX p -> BOX q)'",
        "pxl prove --file goals.txt --jobs 4",
        "# the same goals, decided by a service",
        "pxl prove --url http://localhost:8088 --json < goals.txt",
    ),
)
def prove(
    goals: Goals = None,
    file: File = None,
    input_format: Format = InputFormat.PXL,
    json: Json = False,
    timeout_ms: TimeoutMs = None,
    url: Url = None,
    jobs: AtOnce = None,
    summary: Summary = None,
) -> None:
    """Decide goals: valid, invalid or unknown.

    One line for each, in their order, whatever the number worked on at once. In a file each line is a goal.
    """
    from logos_pxl.cli.deciding import decide_all
    from logos_pxl.cli.goals_given import Asked
    from logos_pxl.cli.printing import JsonPrinter, VerdictPrinter
    from logos_pxl.client.models import Verdict

    asked = Asked(goals or [], file, input_format.value, timeout_ms, url, jobs)
    printer = JsonPrinter[Verdict]() if json else VerdictPrinter()
    raise typer.Exit(decide_all(asked, lambda prover, goal, time_ms: prover.prove(goal, timeout_ms=time_ms), printer, summary=summary))


@app.command(
    rich_help_panel=_DECIDE,
    epilog=examples("pxl countermodel 'p -> BOX p'", "pxl countermodel --json 'DIA p -> p'"),
)
def countermodel(
    goals: Goals = None,
    file: File = None,
    input_format: Format = InputFormat.PXL,
    json: Json = False,
    timeout_ms: TimeoutMs = None,
    url: Url = None,
    jobs: AtOnce = None,
) -> None:
    """Print a countermodel to each goal, or say that there is none."""
    from logos_pxl.cli.deciding import decide_all
    from logos_pxl.cli.goals_given import Asked
    from logos_pxl.cli.printing import CountermodelPrinter, JsonPrinter
    from logos_pxl.client.models import CountermodelSearch

    asked = Asked(goals or [], file, input_format.value, timeout_ms, url, jobs)
    printer = JsonPrinter[CountermodelSearch]() if json else CountermodelPrinter()
    raise typer.Exit(decide_all(asked, lambda prover, goal, time_ms: prover.countermodel(goal, timeout_ms=time_ms), printer))


@app.command(
    rich_help_panel=_EVIDENCE,
    epilog=examples(
        "pxl export '[]p -> p' > proof.v && coqc -q -Q coq/theories PXL proof.v",
        "pxl export --to json '[]p -> p' > certificate.json && pxl verify certificate.json",
    ),
)
def export(
    goal: Annotated[str | None, typer.Argument(metavar="GOAL", help="A goal; else --file or standard input.", show_default=False)] = None,
    file: File = None,
    input_format: Format = InputFormat.PXL,
    to: Annotated[ExportFormat, typer.Option(help="v: a file for coqc; json: a certificate for 'pxl verify'.")] = ExportFormat.COQ,
    json: Annotated[bool, typer.Option("--json", help="The same as --to json.")] = False,
    timeout_ms: TimeoutMs = None,
    url: Url = None,
) -> None:
    """Decide a goal and print its certificate: a theorem for Coq, provable or not provable."""
    from logos_pxl.cli.deciding import decide_all
    from logos_pxl.cli.exporting import ExportPrinter, exporting
    from logos_pxl.cli.goals_given import Asked

    asked = Asked([goal] if goal else [], file, input_format.value, timeout_ms, url, single=True)
    raise typer.Exit(decide_all(asked, exporting("json" if json else to.value), ExportPrinter()))


@app.command()
def verify(
    certificate: Annotated[Path, typer.Argument(metavar="CERTIFICATE", help="A JSON certificate, or an exported .v file.")],
    fast: Annotated[bool, typer.Option("--fast", help="Ask the Rust checker only, not Coq's kernel.")] = False,
    timeout_ms: TimeoutMs = None,
) -> None:
    """Check a certificate again: exit status 0 accepted, 1 refused, 2 error, 3 unknown."""
    from logos_pxl.cli.verifying import verify_file

    raise typer.Exit(verify_file(certificate, fast=fast, timeout_ms=timeout_ms))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on (PXL_SERVER_HOST, 127.0.0.1).", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(help="The port (PXL_SERVER_PORT, 8088).", show_default=False)] = None,
) -> None:
    """Answer over HTTP until SIGTERM."""
    from logos_pxl.cli.serving import serve_with

    raise typer.Exit(serve_with({"server_host": host, "server_port": port}))


@app.command()
def up() -> None:
    """Run the service in the background, and start it again when it dies; returns when it is ready."""
    from logos_pxl.cli.supervising import control

    raise typer.Exit(control(lambda found: found.up()))


@app.command()
def down() -> None:
    """End the service that 'pxl up' started, and its supervisor; requests in flight end first."""
    from logos_pxl.cli.supervising import control

    raise typer.Exit(control(lambda found: found.down(), with_any_settings=True))


@app.command()
def restart() -> None:
    """Replace the service by a new one; with PXL_REUSE_PORT=true no request is lost."""
    from logos_pxl.cli.supervising import control

    raise typer.Exit(control(lambda found: found.restart()))


@app.command()
def reload() -> None:
    """Have the service read keys, log level and quota again."""
    from logos_pxl.cli.supervising import control

    raise typer.Exit(control(lambda found: found.reload()))


@app.command()
def status(json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Tell how the service stands: exit status 0 ready, 1 attention, 2 down, 3 could not tell."""
    from logos_pxl.cli.supervising import print_overview

    raise typer.Exit(print_overview(as_json=json))


@app.command()
def logs(
    which: Annotated[str, typer.Argument(metavar="LOG", help="server, access, supervisor, or output (what got into no log).")] = "server",
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is added, until Ctrl-C.")] = False,
) -> None:
    """Print the end of a log."""
    from logos_pxl.cli.supervising import Log, print_log

    if which not in set(Log):
        raise typer.BadParameter(f"{which!r}: give {', '.join(Log)}")
    raise typer.Exit(print_log(Log(which), lines=lines, follow=follow))


@app.command()
def config(json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Print every setting in force and where it comes from; secrets are hidden."""
    from logos_pxl.cli.configuring import print_configuration

    raise typer.Exit(print_configuration(as_json=json))


@app.command()
def version() -> None:
    """Print the versions of all parts, and the kernel's hash."""
    from logos_pxl.cli.versions import print_versions

    raise typer.Exit(print_versions())

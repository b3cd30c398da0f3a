"""The commands of ``pxl`` and their options. Each command imports the module that does the work, so that help is quick."""

# ruff: noqa: PLC0415 - help must not load the engine
# ruff: noqa: PLR0917 - typer calls commands by name: their parameters are options

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from logos_pxl.ops.app import app as ops_app
from logos_pxl.version import __version__


class InputFormat(StrEnum):
    """How goals are written."""

    PXL = "pxl"
    INTOHYLO = "intohylo"


class Shell(StrEnum):
    """Shells with completion."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


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


def examples(*lines: str) -> str:
    """The end of a command's help: commands to copy. A line that begins with ``#`` is a comment on the next line."""
    return "[bold]Examples[/bold]\n" + "\n".join(f"  [dim]{line}[/dim]" if line.startswith("#") else f"  {line}" for line in lines)


app = typer.Typer(
    name="pxl",
    help="Decide goals of the modal logic S5. Every verdict is checked by the Coq kernel.",
    epilog="Exit status: 0 valid, 1 invalid, 2 error, 3 unknown; of several goals the worst: 2, then 3, then 1, then 0.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(ops_app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pxl {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Decide goals of the modal logic S5. Every verdict is checked by the Coq kernel."""


_DECIDE, _EVIDENCE, _SERVE, _HERE = "Decide goals", "Certificates", "Serve", "This machine"


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
    from logos_pxl.cli.deciding import GoalRequest, decide_all
    from logos_pxl.cli.printing import JsonPrinter, VerdictPrinter
    from logos_pxl.wire.verdicts import Verdict

    request = GoalRequest(goals or [], file, input_format.value, timeout_ms, url, jobs)
    printer = JsonPrinter[Verdict]() if json else VerdictPrinter()
    raise typer.Exit(decide_all(request, lambda prover, goal, time_ms: prover.prove(goal, timeout_ms=time_ms), printer, summary=summary))


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
    from logos_pxl.cli.deciding import GoalRequest, decide_all
    from logos_pxl.cli.printing import CountermodelPrinter, JsonPrinter
    from logos_pxl.wire.verdicts import CountermodelSearch

    request = GoalRequest(goals or [], file, input_format.value, timeout_ms, url, jobs)
    printer = JsonPrinter[CountermodelSearch]() if json else CountermodelPrinter()
    raise typer.Exit(decide_all(request, lambda prover, goal, time_ms: prover.countermodel(goal, timeout_ms=time_ms), printer))


@app.command(
    rich_help_panel=_DECIDE,
    epilog=examples("pxl explain 'p -> BOX p'", "pxl explain 'DIA BOX p -> BOX p'", "pxl explain --json '[]p -> p'"),
)
def explain(
    goals: Goals = None,
    file: File = None,
    json: Json = False,
    timeout_ms: TimeoutMs = None,
    url: Url = None,
) -> None:
    """Decide goals and say why, in words.

    For an invalid goal: how its parts make it fail at a world of the countermodel, and a table of all parts at all
    worlds. For a valid one: the main steps of the proof that Coq's kernel accepted.
    """
    from logos_pxl.cli.deciding import GoalRequest, decide_all
    from logos_pxl.cli.exploring import ExplanationPrinter
    from logos_pxl.explanations import explained

    raise typer.Exit(
        decide_all(GoalRequest(goals or [], file, timeout_ms=timeout_ms, url=url), explained, ExplanationPrinter(as_json=json))
    )


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
    from logos_pxl.cli.certificates import ExportPrinter, exporting
    from logos_pxl.cli.deciding import GoalRequest, decide_all

    request = GoalRequest([goal] if goal else [], file, input_format.value, timeout_ms, url, single=True)
    raise typer.Exit(decide_all(request, exporting("json" if json else to.value), ExportPrinter()))


@app.command(rich_help_panel=_DECIDE, epilog=examples("pxl parse '[]p -> <>p'", "pxl parse --json 'necessarily p implies p'"))
def parse(goals: Goals = None, file: File = None, input_format: Format = InputFormat.PXL, json: Json = False) -> None:
    """Print goals as they are understood, in every notation; nothing is decided."""
    from logos_pxl.cli.deciding import GoalRequest
    from logos_pxl.cli.exploring import parse_all

    raise typer.Exit(parse_all(GoalRequest(goals or [], file, input_format.value), as_json=json))


@app.command(
    rich_help_panel=_EVIDENCE,
    epilog=examples("pxl verify certificate.json", "pxl verify proof.v", "pxl verify --fast --json certificate.json"),
)
def verify(
    certificate: Annotated[Path, typer.Argument(metavar="CERTIFICATE", help="A JSON certificate, or an exported .v file.")],
    fast: Annotated[bool, typer.Option("--fast", help="Ask the Rust checker only, not Coq's kernel.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    timeout_ms: TimeoutMs = None,
) -> None:
    """Check a certificate again: exit status 0 accepted, 1 refused, 2 error, 3 unknown.

    A .v file is a program that Coq runs: read one that you do not trust first, or ask for the JSON form.
    """
    from logos_pxl.cli.certificates import verify_file

    raise typer.Exit(verify_file(certificate, fast=fast, timeout_ms=timeout_ms, as_json=json))


@app.command(
    rich_help_panel=_SERVE,
    epilog=examples("pxl serve", "pxl serve --host 0.0.0.0 --port 8080", "# requests must be signed", "ENABLE_HMAC_AUTH=true pxl serve"),
)
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on (PXL_SERVER_HOST, 127.0.0.1).", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(help="The port (PXL_SERVER_PORT, 8088).", show_default=False)] = None,
) -> None:
    """Answer over HTTP until SIGTERM."""
    from logos_pxl.cli.machine import serve_with

    raise typer.Exit(serve_with({"server_host": host, "server_port": port}))


@app.command(
    rich_help_panel=_SERVE,
    epilog=examples(
        "# started by the agent's host",
        "pxl mcp",
        "# for agents that connect to http://127.0.0.1:8090/mcp; a service decides the goals",
        "pxl mcp --http --port 8090 --url http://localhost:8088",
    ),
)
def mcp(
    url: Url = None,
    http: Annotated[bool, typer.Option("--http", help="Streamable HTTP at /mcp; else standard input and output.")] = False,
    host: Annotated[str, typer.Option(help="The address to listen on; others than loopback need --allow-host.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8090,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Accept requests for NAME (host:port) too; may be repeated.", show_default=False),
    ] = None,
    jobs: AtOnce = None,
) -> None:
    """Serve software agents by the Model Context Protocol.

    Tools: prove, countermodel, explain, check_certificate; the resource pxl://syntax says how goals are written.
    """
    from logos_pxl.cli.machine import serve_agents

    raise typer.Exit(serve_agents(url, http=http, host=host, port=port, names=allow_host or [], jobs=jobs))


@app.command(rich_help_panel=_HERE, epilog=examples("pxl doctor", "pxl doctor --url http://localhost:8088 --json"))
def doctor(url: Url = None, json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Report what is missing on this machine and how to get it: exit status 0, or 2 when goals cannot be decided."""
    from logos_pxl.cli.machine import examine_machine

    raise typer.Exit(examine_machine(url, as_json=json))


@app.command(
    rich_help_panel=_HERE, epilog=examples("pxl bench", "pxl bench --seconds 10 --jobs 4", "pxl bench --url http://localhost:8088")
)
def bench(
    url: Url = None,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="How long to measure, about.")] = 4.0,
    jobs: AtOnce = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure how fast small goals are decided: search, kernel, and from the text to the verdict."""
    from logos_pxl.cli.benching import measure

    raise typer.Exit(measure(url, seconds=seconds, jobs=jobs, as_json=json))


@app.command(rich_help_panel=_HERE, epilog=examples("pxl config", "pxl config --json"))
def config(json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Print every setting in force and where it comes from; secrets are hidden."""
    from logos_pxl.cli.machine import print_configuration

    raise typer.Exit(print_configuration(as_json=json))


@app.command(
    rich_help_panel=_HERE,
    epilog=examples(
        "# bash: now, and in ~/.bashrc for later",
        'eval "$(pxl completion bash)"',
        "# zsh",
        'pxl completion zsh > "${fpath[1]}/_pxl"',
        "# fish",
        "pxl completion fish > ~/.config/fish/completions/pxl.fish",
    ),
)
def completion(shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
    """Print the script that completes commands and options in a shell."""
    from logos_pxl.cli.machine import print_completion

    raise typer.Exit(print_completion(shell.value))


@app.command(rich_help_panel=_HERE, epilog=examples("pxl version", "pxl version --json"))
def version(json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Print the versions of all parts, and the kernel's hash."""
    from logos_pxl.cli.machine import print_versions

    raise typer.Exit(print_versions(as_json=json))

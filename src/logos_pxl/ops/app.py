"""The commands of ``pxl ops`` and their options; what they do is in the modules beside, imported when a command needs them."""

# ruff: noqa: PLC0415 - help must be quick

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logos_pxl.ops.keeping_app import app as keeping_app

if TYPE_CHECKING:
    from logos_pxl.ops.report import Report

app = typer.Typer(
    name="ops",
    help="What an operator runs by day, week and month, and in an incident.",
    epilog="Exit status: 0 fine, 1 attention, 2 critical, 3 could not tell. PXL_OPS_TARGET says where the service runs: "
    "systemd, supervisord, compose or kubernetes.",
    no_args_is_help=True,
)
app.add_typer(keeping_app)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def status(json: Json = False) -> None:
    """Print what the target says of the service, and what the service says of itself."""
    from logos_pxl.ops.health_check import status as look
    from logos_pxl.ops.running import run_operation

    raise typer.Exit(run_operation("status", look, as_json=json))


@app.command("set")
def set_(
    variables: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="Such as PXL_POOL_SIZE=15.")],
    json: Json = False,
) -> None:
    """Set variables in the environment file (in the Deployment on Kubernetes), and restart the service."""
    from logos_pxl.ops.control import set_variables
    from logos_pxl.ops.running import run_operation
    from logos_pxl.ops.steps import Steps

    pairs = dict(variable.partition("=")[::2] for variable in variables)
    if not all(name and "=" in variable for name, variable in zip(pairs, variables, strict=False)):
        raise typer.BadParameter("give NAME=VALUE, such as PXL_POOL_SIZE=15")
    raise typer.Exit(run_operation("set", lambda operator: set_variables(operator, pairs, Steps(quiet=json)), as_json=json))


@app.command()
def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines, until Ctrl-C.")] = False,
) -> None:
    """Print the end of the service's log."""
    from logos_pxl.ops.control import print_log

    raise typer.Exit(print_log(count=lines, follow=follow))


@app.command()
def monitor(
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 30,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many looks; without it, at Ctrl-C.", show_default=False)] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document at the end; one look unless --count says more.")] = False,
) -> None:
    """Print a line of indicators every half minute, and alerts. The exit status is the worst that was seen."""
    from logos_pxl.ops.monitor import monitor as watch

    raise typer.Exit(watch(interval_s=interval, count=count or (1 if json else None), as_json=json))


@app.command("health-check")
def health_check(json: Json = False) -> None:
    """Check state, indicators, resources and recent errors, and ask for a proof both ways: the check of every morning."""
    from logos_pxl.ops.health_check import health_check as check
    from logos_pxl.ops.running import run_operation

    raise typer.Exit(run_operation("health-check", check, as_json=json))


@app.command()
def diagnose(json: Json = False) -> None:
    """Say what is wrong, most likely cause first, and what to do; works when the service is down or its configuration broken."""
    from logos_pxl.ops.health_check import diagnose as look
    from logos_pxl.ops.lenient_settings import lenient_settings
    from logos_pxl.ops.running import Operator, print_operation

    def carry_out() -> "Report":
        settings, wrong = lenient_settings()
        return look(Operator.of(settings), wrong or "")

    raise typer.Exit(print_operation("diagnose", carry_out, as_json=json))


@app.command()
def recover(
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="The archive; a folder means the newest intact one in it.")],
    json: Json = False,
) -> None:
    """Stop the service, restore a backup, start it, and have the acceptance run say whether all is well."""
    from logos_pxl.ops.recovery import recover as bring_back
    from logos_pxl.ops.running import print_operation

    raise typer.Exit(print_operation("recover", lambda: bring_back(backup, quiet=json), as_json=json))


@app.command("recover-performance")
def recover_performance(
    *,
    pool_size: Annotated[int | None, typer.Option(min=1, help="PXL_POOL_SIZE; without it, by the measurement.", show_default=False)] = None,
    cache_ttl: Annotated[float | None, typer.Option(min=0, help="PXL_CACHE_TTL; without it, by the hit rate.", show_default=False)] = None,
    requests: Annotated[int, typer.Option(min=1, max=100_000, help="Small goals that are asked before, and again after.")] = 200,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Measure, and only say what would be changed.")] = False,
    json: Json = False,
) -> None:
    """Measure, adjust PXL_POOL_SIZE and PXL_CACHE_TTL, restart, measure again, and say what changed."""
    from logos_pxl.ops.performance_recovery import Wish
    from logos_pxl.ops.performance_recovery import recover_performance as adjust
    from logos_pxl.ops.running import run_operation
    from logos_pxl.ops.steps import Steps

    wish = Wish(pool_size, cache_ttl, requests, dry_run)
    raise typer.Exit(run_operation("recover-performance", lambda operator: adjust(operator, wish, Steps(quiet=json)), as_json=json))


_CONTROL = {
    "start": "Start the service; returns when it is ready.",
    "stop": "Stop the service; requests in flight end first. Works with a wrong configuration.",
    "restart": "Restart the service, replicas one after the other; returns when it is ready.",
    "reload": "Have the service read keys, log level and quotas again (SIGHUP).",
}


def _control_command(name: str) -> Callable[[bool], None]:
    """The command of this name; ``control`` does what it says."""

    def command(json: Json = False) -> None:
        from logos_pxl.ops.control import control
        from logos_pxl.ops.lenient_settings import lenient_settings
        from logos_pxl.ops.running import run_operation
        from logos_pxl.ops.steps import Steps
        from logos_pxl.settings import Settings

        settings = (lambda: lenient_settings()[0]) if name == "stop" else Settings.load
        raise typer.Exit(run_operation(name, lambda operator: control(name, operator, Steps(quiet=json)), as_json=json, settings=settings))

    return command


for _name, _help in _CONTROL.items():
    app.command(_name, help=_help)(_control_command(_name))

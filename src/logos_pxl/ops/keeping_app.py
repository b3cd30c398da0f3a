"""The options of the commands that keep, bring back and review. The modules that do the work are imported when a command needs them."""

# ruff: noqa: PLC0415 - help must be quick

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from logos_pxl.ops.report import Report
    from logos_pxl.ops.running import Operator

app = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
KeepDays = Annotated[float | None, typer.Option(min=0, help="Days after which old ones are removed (PXL_KEEP_DAYS).", show_default=False)]
Days = Annotated[int, typer.Option(min=1, max=366, help="Days to look back.")]


class Severity(StrEnum):
    """The severities of the operations manual."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


def _run(name: str, operation: "Callable[[Operator], Report]", *, as_json: bool) -> None:
    from logos_pxl.ops.running import run_operation

    raise typer.Exit(run_operation(name, operation, as_json=as_json))


@app.command()
def backup(
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="Where the archive goes (PXL_BACKUP_DIR).", show_default=False)
    ] = None,
    keep_days: KeepDays = None,
    json: Json = False,
) -> None:
    """Back up configuration, performance history and certificates; read the archive back; remove old ones."""
    from logos_pxl.ops.backup import back_up

    _run("backup", partial(back_up, folder=to, keep_days=keep_days), as_json=json)


@app.command()
def restore(
    archive: Annotated[
        Path | None,
        typer.Argument(metavar="[ARCHIVE]", help="The archive; a folder means the newest intact one in it.", show_default=False),
    ] = None,
    *,
    target: Annotated[
        Path | None,
        typer.Option("--target", metavar="FOLDER", help="Restore below FOLDER, and not where the settings say.", show_default=False),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Read the archive to its end, and restore nothing.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Restore the copy that the last restore made of what it replaced.")] = False,
    json: Json = False,
) -> None:
    """Verify an archive, and put its files in their places. The service is not restarted."""
    from logos_pxl.ops import restore as restoring
    from logos_pxl.ops.running import run_operation

    if (archive is None) is not undo or (check and undo):
        raise typer.BadParameter("give an archive, or --undo")
    if archive is None:
        operation = partial(restoring.undo, target=target)
    else:
        operation = (
            partial(restoring.check_archive, archive=archive) if check else partial(restoring.bring_back, archive=archive, target=target)
        )
    raise typer.Exit(run_operation("restore", operation, as_json=json, settings=restoring.settings_for_restoring))


@app.command()
def rotate_logs(keep_days: KeepDays = None, json: Json = False) -> None:
    """Move the logs into the archive while the service writes them, and remove archives that are too old."""
    from logos_pxl.ops.rotate_logs import rotate_logs as operation

    _run("rotate-logs", partial(operation, keep_days=keep_days), as_json=json)


@app.command()
def rotate_key(
    *,
    finish: Annotated[bool, typer.Option("--finish", help="Drop the old key, when nobody has used it for the time of grace.")] = False,
    grace_hours: Annotated[float, typer.Option(min=0, help="With --finish: hours in which nobody may have used the old key.")] = 24,
    force: Annotated[bool, typer.Option("--force", help="With --finish: drop the old key although clients may still use it.")] = False,
    show_secret: Annotated[bool, typer.Option("--show-secret", help="Print the new key; its fingerprint otherwise.")] = False,
    json: Json = False,
) -> None:
    """Change the signature key: both are accepted, and verified, until --finish drops the old one."""
    from logos_pxl.ops import rotate_key as keys

    finishing = partial(keys.finish_rotation, grace_hours=grace_hours, force=force)
    _run("rotate-key", finishing if finish else partial(keys.rotate_key, show_secret=show_secret), as_json=json)


@app.command()
def export_state(
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="Where the files go (PXL_EXPORT_DIR).", show_default=False)
    ] = None,
    verify: Annotated[
        Path | None,
        typer.Option(
            "--verify", metavar="FOLDER", help="Check the newest export of FOLDER instead, and write nothing.", show_default=False
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="With --verify: a service that must be of the same kernel.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Write metrics, health, performance and the kernel's hash into files; or verify such files."""
    from logos_pxl.ops import export_state as state

    if verify is None and url is not None:
        raise typer.BadParameter("--url goes with --verify")
    _run("export-state", partial(state.verify, folder=verify, url=url) if verify else partial(state.export, folder=to), as_json=json)


@app.command()
def performance_review(days: Days = 7, json: Json = False) -> None:
    """The week: requests, latency and failures against the week before, and error lines."""
    from logos_pxl.ops.reviews import review_performance

    _run("performance-review", partial(review_performance, days=days), as_json=json)


@app.command()
def security_audit(
    *,
    days: Days = 7,
    tls_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where TLS ends, when that is not PXL_OPS_URL.", show_default=False)
    ] = None,
    attention_from: Annotated[int, typer.Option(min=1, help="Refused signatures of one client that need attention.")] = 50,
    json: Json = False,
) -> None:
    """Signatures, refused attempts, top clients, keys, TLS, exposure and file modes. Shows no secret."""
    from logos_pxl.ops.security_audit import audit_security

    _run("security-audit", partial(audit_security, days=days, tls_url=tls_url, attention_from=attention_from), as_json=json)


@app.command()
def capacity_review(
    *,
    days: Days = 30,
    ahead: Annotated[int, typer.Option(min=1, max=366, help="Days to look ahead.")] = 30,
    cores: Annotated[
        float | None, typer.Option(min=0.1, help="Cores that the service has; those of this machine if it runs here.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """The month: trends, and a PXL_POOL_SIZE for the busiest hour with its reasons."""
    from logos_pxl.ops.reviews import review_capacity

    _run("capacity-review", partial(review_capacity, days=days, ahead=ahead, cores=cores), as_json=json)


@app.command()
def incident(
    title: Annotated[str, typer.Argument(help="One sentence: what is wrong, and for whom.")],
    severity: Annotated[Severity | None, typer.Option(help="Without it, by the manual's table.", show_default=False)] = None,
    json: Json = False,
) -> None:
    """Make a folder with the report's template and the evidence of the moment: health, metrics, log, settings without secrets."""
    from logos_pxl.ops.incident import open_incident
    from logos_pxl.ops.running import print_operation

    raise typer.Exit(print_operation("incident", lambda: open_incident(title, severity and severity.value), as_json=json))

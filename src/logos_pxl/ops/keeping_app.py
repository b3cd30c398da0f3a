"""The commands that keep and bring back: their options; what they do is in the modules beside, imported when a command needs them."""

# ruff: noqa: PLC0415 - help must be quick

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
KeepDays = Annotated[float | None, typer.Option(min=0, help="Days after which old ones are removed (PXL_KEEP_DAYS).", show_default=False)]


Target = Annotated[
    Path | None,
    typer.Option("--target", metavar="FOLDER", help="Restore below FOLDER, and not where the settings say.", show_default=False),
]


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
    from logos_pxl.ops.running import run_operation

    raise typer.Exit(run_operation("backup", partial(back_up, folder=to, keep_days=keep_days), as_json=json))


@app.command()
def restore(
    archive: Annotated[
        Path | None,
        typer.Argument(metavar="[ARCHIVE]", help="The archive; a folder means the newest intact one in it.", show_default=False),
    ] = None,
    *,
    target: Target = None,
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
    from logos_pxl.ops.history.operations import rotate_logs as operation
    from logos_pxl.ops.running import run_operation

    raise typer.Exit(run_operation("rotate-logs", partial(operation, keep_days=keep_days), as_json=json))


@app.command()
def rotate_key(
    *,
    finish: Annotated[bool, typer.Option("--finish", help="Drop the old key, when nobody has used it for the time of grace.")] = False,
    grace_hours: Annotated[float, typer.Option(min=0, help="With --finish: hours in which nobody may have used the old key.")] = 24,
    force: Annotated[bool, typer.Option("--force", help="With --finish: drop the old key though somebody may use it.")] = False,
    show_secret: Annotated[bool, typer.Option("--show-secret", help="Print the new key; its fingerprint otherwise.")] = False,
    json: Json = False,
) -> None:
    """Change the signature key: both are accepted, and verified, until --finish drops the old one."""
    from logos_pxl.ops.keys.operations import finish_rotation
    from logos_pxl.ops.keys.operations import rotate_key as begin
    from logos_pxl.ops.running import run_operation

    operation = partial(finish_rotation, grace_hours=grace_hours, force=force) if finish else partial(begin, show_secret=show_secret)
    raise typer.Exit(run_operation("rotate-key", operation, as_json=json))


@app.command()
def export_state(
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="Where the files go (PXL_EXPORT_DIR).", show_default=False)
    ] = None,
    verify: Annotated[
        Path | None,
        typer.Option(
            "--verify", metavar="FOLDER", help="Look at the newest export of FOLDER instead, and write nothing.", show_default=False
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="With --verify: a service that must be of the same kernel.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Write metrics, health, performance and the kernel's hash into files; or verify such files."""
    from logos_pxl.ops.running import run_operation
    from logos_pxl.ops.state.operations import export
    from logos_pxl.ops.state.operations import verify as look

    if verify is None and url is not None:
        raise typer.BadParameter("--url goes with --verify")
    operation = partial(export, folder=to) if verify is None else partial(look, folder=verify, url=url)
    raise typer.Exit(run_operation("export-state", operation, as_json=json))

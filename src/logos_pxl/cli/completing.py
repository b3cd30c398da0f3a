"""``pxl completion``: scripts that let bash, zsh and fish complete commands and options."""

import typer
from typer._completion_shared import get_completion_script

from logos_pxl.cli.statuses import ExitStatus

_PROGRAM = "pxl"
# Typer's script for fish offers no files; the others fall back to them.
_FILES_IN_FISH = """
complete --command pxl --short-option f --long-option file --require-parameter --force-files
complete --command pxl --condition '__fish_seen_subcommand_from verify' --force-files"""


def print_completion(shell: str) -> ExitStatus:
    """The script for a shell."""
    script = get_completion_script(prog_name=_PROGRAM, complete_var="_PXL_COMPLETE", shell=shell)
    typer.echo(script + (_FILES_IN_FISH if shell == "fish" else ""))
    return ExitStatus.VALID

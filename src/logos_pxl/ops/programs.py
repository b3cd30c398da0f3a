"""Runs the programs of a target, each with a time limit."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from logos_pxl.ops.errors import TargetFailed

_SHOWN_CHARACTERS = 500


def find_program(name: str) -> str:
    """The path of a program on the search path or beside this Python. Raises TargetFailed when it is missing."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{Path(sys.executable).parent}")
    if path is None:
        raise TargetFailed(
            f"there is no {name} on the search path; install it, or set PXL_OPS_TARGET to where the service runs "
            "(systemd, supervisord, compose, kubernetes)"
        )
    return path


def run_program(arguments: Sequence[str], *, timeout_s: float, statuses: Collection[int] = (0,)) -> str:
    """The standard output of a program. Raises TargetFailed when it is missing, takes too long, or ends with another of ``statuses``."""
    shown = shlex.join(arguments)
    command = [find_program(arguments[0]), *arguments[1:]]
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TargetFailed(f"{shown}: not done after {timeout_s:g} s") from error
    except OSError as error:
        raise TargetFailed(f"{shown}: {error}") from error
    if ended.returncode not in statuses:
        said = (ended.stderr.strip() or ended.stdout.strip())[-_SHOWN_CHARACTERS:]
        raise TargetFailed(f"{shown}: status {ended.returncode}: {said}")
    return ended.stdout

"""Other programs, run with a list of arguments and a bound on their time."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from logos_pxl.ops.errors import TargetFailed

_SHOWN_CHARACTERS = 500


def run_program(arguments: Sequence[str], *, timeout_s: float, environment: Mapping[str, str] | None = None) -> str:
    """What the program wrote on standard output. Raises TargetFailed: it is missing, failed, or took longer than ``timeout_s``."""
    shown = shlex.join(arguments)
    if shutil.which(arguments[0]) is None:
        raise TargetFailed(
            f"{shown}: there is no {arguments[0]} on the search path; install it, or set PXL_OPS_TARGET to where the service runs"
        )
    try:
        ended = subprocess.run(
            list(arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
            env={**os.environ, **(environment or {})},
        )
    except subprocess.TimeoutExpired as error:
        raise TargetFailed(f"{shown}: not done after {timeout_s:g} s") from error
    except OSError as error:
        raise TargetFailed(f"{shown}: {error}") from error
    if ended.returncode:
        said = (ended.stderr.strip() or ended.stdout.strip())[-_SHOWN_CHARACTERS:]
        raise TargetFailed(f"{shown}: status {ended.returncode}: {said}")
    return ended.stdout

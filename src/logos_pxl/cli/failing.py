"""Errors of ours as messages on standard error."""

import sys

from logos_pxl.errors import PxlError


def tell(error: PxlError | OSError, *, place: str = "") -> None:
    """Print the error; standard output stays clean for pipes."""
    print(f"pxl: {place}{error}", file=sys.stderr)  # noqa: T201 - the command line's job

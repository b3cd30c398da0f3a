"""A procedure of several steps, each told while it is done, and timed."""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from logos_pxl.errors import PxlError
from logos_pxl.ops.report import Check, Section, Status

_T = TypeVar("_T")


class StepFailed(Exception):
    """A step failed; the procedure ends, and its report has all steps until then."""


class Steps:
    """The steps of one procedure. ``quiet``: nothing is told on standard error meanwhile."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._checks: list[Check] = []

    def take(self, name: str, work: Callable[[], _T], *, advice: str = "") -> _T:
        """Do one step. Raises StepFailed, with ``advice`` for what to do then."""
        self._tell(f"{name} ...")
        started = time.monotonic()
        try:
            result = work()
        except (PxlError, OSError) as error:
            self._checks.append(
                Check(name, Status.CRITICAL, round(time.monotonic() - started, 1), "s", advice=f"{error}; {advice}".strip("; "))
            )
            self._tell(f"{name}: failed: {error}")
            raise StepFailed(str(error)) from error
        self._checks.append(Check(name, Status.FINE, round(time.monotonic() - started, 1), "s"))
        return result

    def note(self, check: Check) -> None:
        """Add what a step found."""
        self._checks.append(check)

    def section(self, title: str = "Steps") -> Section:
        """All steps so far, with their times."""
        return Section(title, tuple(self._checks))

    def _tell(self, text: str) -> None:
        if not self._quiet:
            print(f"pxl: {text}", file=sys.stderr, flush=True)  # noqa: T201 - people watch a procedure that takes a minute

"""A procedure of several steps. Each is announced on standard error, timed, and becomes a check of the report."""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from logos_pxl.errors import PxlError
from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.report import Check, Section, Status
from logos_pxl.ops.service import ServiceReader

_T = TypeVar("_T")
_LOOK_S = 0.25


class StepFailed(Exception):
    """A step failed. The procedure ends; its report has all steps until then."""


class Steps:
    """The steps of one procedure. With ``quiet`` nothing is printed meanwhile."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._checks: list[Check] = []

    def take(self, name: str, work: Callable[[], _T], *, advice: str = "") -> _T:
        """Do one step. Raises StepFailed; ``advice`` says what to do then."""
        self._announce(f"{name} ...")
        started = time.monotonic()
        try:
            result = work()
        except (PxlError, OSError) as error:
            took_s = round(time.monotonic() - started, 1)
            self._checks.append(Check(name, Status.CRITICAL, took_s, "s", advice=f"{error}; {advice}".strip("; ")))
            self._announce(f"{name}: failed: {error}")
            raise StepFailed(str(error)) from error
        self._checks.append(Check(name, Status.FINE, round(time.monotonic() - started, 1), "s"))
        return result

    def note(self, check: Check) -> None:
        """Add the check of something that a step found."""
        self._checks.append(check)

    def section(self, title: str = "Steps") -> Section:
        """All steps so far, with their times."""
        return Section(title, tuple(self._checks))

    def _announce(self, text: str) -> None:
        if not self._quiet:
            print(f"pxl: {text}", file=sys.stderr, flush=True)  # noqa: T201 - an operator watches a procedure that takes a minute


def wait_until_ready(service: ServiceReader, *, within_s: float) -> float:
    """Seconds until ``/health`` says that goals can be decided. Raises OperationFailed after ``within_s``, with its last answer."""
    started = time.monotonic()
    while True:
        try:
            health = service.health()
            if health.get("ready"):
                return time.monotonic() - started
            last = "; ".join(map(str, health.get("problems", []))) or str(health.get("status"))
        except ServiceUnreachable as error:
            last = str(error)
        if time.monotonic() - started > within_s:
            raise OperationFailed(f"{service.url} is not ready after {within_s:g} s: {last}")
        time.sleep(_LOOK_S)

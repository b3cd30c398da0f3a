"""Runs an operator's command: settings, service and target in, a report out.

Invariant: a command that cannot be carried out ends with status 3 and says why, in the form that was asked for. With ``--json`` standard
output always holds exactly one document.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from logos_pxl.errors import PxlError
from logos_pxl.ops.printing import print_report
from logos_pxl.ops.report import Report, Status, failed
from logos_pxl.ops.service import ServiceReader, settings_files
from logos_pxl.ops.targets import Target, target_of
from logos_pxl.settings import Settings


@dataclass(frozen=True, slots=True)
class Operator:
    """What a command works with: the settings, the client of the running service, and the target that it runs on."""

    settings: Settings
    service: ServiceReader
    target: Target

    @classmethod
    def of(cls, settings: Settings) -> "Operator":
        """The service and the target that the settings name. Nothing is asked yet."""
        return cls(settings, ServiceReader.of(settings), target_of(settings))

    @property
    def asked(self) -> Mapping[str, str]:
        """Where the command looks, for ``Report.asked``."""
        files = ", ".join(str(path) for path in settings_files(self.settings))
        return {
            "service": self.service.url or "no address",
            "settings": files or "no file: environment and defaults",
            "folder": str(Path.cwd()),
            "target": self.target.name,
        }


def run_operation(
    name: str, operation: Callable[[Operator], Report], *, as_json: bool, settings: Callable[[], Settings] = Settings.load
) -> Status:
    """Carry out ``operation`` with these settings and print its report. Returns the exit status."""

    def carry_out() -> Report:
        operator = Operator.of(settings())
        report = operation(operator)
        return report if report.asked else replace(report, asked=operator.asked)

    return print_operation(name, carry_out, as_json=as_json)


def print_operation(name: str, operation: Callable[[], Report], *, as_json: bool) -> Status:
    """The same for an operation that reads its settings itself, because it must work when they are wrong."""
    try:
        report = operation()
    except (PxlError, OSError) as error:
        if as_json:
            return print_report(failed(name, str(error)), as_json=True)
        print_error(name, error)
        return Status.UNKNOWN
    return print_report(report, as_json=as_json)


def print_error(name: str, error: object) -> None:
    """Print a message of the command ``name`` on standard error; standard output stays clean for pipes."""
    print(f"pxl: ops {name}: {error}", file=sys.stderr)  # noqa: T201 - the command line's job

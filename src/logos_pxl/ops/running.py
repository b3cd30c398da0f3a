"""How each command is run: settings, service and target in; a report out; one way to fail.

Invariant: a command that cannot be carried out ends with status 3 and says why, in the form that was asked for; with ``--json`` standard
output holds one document in every case.
"""

from collections.abc import Callable
from dataclasses import dataclass

from logos_pxl.cli.failing import tell
from logos_pxl.errors import PxlError
from logos_pxl.ops.printing import print_report
from logos_pxl.ops.report import Report, Status, failed
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.targets import Target, target_of
from logos_pxl.settings import Settings


@dataclass(frozen=True, slots=True)
class Operator:
    """What a command works with: the settings, the running service, and where it runs."""

    settings: Settings
    service: ServiceReader
    target: Target

    @classmethod
    def of(cls, settings: Settings) -> "Operator":
        """Reach what the settings name; nothing is asked yet."""
        return cls(settings, ServiceReader.of(settings), target_of(settings))


def run_operation(
    name: str, operation: Callable[[Operator], Report], *, as_json: bool, settings: Callable[[], Settings] = Settings.load
) -> Status:
    """Carry out ``operation`` with these settings, print its report, and give the exit status."""
    return print_operation(name, lambda: operation(Operator.of(settings())), as_json=as_json)


def print_operation(name: str, operation: Callable[[], Report], *, as_json: bool) -> Status:
    """The same for an operation that finds its settings itself, because it must work when they are wrong."""
    try:
        report = operation()
    except (PxlError, OSError) as error:
        if as_json:
            return print_report(failed(name, str(error)), as_json=True)
        tell(error, place=f"ops {name}: ")
        return Status.UNKNOWN
    return print_report(report, as_json=as_json)

"""Exit statuses, for scripts."""

from collections.abc import Iterable
from enum import IntEnum


class ExitStatus(IntEnum):
    """What the process's exit status says."""

    VALID = 0
    INVALID = 1
    ERROR = 2
    UNKNOWN = 3


# From good to bad; IntEnum's own order is that of the numbers.
_SEVERITY = (ExitStatus.VALID, ExitStatus.INVALID, ExitStatus.UNKNOWN, ExitStatus.ERROR)


def worst(statuses: Iterable[ExitStatus]) -> ExitStatus:
    """The status of several goals together: an error before unknown, unknown before invalid, invalid before valid."""
    return max(statuses, key=_SEVERITY.index, default=ExitStatus.VALID)

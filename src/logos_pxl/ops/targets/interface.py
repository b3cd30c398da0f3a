"""What every target can do."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Standing:
    """How the service stands in the eyes of its target: whether it ``runs``, and what the target says in its own words."""

    runs: bool
    lines: tuple[str, ...]


class Target(Protocol):
    """Where the service runs. Every call is bounded in time, and raises TargetFailed when it did not succeed."""

    name: str
    """As ``PXL_OPS_TARGET`` has it."""

    restart_command: str
    """What a person would type to restart the service."""

    def start(self) -> None:
        """Start the service; returns when it was started, and is ready where the target knows of readiness."""

    def stop(self) -> None:
        """Stop it: requests in flight end, within ``PXL_SHUTDOWN_TIMEOUT``."""

    def restart(self) -> None:
        """Replace it by one that has what was set, without losing requests where the target can."""

    def reload(self) -> None:
        """Have it read keys, log level and quotas again."""

    def set_variable(self, name: str, value: str) -> None:
        """Set a variable of the service for its next start; no secrets, for targets show what they are told."""

    def standing(self) -> Standing:
        """How it stands."""

    def log_lines(self, count: int) -> list[str]:
        """The last lines of the service's log; fewer when there are no more."""

"""What a supervisor knows, as a file that others read.

Invariant: the file is always whole. It is believed only while its ``supervisor_pid`` holds the lock; afterwards it tells what was.
"""

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from logos_pxl.durable import replace_file


class Phase(StrEnum):
    """What the supervisor is doing."""

    STARTING = "starting"
    READY = "ready"
    NOT_READY = "not ready"
    WAITING = "waiting to start it again"
    RESTARTING = "restarting"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """The service's process. ``born`` tells it from a later process of the same number (``processes.born``).

    ``url`` is where it listens, when it does, ``reuse_port`` whether another may listen there too.
    """

    pid: int
    born: int
    reuse_port: bool
    url: str | None = None


@dataclass(slots=True)
class State:
    """All times are seconds since 1970. ``deaths`` counts the ends that nobody asked for, ``in_a_row`` those since it last did well."""

    supervisor_pid: int
    since: float
    phase: Phase = Phase.STARTING
    service: ServiceRecord | None = None
    deaths: int = 0
    in_a_row: int = 0
    last_death: str = ""
    last_words: list[str] = field(default_factory=list)
    next_start: float | None = None
    restarts_handled: int = 0
    last_restart: str = ""
    last_restart_succeeded: bool = True

    def write(self, path: Path) -> None:
        """Put it on the disk. Raises OSError."""
        replace_file(path, json.dumps(asdict(self), indent=1).encode() + b"\n")


_ADAPTER = TypeAdapter(State)


def read_state(path: Path) -> State | None:
    """What the file holds; ``None`` when there is none, or none that can be read."""
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None

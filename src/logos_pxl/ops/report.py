"""The result of an operator's command: checks in sections, and an exit status for cron.

Invariant: the status of a report is the worst status of its checks. A check that could not be made is never fine.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

Value = str | float | int | bool | None


class Status(IntEnum):
    """The status of a check. Its number is the exit status of the command."""

    FINE = 0
    ATTENTION = 1
    CRITICAL = 2
    UNKNOWN = 3

    @property
    def word(self) -> str:
        """The name in lower case, as printed."""
        return self.name.lower()


# From good to bad. A critical check counts more than one that could not be made.
_SEVERITY = (Status.FINE, Status.ATTENTION, Status.UNKNOWN, Status.CRITICAL)


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of several statuses; fine when there are none."""
    return max(statuses, key=_SEVERITY.index, default=Status.FINE)


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``threshold`` says in words which value is fine; ``advice`` says what to do when it is not."""

    name: str
    status: Status
    value: Value = None
    unit: str = ""
    threshold: str = ""
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        """The check for ``--json``."""
        return {**asdict(self), "status": self.status.word}


@dataclass(frozen=True, slots=True)
class Section:
    """Checks under a title. ``notes`` are sentences for people; ``data`` holds further values for programs."""

    title: str
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """The worst status of the checks."""
        return worst(check.status for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """The section for ``--json``."""
        return {
            "title": self.title,
            "status": self.status.word,
            "checks": [check.as_json() for check in self.checks],
            "notes": list(self.notes),
            "data": dict(self.data),
        }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Report:
    """The result of ``pxl ops COMMAND``.

    ``about`` names what was examined (an address, a file), ``summary`` is one sentence, ``at`` the time (ISO 8601, UTC).
    ``asked`` says where the command looked: service address, settings files, folder, target.
    """

    command: str
    about: str
    sections: tuple[Section, ...]
    summary: str = ""
    at: str = field(default_factory=_now)
    asked: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """The worst status of all checks."""
        return worst(section.status for section in self.sections)

    def checks(self) -> Iterator[Check]:
        """All checks, in order."""
        for section in self.sections:
            yield from section.checks

    def as_json(self) -> dict[str, Any]:
        """The report as one JSON document."""
        return {
            "command": self.command,
            "about": self.about,
            "asked": dict(self.asked),
            "at": self.at,
            "status": self.status.word,
            "exit_status": int(self.status),
            "summary": self.summary,
            "sections": [section.as_json() for section in self.sections],
        }


def failed(command: str, message: str) -> Report:
    """The report of a command that could not be carried out; ``message`` says why, and what would help."""
    return Report(command, "", (Section("", (Check("could not tell", Status.UNKNOWN, advice=message),)),), summary=message)

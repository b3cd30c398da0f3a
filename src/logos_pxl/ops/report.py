"""What a command found: checks in sections, and a status for cron.

Invariant: a report's status is the worst of its checks' statuses; what could not be told is never fine.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

Value = str | float | int | bool | None


class Status(IntEnum):
    """How a check came out; its number is the exit status."""

    FINE = 0
    ATTENTION = 1
    CRITICAL = 2
    UNKNOWN = 3

    @property
    def word(self) -> str:
        """In lower case, for people and JSON."""
        return self.name.lower()


# From good to bad. That something is critical counts more than that something else could not be told.
_SEVERITY = (Status.FINE, Status.ATTENTION, Status.UNKNOWN, Status.CRITICAL)


def worst(statuses: Iterable[Status]) -> Status:
    """The status of several checks together; fine when there are none."""
    return max(statuses, key=_SEVERITY.index, default=Status.FINE)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``threshold`` is what would be fine, in words; ``advice`` what to do, when it is not."""

    name: str
    status: Status
    value: Value = None
    unit: str = ""
    threshold: str = ""
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "name": self.name,
            "status": self.status.word,
            "value": self.value,
            "unit": self.unit,
            "threshold": self.threshold,
            "advice": self.advice,
        }


@dataclass(frozen=True, slots=True)
class Section:
    """Checks under a title. ``notes`` are sentences for people, ``data`` is more for machines."""

    title: str
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """The worst of its checks."""
        return worst(check.status for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
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
    """What a command found. ``command`` is its name without ``pxl ops``, ``about`` what it looked at, ``summary`` one sentence."""

    command: str
    about: str
    sections: tuple[Section, ...]
    summary: str = ""
    at: str = field(default_factory=_now)

    @property
    def status(self) -> Status:
        """The worst of all checks."""
        return worst(section.status for section in self.sections)

    def checks(self) -> Iterator[Check]:
        """All checks, in order."""
        for section in self.sections:
            yield from section.checks

    def as_json(self) -> dict[str, Any]:
        """The whole as one document."""
        return {
            "command": self.command,
            "about": self.about,
            "at": self.at,
            "status": self.status.word,
            "exit_status": int(self.status),
            "summary": self.summary,
            "sections": [section.as_json() for section in self.sections],
        }


def failed(command: str, message: str) -> Report:
    """The report of a command that could not tell; ``message`` says why, and what would help."""
    return Report(command, "", (Section("", (Check("could not tell", Status.UNKNOWN, advice=message),)),), summary=message)

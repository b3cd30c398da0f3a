"""The folder of archived logs and performance documents: names, and which of them are too old.

The names are the operations manual's, ``pxl-server_20260131.log.gz`` and ``performance_20260131.json``; a second one of the same day has
``_2`` behind its date, so that nothing is written over. Dates are in UTC.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

FOLDER = "archive"
LOGS = ("access", "pxl-server")
PERFORMANCE = "performance"

_NAME = re.compile(r"(?P<stem>access|pxl-server|performance)_(?P<day>\d{8})(?:_(?P<number>\d+))?\.(?:log\.gz|json)")


@dataclass(frozen=True, slots=True, order=True)
class Archived:
    """One archived file, by ``day`` and ``number`` (1 is the day's first)."""

    day: date
    number: int
    stem: str
    path: Path


def archived(log_dir: Path, *stems: str, since: date | None = None) -> list[Archived]:
    """The archived files of these stems, in the order in which they were archived; those before ``since`` are left out."""
    found = []
    folder = log_dir / FOLDER
    for path in folder.iterdir() if folder.is_dir() else ():
        one = _read(path)
        if one is not None and one.stem in stems and (since is None or one.day >= since):
            found.append(one)
    return sorted(found)


def free_name(log_dir: Path, stem: str, day: date, suffix: str) -> str:
    """A name without its suffix that nothing has, neither an archive nor a log that is just being archived."""
    number = 1
    while True:
        name = f"{stem}_{day:%Y%m%d}" + ("" if number == 1 else f"_{number}")
        if not (log_dir / FOLDER / f"{name}{suffix}").exists() and not moved_aside(log_dir, name).exists():
            return name
        number += 1


def moved_aside(log_dir: Path, name: str) -> Path:
    """Where a log is while it is being compressed into the archive ``name``."""
    return log_dir / f".{name}.rotating"


def outdated(log_dir: Path, *, keep_days: float, now: datetime) -> Iterator[Path]:
    """Archived files of a day that ended more than ``keep_days`` days ago."""
    for one in archived(log_dir, *LOGS, PERFORMANCE):
        if now - datetime(one.day.year, one.day.month, one.day.day, tzinfo=UTC) > timedelta(days=keep_days + 1):
            yield one.path


def _read(path: Path) -> Archived | None:
    name = _NAME.fullmatch(path.name)
    if name is None:
        return None
    try:
        day = datetime.strptime(name["day"], "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
    return Archived(day, int(name["number"] or 1), name["stem"], path)

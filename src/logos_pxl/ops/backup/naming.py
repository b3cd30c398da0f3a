"""The names of archives, and which of them are old enough to go."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

_NAME = re.compile(r"logos-pxl-config_(\d{8}_\d{6})\.tar\.gz")
_TIME = "%Y%m%d_%H%M%S"


def archive_name(made: datetime) -> str:
    """The manual's name: ``logos-pxl-config_20260131_093000.tar.gz``, in UTC."""
    return f"logos-pxl-config_{made:{_TIME}}.tar.gz"


def archives(folder: Path) -> list[tuple[datetime, Path]]:
    """The archives of a folder and when they were made, by their names; the newest first."""
    found = []
    for path in folder.iterdir():
        name = _NAME.fullmatch(path.name)
        if name and path.is_file():
            made = _time(name[1])
            if made is not None:
                found.append((made, path))
    return sorted(found, reverse=True)


def outdated(folder: Path, *, newest_good: Path, keep_days: float, now: datetime) -> Iterator[Path]:
    """Archives that were made more than ``keep_days`` ago; never the newest good one, whatever its date."""
    for made, path in archives(folder):
        if now - made > timedelta(days=keep_days) and path != newest_good:
            yield path


def _time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None

"""The archived logs and performance documents of other days, and those of today.

Archive names are the operations manual's: ``pxl-server_20260131.log.gz``, ``performance_20260131.json``; a second archive of
one day ends in ``_2``. Dates are in UTC. Client text in a line is shown to people only through ``escaped``.
"""

import calendar
import gzip
import json
import re
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = "archive"
REFUSED = "HMAC authentication failed: "

_NAME = re.compile(r"(?P<stem>access|pxl-server|performance)_(?P<day>\d{8})(?:_(?P<number>\d+))?\.(?:log\.gz|log|json)")
_ACCESS = re.compile(
    r'(?P<client>\S+) - (?P<key>\S+) \[(?P<timestamp>[^\]]+)\] "(?P<method>\S+) (?P<path>[^ "]+) HTTP/\S+" (?P<status>\d{3}) \d+ "-" '
    r'"(?P<user_agent>(?:[^"\\]|\\.)*)" (?P<duration_ms>[0-9.]+)ms \S+'
)
_SERVER = re.compile(
    r"(?:(?P<client>\S+) )?(?P<timestamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z (?P<level>[A-Z]+) (?P<event>.*?)"
    r"(?: request_id=\S+(?: HMAC key=\S+)?(?:: (?P<remark>.*))?)?"
)
# Longer than any line of the service: a file without line feeds is not a log.
_MAX_LINE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, order=True)
class Archived:
    """One archived file. ``number`` is 1 for the first of the day."""

    day: date
    number: int
    stem: str
    path: Path


def archived(log_dir: Path, *stems: str, since: date | None = None) -> list[Archived]:
    """The archived files of these stems since a day, in the order in which they were archived."""
    found = []
    for path in (log_dir / FOLDER).glob("*"):
        name = _NAME.fullmatch(path.name)
        if name and name["stem"] in stems and (day := _day(name["day"])) and (since is None or day >= since):
            found.append(Archived(day, int(name["number"] or 1), name["stem"], path))
    return sorted(found)


@dataclass(slots=True)
class History:
    """Reads the logs from ``since`` (seconds since 1970) on. ``faults`` are files that could not be read; ``files`` were read."""

    log_dir: Path
    since: float
    faults: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def access(self) -> Iterator[dict[str, Any]]:
        """Each line of access.log: ``at``, ``client``, ``key``, ``method``, ``path``, ``status``, ``duration_ms``, ``user_agent``."""
        return self._lines("access", _ACCESS)

    def server(self) -> Iterator[dict[str, Any]]:
        """Each line of pxl-server.log: ``at``, ``client``, ``level``, ``event``, ``remark``. Lines of traces are left out."""
        return self._lines("pxl-server", _SERVER)

    def performance(self) -> Iterator[tuple[date, list[dict[str, Any]]]]:
        """The day and the endpoints of each performance document."""
        for path in self._paths("performance", ".json"):
            try:
                document = json.loads(path.read_bytes())
                # The manual's rotation leaves {} until the service writes again.
                if document and datetime.fromisoformat(document["timestamp"]).timestamp() >= self.since:
                    yield datetime.fromisoformat(document["timestamp"]).date(), list(document["endpoints"])
                self.files.append(path)
            except (OSError, ValueError, KeyError, TypeError) as error:
                self.faults.append(f"{path} is not a performance document: {error!r}")

    def _lines(self, stem: str, form: re.Pattern[str]) -> Iterator[dict[str, Any]]:
        for path in self._paths(stem, ".log"):
            try:
                with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
                    self.files.append(path)
                    while line := file.readline(_MAX_LINE_BYTES):
                        found = _parsed(line.decode("utf-8", "replace").rstrip("\n"), form)
                        if found and found["at"] >= self.since:
                            yield found
            except (OSError, EOFError, zlib.error) as error:
                self.faults.append(f"{path} cannot be read to its end: {error}")

    def _paths(self, stem: str, suffix: str) -> Iterator[Path]:
        # A file that was archived on the first day has lines of that day too.
        yield from (one.path for one in archived(self.log_dir, stem, since=datetime.fromtimestamp(self.since, UTC).date()))
        # A rotation that is at work, or was cut off, leaves a log beside the current one.
        beside = sorted(self.log_dir.glob(f"{stem}*{suffix}"))
        yield from (path for path in beside if path.name == f"{stem}{suffix}" or _NAME.fullmatch(path.name))


def _parsed(line: str, form: re.Pattern[str]) -> dict[str, Any] | None:
    try:
        if line.startswith("{"):
            found = json.loads(line)
        elif match := form.fullmatch(line):
            found = {name: "" if value in (None, "-") else value for name, value in match.groupdict().items()}
        else:
            return None
        found["at"] = _time(str(found["timestamp"])[:26])
        if "status" in found:
            found["status"] = int(found["status"])
        return dict(found)
    except (ValueError, KeyError, TypeError):
        return None


@lru_cache(maxsize=64)
def _time(text: str) -> float:
    """Seconds since 1970. Many lines have the same second."""
    if "/" in text:
        return float(calendar.timegm(time.strptime(text, "%d/%b/%Y:%H:%M:%S +0000")))
    return datetime.fromisoformat(f"{text[:19]}+00:00").timestamp()


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None

"""The end of a log, and the errors in it."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from logos_pxl.ops.errors import TargetFailed

# Longer than any number of lines that a report shows.
_TAIL_BYTES = 1 << 20


def last_lines(path: Path, count: int, *, since_byte: int = 0) -> list[str]:
    """The last lines, of the last mebibyte at most and from ``since_byte`` on; none when there is no such file. Raises TargetFailed."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, 2)
            begin = max(since_byte, size - _TAIL_BYTES)
            log.seek(begin)
            lines = log.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise TargetFailed(f"{path} cannot be read: {error.strerror}") from error
    # The first may be the end of a longer line.
    return lines[1 if begin > since_byte else 0 :][-count:] if count else []


_ERROR = re.compile(r"\b(?:ERROR|CRITICAL)\b")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
# The lines that show a goal: docs/logs.md. Those of a trace begin with two blanks and a bar, and may quote anything at LOG_LEVEL=DEBUG.
_ALARM = re.compile(r"(soundness alarm over an? (?:canary|proof|countermodel))\b.*")
_TRACE = "  |"


def error_lines(lines: Iterable[str], *, since: datetime | None = None) -> list[str]:
    """Those of level ``ERROR`` and ``CRITICAL``, without the text of any goal; with ``since``, without those that are older.

    What has no time counts as new.
    """
    found = [line for line in lines if _ERROR.search(line) and not line.startswith(_TRACE)]
    newer = [line for line in found if since is None or (told := time_of(line)) is None or told >= since]
    return [_ALARM.sub(r"\1 (its goal is in pxl-server.log)", _event(line)) for line in newer]


def _event(line: str) -> str:
    """A line of LOG_FORMAT=json as one of text, without its trace."""
    if not line.startswith("{"):
        return line
    try:
        told = json.loads(line)
    except ValueError:
        return line
    return f"{told.get('timestamp')} {told.get('level')} {told.get('logger', '')}: {told.get('event')}"


def time_of(line: str) -> datetime | None:
    """When the line was written, as far as it says so."""
    found = _TIME.search(line)
    return None if found is None else datetime.fromisoformat(found[0].removesuffix("Z")).replace(tzinfo=UTC)

"""The commands ``incident new``, ``note`` and ``close``, on files in ``PXL_DATA_DIR/incidents``."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from logos_pxl.durable import replace_file
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.incidents.document import Head, closed, head_of, new_document, stamp, with_note
from logos_pxl.ops.incidents.evidence import evidence_of, gather
from logos_pxl.ops.incidents.severity import Judgement, Severity, judged
from logos_pxl.ops.lenient_settings import lenient_settings
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.settings import Settings

_ID = re.compile(r"INC-\d{8}-\d{6}(?:-\d+)?")


@dataclass(frozen=True, slots=True)
class Closing:
    """What is said when an incident is closed; empty is not said."""

    cause: str
    resolution: str
    users: str
    down_minutes: float | None


def open_incident(title: str, severity: Severity | None) -> Report:
    """Write a report of what is wrong now. The severity follows from the manual's table unless it is given."""
    settings, wrong = lenient_settings()
    facts = gather(Operator.of(settings), wrong or "")
    found = judged(facts.health, facts.metrics, "" if facts.health else facts.problem)
    judgement = Judgement(severity, f"as given; by the table {found.severity}: {found.why}") if severity else found
    now = datetime.now(UTC)
    with _files(settings) as folder:
        head = Head(_free_id(folder, now), stamp(now), judgement.severity.value)
        text = new_document(head, title, judgement.why, judgement.severity.response, evidence_of(facts))
        path = folder / f"{head.id}.md"
        replace_file(path, text.encode())
    checks = (Check("severity", Status.FINE, judgement.severity.value, threshold=judgement.severity.response, advice=judgement.why),)
    return _report("incident new", path, checks, head, f"{head.id} opened: {path}")


def note_incident(note: str, incident: str | None) -> Report:
    """Add a line to the timeline of an incident: the one named, else the newest that is open."""
    settings, _ = lenient_settings()
    with _files(settings) as folder:
        path, text, head = _found(folder, incident)
        replace_file(path, with_note(text, datetime.now(UTC), note).encode())
    return _report("incident note", path, (Check("noted", Status.FINE, head.id),), head, f"{head.id}: noted")


def close_incident(incident: str | None, closing: Closing) -> Report:
    """Fill in duration and SLA impact, and what was said."""
    settings, _ = lenient_settings()
    now = datetime.now(UTC)
    with _files(settings) as folder:
        path, text, head = _found(folder, incident)
        if head.closed:
            raise OperationFailed(f"{head.id} was closed at {head.closed}")
        said = closing.cause, closing.resolution, closing.users
        done = closed(text, head, now, cause=said[0], resolution=said[1], users=said[2], down_minutes=closing.down_minutes)
        replace_file(path, done.encode())
    minutes = round((now - head.opened_at).total_seconds() / 60, 1)
    left = tuple(
        Check(name, Status.ATTENTION, False, advice=f"write it into {path}")
        for name, missing in (("root cause known", not closing.cause), ("resolution known", not closing.resolution))
        if missing
    )
    return _report("incident close", path, (Check("duration", Status.FINE, minutes, "minutes"), *left), head, f"{head.id} closed: {path}")


def _report(command: str, path: Path, checks: tuple[Check, ...], head: Head, summary: str) -> Report:
    data = {"id": head.id, "path": str(path), "severity": head.severity, "opened": head.opened}
    return Report(command, str(path), (Section("Incident", checks, data=data),), summary)


@contextmanager
def _files(settings: Settings) -> Iterator[Path]:
    """The folder of reports, for one writer at a time: two notes at once are two lines."""
    folder = settings.data_dir / "incidents"
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(descriptor)


def _free_id(folder: Path, now: datetime) -> str:
    base = f"INC-{now:%Y%m%d-%H%M%S}"
    taken = {path.stem for path in folder.glob("INC-*.md")}
    number = 2
    name = base
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name


def _found(folder: Path, incident: str | None) -> tuple[Path, str, Head]:
    """The report, its text and its head. Raises OperationFailed."""
    if incident is not None:
        if not _ID.fullmatch(incident) or not (folder / f"{incident}.md").is_file():
            raise OperationFailed(f"{incident!r} is no incident in {folder}; there are: {', '.join(_names(folder)) or 'none'}")
        path = folder / f"{incident}.md"
        text = path.read_text()
        return path, text, head_of(text, path.name)
    for name in reversed(_names(folder)):
        path = folder / f"{name}.md"
        text = path.read_text()
        head = head_of(text, path.name)
        if not head.closed:
            return path, text, head
    raise OperationFailed(f"no incident is open in {folder}: pxl ops incident new TITLE")


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("INC-*.md") if _ID.fullmatch(path.stem))

"""The report as text: the manual's template, and what happens to it.

Invariant: the first line tells programs what they need; everything else is the writer's, and is changed only where it was not filled in or
at the end of the timeline.
"""

import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.thresholds import SLA_AVAILABILITY_PERCENT

_HEAD = re.compile(r"\A<!-- incident (\{.*\}) -->\n")
_AFTER_TIMELINE = "\n## Root Cause\n"
_MONTH_MINUTES = 30 * 24 * 60
_LINE_BREAKS = re.compile(r"\s*[\r\n]+\s*")


@dataclass(frozen=True, slots=True)
class Head:
    """What programs need. Times are ISO 8601 in UTC; ``closed`` is empty while it is open."""

    id: str
    opened: str
    severity: str
    closed: str = ""

    @property
    def opened_at(self) -> datetime:
        """When it was opened."""
        return datetime.fromisoformat(self.opened)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found when the incident was opened, ready to be read: lines of Markdown."""

    timeline: tuple[str, ...]
    metrics: tuple[str, ...]
    diagnosis: tuple[str, ...]
    log: tuple[str, ...]


def stamp(at: datetime) -> str:
    """A time as it stands in reports."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_document(head: Head, title: str, why: str, response: str, evidence: Evidence) -> str:
    """A report that has just been opened."""
    opened = head.opened_at
    timeline = [
        *evidence.timeline,
        f"- **{head.opened}**: incident opened: {_one_line(title)}; severity {head.severity}: {why} ({response})",
    ]
    return "\n".join(
        [
            _head_line(head),
            f"# Incident Report: {head.id}",
            "",
            f"**Date**: {opened:%Y-%m-%d}  ",
            f"**Duration**: {opened:%H:%M:%S} - ongoing UTC  ",
            f"**Severity**: {head.severity}  ",
            "**Status**: Investigating",
            "",
            "## Summary",
            "",
            _one_line(title),
            "",
            "## Timeline",
            "",
            *timeline,
            "",
            "## Root Cause",
            "",
            "Not known yet.",
            "",
            "## Impact",
            "",
            "- **Users Affected**: not known yet",
            "- **Duration**: ongoing",
            "- **SLA Impact**: not known yet",
            "",
            "## Resolution",
            "",
            "Not resolved yet.",
            "",
            "## Prevention",
            "",
            "- [ ] Monitoring improvements",
            "- [ ] Code changes",
            "- [ ] Infrastructure changes",
            "- [ ] Process improvements",
            "",
            "## Lessons Learned",
            "",
            "To be written.",
            "",
            f"## Evidence of {head.opened}",
            "",
            "### What the diagnosis said",
            "",
            *evidence.diagnosis,
            "",
            "### Metrics",
            "",
            *evidence.metrics,
            "",
            "### Log",
            "",
            "Errors of the last lines, without the text of any goal:",
            "",
            *[f"    {line}" for line in evidence.log or ("none",)],
            "",
        ]
    )


def head_of(text: str, name: str) -> Head:
    """The report's head. Raises OperationFailed when the first line is none."""
    found = _HEAD.match(text)
    try:
        return Head(**json.loads(found[1])) if found else _refuse(name)
    except (TypeError, ValueError):
        return _refuse(name)


def with_note(text: str, at: datetime, note: str) -> str:
    """The report with one more line at the end of its timeline. Raises OperationFailed."""
    before, heading, after = text.partition(_AFTER_TIMELINE)
    if not heading:
        raise OperationFailed("the report has no heading '## Root Cause', before which notes go: put it back")
    return f"{before.rstrip()}\n- **{stamp(at)}**: {_one_line(note)}\n{heading}{after}"


def closed(text: str, head: Head, at: datetime, *, cause: str, resolution: str, users: str, down_minutes: float | None) -> str:
    """The report when the incident is over: its duration, its share of what the SLA allows, and what was said of it."""
    minutes = (at - head.opened_at).total_seconds() / 60
    text = with_note(text, at, f"incident closed: {resolution or 'resolved'}")
    span = f"{head.opened_at:%H:%M:%S} - {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    filled = {
        r"^\*\*Duration\*\*: .*$": f"**Duration**: {span} ({minutes:.1f} minutes)  ",
        r"^\*\*Status\*\*: .*$": "**Status**: Resolved",
        r"^- \*\*Duration\*\*: ongoing$": f"- **Duration**: {minutes:.1f} minutes",
        r"^- \*\*SLA Impact\*\*: not known yet$": f"- **SLA Impact**: {sla_impact(head, minutes, down_minutes)}",
        **({r"^- \*\*Users Affected\*\*: not known yet$": f"- **Users Affected**: {_one_line(users)}"} if users else {}),
        **({r"^Not known yet\.$": _one_line(cause)} if cause else {}),
        **({r"^Not resolved yet\.$": _one_line(resolution)} if resolution else {}),
    }
    for pattern, line in filled.items():
        text = re.sub(pattern, line.replace("\\", r"\\"), text, count=1, flags=re.MULTILINE)
    return _HEAD.sub(lambda _: _head_line(replace(head, closed=stamp(at))) + "\n", text, count=1)


def sla_impact(head: Head, minutes: float, down_minutes: float | None) -> str:
    """What the incident takes of the month's allowance. Without ``down_minutes`` a critical incident counts whole, another not at all."""
    allowed = _MONTH_MINUTES * (100 - SLA_AVAILABILITY_PERCENT) / 100
    known = down_minutes is not None
    down = down_minutes if down_minutes is not None else minutes if head.severity == "Critical" else 0.0
    rests_on = "as given" if known else "a critical incident counts as down for its whole duration" if down else "the service was not down"
    share = down / allowed * 100
    yes = "Yes" if down else "No"
    return f"{yes} - {down:.1f} of {allowed:.1f} minutes that {SLA_AVAILABILITY_PERCENT:g} % allow in 30 days ({share:.0f} %); {rests_on}"


def _head_line(head: Head) -> str:
    return f"<!-- incident {json.dumps(asdict(head))} -->"


def _one_line(text: str) -> str:
    """A note is one item of a list, whatever was typed."""
    return _LINE_BREAKS.sub(" ", text.strip())


def _refuse(name: str) -> Head:
    raise OperationFailed(
        f"{name}: its first line is not that of an incident report; it was made by 'pxl ops incident new', or is another file"
    )

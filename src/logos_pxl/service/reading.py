"""What a request asks for: the goal, the time for it, and the ``Prefer`` and ``Accept`` headers.

Invariant: an unknown preference is ignored (RFC 7240), never refused.
"""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from logos_pxl_engine import Limits
from starlette.requests import Request

from logos_pxl.errors import TimeoutTooLong
from logos_pxl.goals import Goal
from logos_pxl.service.context import RequestContext
from logos_pxl.settings import Settings

# Texts up to this length are parsed on the event loop: the parser takes less time than a change of threads.
_INLINE_CHARACTERS = 4_096
# A preference is a token, perhaps with a value. Parameters after a semicolon belong to preferences that this service does not know.
_PREFERENCE = re.compile(
    r"""\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]*))?\s*(?:;(?:[^,"]|"(?:[^"\\]|\\.)*")*)?(?:,|$)"""
)
_LONGEST_WAIT = 1_000_000


@dataclass(frozen=True, slots=True)
class ReadGoal:
    """A goal, and the seconds that parsing it took."""

    goal: Goal
    parse_s: float


async def read_goal(text: str, limits: Limits) -> ReadGoal:
    """Parse a goal, on a thread when it is long. Raises MalformedGoal, GoalTooLarge."""
    started = time.monotonic()
    if len(text) <= _INLINE_CHARACTERS:
        goal = Goal.parse(text, limits=limits)
    else:
        goal = await asyncio.to_thread(Goal.parse, text, limits=limits)
    return ReadGoal(goal, time.monotonic() - started)


def request_budget_s(asked_ms: int | None, settings: Settings) -> float:
    """Seconds for a goal whose client waits. Raises TimeoutTooLong."""
    if asked_ms is None:
        return min(settings.default_timeout_ms, settings.max_timeout_ms) / 1000
    return _within(asked_ms, settings.max_timeout_ms, "PXL_MAX_TIMEOUT_MS")


def job_budget_s(asked_ms: int | None, settings: Settings) -> float:
    """Seconds for a job. Raises TimeoutTooLong."""
    if asked_ms is None:
        return settings.job_max_timeout_ms / 1000
    return _within(asked_ms, settings.job_max_timeout_ms, "PXL_JOB_MAX_TIMEOUT_MS")


def _within(asked_ms: int, most_ms: int, variable: str) -> float:
    if asked_ms > most_ms:
        raise TimeoutTooLong(f"timeout_ms is {asked_ms}; this server allows at most {most_ms} ({variable})")
    return asked_ms / 1000


@dataclass(frozen=True, slots=True)
class Preferences:
    """``respond_async``: answer with a job. ``wait_s``: seconds to wait for the verdict before that."""

    respond_async: bool
    wait_s: int | None


NONE = Preferences(respond_async=False, wait_s=None)


def preferences_of(request: Request) -> Preferences:
    """The preferences in the ``Prefer`` headers of a request. If one is given twice, the first counts."""
    if b"prefer" not in RequestContext.of(request.scope).headers:
        return NONE
    fields = request.headers.getlist("prefer")
    found: dict[str, str] = {}
    for name, value in _PREFERENCE.findall(", ".join(fields)):
        found.setdefault(name.lower(), value.strip('"'))
    wait = found.get("wait", "")
    # isdecimal alone would let digits of other scripts through.
    seconds = min(int(wait[:10]), _LONGEST_WAIT) if wait.isascii() and wait.isdecimal() else None
    return Preferences(respond_async="respond-async" in found, wait_s=seconds)


def best_form(accept: str, offers: Sequence[str]) -> str | None:
    """The offer that an ``Accept`` header prefers (RFC 9110, section 12.5.1); ``None`` when it accepts none.

    Offers are media types without parameters. The first of equally good offers is chosen.
    """
    ranges = [_media_range(part) for part in accept.split(",") if part.strip()]
    if not ranges:
        return offers[0]
    qualities = [_quality(offer, ranges) for offer in offers]
    highest = max(qualities)
    return offers[qualities.index(highest)] if highest > 0 else None


def _quality(offer: str, ranges: list[tuple[str, float]]) -> float:
    """The quality of the most specific range that fits; the highest if several are equally specific, for they differ in parameters."""
    kind = offer.partition("/")[0]
    for wanted in (offer, f"{kind}/*", "*/*"):
        fitting = [quality for name, quality in ranges if name == wanted]
        if fitting:
            return max(fitting)
    return 0.0


def _media_range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, min(max(float(parameter[2:]), 0.0), 1.0)
            except ValueError:
                return name, 0.0
    return name, 1.0

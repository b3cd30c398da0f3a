"""A goal's text read on the way from a request."""

import asyncio
import time
from dataclasses import dataclass

from logos_pxl_engine import Limits

from logos_pxl.goals import Goal

# Texts up to this length are parsed on the event loop: the parser takes less time than a change of threads.
_INLINE_CHARACTERS = 4_096


@dataclass(frozen=True, slots=True)
class ReadGoal:
    """A goal, and how long reading it took."""

    goal: Goal
    parse_s: float


async def read_goal(text: str, limits: Limits) -> ReadGoal:
    """Read a goal, off the event loop when it is long. Raises MalformedGoal, GoalTooLarge."""
    started = time.monotonic()
    if len(text) <= _INLINE_CHARACTERS:
        goal = Goal.parse(text, limits=limits)
    else:
        goal = await asyncio.to_thread(Goal.parse, text, limits=limits)
    return ReadGoal(goal, time.monotonic() - started)

"""The way to a verdict that all doors share, watched: one event for each goal asked, whoever gives the verdict.

Invariant: what is told is what the door gets; watching changes nothing.
"""

import asyncio
import time
from typing import Protocol

from logos_pxl.goals import Goal
from logos_pxl.observing import Observer
from logos_pxl.proving.verdict import Verdict


class Decides(Protocol):
    """Whatever gives verdicts."""

    async def decide(self, goal: Goal, *, timeout_s: float, parse_ms: float = 0.0) -> Verdict:
        """The verdict on ``goal``, within ``timeout_s`` from now."""

    def remembered(self, goal: Goal, *, parse_ms: float = 0.0) -> Verdict | None:
        """The verdict on ``goal``, if it is known without waiting for anything."""


class ObservedDecider:
    """Passes goals on to ``inner`` and tells ``observer`` what became of them."""

    def __init__(self, inner: Decides, observer: Observer) -> None:
        self._inner = inner
        self._observer = observer

    async def decide(self, goal: Goal, *, timeout_s: float, parse_ms: float = 0.0) -> Verdict:
        """The verdict on ``goal``, within ``timeout_s`` from now. ``parse_ms`` is what reading it took.

        Raises nothing of its own; cancelling it cancels the search, unless others wait for the same goal.
        """
        started = time.monotonic()
        try:
            verdict = await self._inner.decide(goal, timeout_s=timeout_s, parse_ms=parse_ms)
        except asyncio.CancelledError:
            self._observer.abandoned()
            raise
        self._tell(verdict, parse_ms, started)
        return verdict

    def remembered(self, goal: Goal, *, parse_ms: float = 0.0) -> Verdict | None:
        """The verdict on ``goal``, if it is known without waiting for anything."""
        started = time.monotonic()
        verdict = self._inner.remembered(goal, parse_ms=parse_ms)
        if verdict is not None:
            self._tell(verdict, parse_ms, started)
        return verdict

    def _tell(self, verdict: Verdict, parse_ms: float, started: float) -> None:
        parse_s = parse_ms / 1000
        self._observer.stage("parse", parse_s)
        seconds = parse_s + time.monotonic() - started
        self._observer.verdict(verdict.kind, verdict.reason, verified=verdict.verified, seconds=seconds)

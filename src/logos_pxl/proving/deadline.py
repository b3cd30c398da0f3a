"""A deadline that can be put off while somebody works towards it."""

import asyncio
import time
from typing import Any


class Deadline:
    """A moment (``time.monotonic()`` seconds) that moves later, never sooner, and never past ``limit``."""

    def __init__(self, at: float, *, limit: float | None = None) -> None:
        """``limit`` is ``at`` when it is not given: the deadline stays where it is."""
        self.at = at
        self.limit = max(at, at if limit is None else limit)

    def extend(self, to: float) -> None:
        """Put the deadline off until ``to``."""
        self.at = max(self.at, min(to, self.limit))

    @property
    def left_s(self) -> float:
        """Seconds that are left; not more than 0 when it has passed."""
        return self.at - time.monotonic()

    async def wait(self, future: "asyncio.Future[Any]") -> bool:
        """Wait until ``future`` is done or the deadline, wherever it is then, has passed; whether it is done."""
        while not future.done() and (left_s := self.left_s) > 0:
            await asyncio.wait((future,), timeout=left_s)
        return future.done()

"""Turns: which tests may run at the same time on several workers of one machine."""

import contextlib
import fcntl
import os
from pathlib import Path

HERE = Path(__file__).parent


class Turns:
    """A turn is shared by the tests of all workers, or belongs to one that runs alone.

    Locks of two files, which all workers have: who runs alone takes the first one and waits for the second, so that no other test, which
    needs both to begin, overtakes it. The system gives them back when a worker dies. Without workers nothing is locked.
    """

    def __init__(self) -> None:
        self._turn: contextlib.ExitStack | None = None

    def take(self, *, alone: bool) -> None:
        """Wait for a turn, unless this worker has one."""
        if self._turn is not None or "PYTEST_XDIST_WORKER" not in os.environ:
            return
        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        with contextlib.ExitStack() as stack, (HERE / "turns.py").open() as first:
            fcntl.flock(first, kind)
            second = stack.enter_context((HERE.parent / "conftest.py").open())
            fcntl.flock(second, kind)
            self._turn = stack.pop_all()

    def leave(self) -> None:
        """Give the turn back."""
        if self._turn is not None:
            self._turn.close()
            self._turn = None

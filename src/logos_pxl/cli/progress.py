"""Progress of a run on standard error: a bar while goals are decided, and a summary at the end."""

import os
import sys
import time
from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar

from logos_pxl.cli.printing import ExitStatus

_WORDS = {ExitStatus.VALID: "valid", ExitStatus.INVALID: "invalid", ExitStatus.UNKNOWN: "unknown", ExitStatus.ERROR: "refused"}
_OFTEN_ENOUGH_HZ = 8


class Progress:
    """Counts goals. Terminals get a bar when there is more than one goal; ``summary`` forces the summary on or off."""

    def __init__(self, total: int, *, summary: bool | None) -> None:
        terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._total = total
        self._summary = (terminal and total > 1) if summary is None else summary
        self._counts: Counter[ExitStatus] = Counter()
        self._began = time.monotonic()
        self._bar = _bar() if terminal and total > 1 else None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task("", total=self._total, counts="")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._summary:
            print(self.sentence(), file=sys.stderr)  # noqa: T201 - the command line's job

    def done(self, status: ExitStatus) -> None:
        """Count a goal that has its result."""
        self._counts[status] += 1
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, counts=f"{self._rate():.0f}/s  {self._shown_counts()}")

    def sentence(self) -> str:
        """The summary: how many goals, in how much time."""
        done, elapsed_s = sum(self._counts.values()), time.monotonic() - self._began
        of = "" if done == self._total else f" of {self._total}"
        return f"pxl: {done}{of} goals in {elapsed_s:.1f} s ({self._rate():.0f} a second): {self._shown_counts() or 'none done'}"

    def _shown_counts(self) -> str:
        return ", ".join(f"{self._counts[status]} {word}" for status, word in _WORDS.items() if self._counts[status])

    def _rate(self) -> float:
        return sum(self._counts.values()) / max(time.monotonic() - self._began, 1e-9)


def _bar() -> ProgressBar:
    # Where answers and the bar share a screen, answers are printed above it.
    shared = sys.stdout.isatty()
    return ProgressBar(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=shared,
        redirect_stderr=True,
        refresh_per_second=_OFTEN_ENOUGH_HZ,
    )

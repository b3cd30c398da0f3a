"""The answers to many goals, without I/O: which goals are left, what a piece of a stream says, and when a stream broke.

Invariant: each goal gets exactly one result, in whatever order and over however many streams they come. A line counts when it is whole, and
a stream that ends before all lines came is broken, not finished.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from logos_pxl.client import calls
from logos_pxl.client.calls import Call
from logos_pxl.client.errors import TRANSIENT, ConnectionFailed, ProtocolError
from logos_pxl.client.refusals import refusal_of
from logos_pxl.wire.errors import PxlError
from logos_pxl.wire.http import DEFAULT_MAX_REQUEST_BYTES
from logos_pxl.wire.verdicts import Verdict
from logos_pxl.wire.work import BatchLine

# Streams that may break one after the other without a single new line.
IDLE_STREAMS = 3
# Half of a service's default limit: many large goals go into several requests.
_MAX_BODY_BYTES = DEFAULT_MAX_REQUEST_BYTES // 2
# A line is never this long: an answer holds no more than a countermodel of 64 KiB and a goal of 1 MiB, each of them escaped.
_MAX_LINE_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class BatchItem:
    """What became of the goal at ``index``: a verdict, or the error that ``prove`` would have raised."""

    index: int
    goal: str
    verdict: Verdict | None
    error: PxlError | None


class BatchState:
    """Where a batch stands. ``size``: how many goals are sent in one request."""

    def __init__(self, goals: Sequence[str], timeout_ms: int | None, *, size: int, default_s: float) -> None:
        if size < 1:
            raise ValueError(f"a request takes at least 1 goal, not {size}")
        self.total = len(goals)
        self.done = 0
        self.postponed: list[int] = []
        self._goals = goals
        self._timeout_ms = timeout_ms
        self._default_s = default_s
        self._size = size
        self._left: dict[int, None] = dict.fromkeys(range(len(goals)))
        self._sent: list[int] = []
        self._pending = b""
        self._idle = 0
        self._came = False

    def next_call(self) -> Call[None] | None:
        """The request for the next goals; None when every goal has its line."""
        self._sent = self._next_goals()
        self._pending, self._came = b"", False
        if not self._sent:
            return None
        return calls.batch([self._goals[index] for index in self._sent], self._timeout_ms, default_s=self._default_s)

    def feed(self, piece: bytes) -> Iterator[BatchItem]:
        """The results that became whole with this piece of the stream; goals to be asked once more go to ``postponed``.

        Raises ProtocolError.
        """
        *lines, self._pending = (self._pending + piece).split(b"\n")
        if len(self._pending) > _MAX_LINE_BYTES:
            raise ProtocolError(f"a line of the batch is longer than {_MAX_LINE_BYTES} bytes")
        for line in lines:
            item = self._item(calls.decoded(line, BatchLine))
            if item is not None:
                yield item

    def ended(self, broke: ConnectionFailed | None = None) -> None:
        """The stream ended. Raises ConnectionFailed when too many streams in a row brought nothing."""
        missing = sum(index in self._left for index in self._sent)
        if not missing:
            return
        self._idle = 0 if self._came else self._idle + 1
        if self._idle >= IDLE_STREAMS:
            raise broke or ConnectionFailed(
                f"the stream of results ended {self._idle} times before any of {missing} goals had its line: look at the service's log"
            )

    def asked_again(self, index: int, verdict: Verdict | None, error: PxlError | None) -> BatchItem:
        """The result of a postponed goal."""
        self.done += 1
        return BatchItem(index, self._goals[index], verdict, error)

    def goal(self, index: int) -> str:
        """The text at this place."""
        return self._goals[index]

    def _next_goals(self) -> list[int]:
        """The first goals that are left: as many as one request takes, in number and in bytes, and at least one."""
        chosen: list[int] = []
        room = _MAX_BODY_BYTES
        for index in self._left:
            room -= len(calls.json_bytes(self._goals[index])) + 1
            if len(chosen) == self._size or (chosen and room < 0):
                break
            chosen.append(index)
        return chosen

    def _item(self, line: BatchLine) -> BatchItem | None:
        if line.index >= len(self._sent) or self._sent[line.index] not in self._left:
            raise ProtocolError(f"the batch answers goal {line.index} of {len(self._sent)} twice, or it was not asked")
        index = self._sent[line.index]
        if line.result is not None:
            calls.about(line.result, self._goals[index])
        del self._left[index]
        self._came = True
        error = None if line.problem is None else refusal_of(line.problem, line.status)
        if isinstance(error, TRANSIENT):
            self.postponed.append(index)
            return None
        self.done += 1
        return BatchItem(index, self._goals[index], line.result, error)

"""The streams of batches and of jobs' events, without I/O: what to request next, and what has arrived.

Invariant: each goal of a batch gets exactly one result, in any order and over any number of streams. Only whole lines count, and a stream
that ends before all lines have arrived is broken, not finished.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from logos_pxl.client import calls
from logos_pxl.client.calls import Call
from logos_pxl.client.errors import TRANSIENT, ConnectionFailed, ProtocolError, problem_error
from logos_pxl.wire.errors import PxlError
from logos_pxl.wire.http import DEFAULT_MAX_REQUEST_BYTES, EVENTS
from logos_pxl.wire.verdicts import Verdict
from logos_pxl.wire.work import BatchLine, Job

# Streams that may break in a row without a new line or event.
_IDLE_STREAMS = 3
# A stream of events without a byte for this long is broken: the service sends comments in between.
_SILENCE_S = 60.0
# Half of a service's default limit: many large goals go into several requests.
_MAX_BODY_BYTES = DEFAULT_MAX_REQUEST_BYTES // 2
# More than any line has: an answer holds at most a countermodel of 64 KiB and a goal of 1 MiB, both escaped.
_MAX_LINE_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class BatchItem:
    """The result of the goal at ``index``: a verdict, or the error that ``prove`` would raise."""

    index: int
    goal: str
    verdict: Verdict | None
    error: PxlError | None


class BatchState:
    """The progress of a batch. ``size``: goals in one request. ``postponed``: goals to be sent once more, singly."""

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
        """The request for the next goals; None when every goal has a result or is postponed."""
        self._sent = self._next_goals()
        self._pending, self._came = b"", False
        if not self._sent:
            return None
        return calls.batch([self._goals[index] for index in self._sent], self._timeout_ms, default_s=self._default_s)

    def feed(self, piece: bytes) -> Iterator[BatchItem]:
        """The results that this piece of the stream completes. Raises ProtocolError."""
        *lines, self._pending = (self._pending + piece).split(b"\n")
        if len(self._pending) > _MAX_LINE_BYTES:
            raise ProtocolError(f"a line of the batch is longer than {_MAX_LINE_BYTES} bytes")
        for line in lines:
            item = self._item(calls.decoded(line, BatchLine))
            if item is not None:
                yield item

    def ended(self, broke: ConnectionFailed | None) -> None:
        """The stream ended. Raises ConnectionFailed when too many streams in a row had no new line."""
        missing = sum(index in self._left for index in self._sent)
        if not missing:
            return
        self._idle = 0 if self._came else self._idle + 1
        if self._idle >= _IDLE_STREAMS:
            raise broke or ConnectionFailed(
                f"the stream of results ended {self._idle} times without a result for any of {missing} goals: see the service's log"
            )

    def asked_again(self, index: int, verdict: Verdict | None, error: PxlError | None) -> BatchItem:
        """The result of a postponed goal."""
        self.done += 1
        return BatchItem(index, self._goals[index], verdict, error)

    def goal(self, index: int) -> str:
        """The text of the goal at ``index``."""
        return self._goals[index]

    def _next_goals(self) -> list[int]:
        """The first goals that are left: as many as fit into one request, at least one."""
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
            raise ProtocolError(f"the batch has a second line for goal {line.index} of {len(self._sent)}, or there is no such goal")
        index = self._sent[line.index]
        if line.result is not None:
            calls.about(line.result, self._goals[index])
        del self._left[index]
        self._came = True
        error = None if line.problem is None else problem_error(line.problem, line.status)
        if isinstance(error, TRANSIENT):
            self.postponed.append(index)
            return None
        self.done += 1
        return BatchItem(index, self._goals[index], line.result, error)


class Watching:
    """The events of a job, over any number of streams."""

    def __init__(self, job: Job | str) -> None:
        self.over = False
        self._job_id = calls.job_id(job)
        self._last = ""
        self._idle = 0

    def next_call(self) -> Call[None]:
        """The request for the next events."""
        headers = {"Accept": EVENTS} | ({"Last-Event-ID": self._last} if self._last else {})
        target = calls.job(self._job_id, wait_s=0).target
        return Call("GET", target, lambda _: None, _SILENCE_S, headers=headers)

    def take(self, event_id: str, data: str) -> Job:
        """The job's state in an event. Raises ProtocolError."""
        job = calls.decoded(data, Job)
        if job.job != self._job_id:
            raise ProtocolError(f"an event of the job {self._job_id} is about another job")
        self._last, self._idle, self.over = event_id, 0, job.over
        return job

    def ended(self, broke: ConnectionFailed | None) -> None:
        """The stream ended. Raises ConnectionFailed when too many streams in a row ended before the job."""
        self._idle += 1
        if not self.over and self._idle >= _IDLE_STREAMS:
            raise broke or ConnectionFailed(f"the stream of events ended {self._idle} times before the job {self._job_id}")

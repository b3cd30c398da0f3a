"""Shortcuts of the request path. They are all in this module.

A request that repeats a body whose goal has a cached verdict is answered by ``FastPath``. That saves, for each such request:

- decoding and validating the body, and parsing the goal;
- the look-up of equivalent goals, the deadline, and the single flight;
- watching whether the client disconnects, for nothing is awaited before the answer is complete;
- encoding the answer as JSON, except for its times.

``received`` saves the timer of reading a body that has arrived already.

Invariant: the answer is byte for byte the one that the usual path would give. A verdict comes from the proof cache each time, so a goal
is never answered after its verdict has left that cache.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import Message, Receive

from logos_pxl.goals import Goal
from logos_pxl.proving import Prover, Timings, Verdict
from logos_pxl.service.answers import DocumentOf, JsonText
from logos_pxl.service.context import RequestContext

MAX_BODY_BYTES = 1_024
"""Longer bodies are not kept."""

_MAX_BODIES = 1_024
_MAX_FRAMES = 1_024
_MAX_FRAME_BYTES = 4_096

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class LeastRecentlyUsed(Generic[Key, Value]):
    """A mapping of at most ``max_entries``. The entry that was used least recently makes room for a new one."""

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._entries: OrderedDict[Key, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        """The entry; ``None`` when there is none."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: Key, value: Value) -> None:
        """Add or replace an entry."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)


class FastPath:
    """The read goals and rendered answers of one service. Belongs to one event loop."""

    def __init__(self) -> None:
        self._goals: LeastRecentlyUsed[bytes, Goal] = LeastRecentlyUsed(_MAX_BODIES)
        self._texts = VerdictTexts()

    def answer(self, prover: Prover, context: RequestContext, body: bytes, document_of: DocumentOf) -> Response | None:
        """The answer to a body whose goal and verdict are known; ``None`` when the request must take the usual path."""
        started = time.monotonic()
        goal = self._goals.get(body)
        if goal is None or b"prefer" in context.headers:
            return None
        verdict = prover.known(goal, parse_ms=(time.monotonic() - started) * 1000)
        return None if verdict is None else JsonText(self._texts.text(verdict, document_of))

    def remember(self, body: bytes, verdict: Verdict) -> None:
        """Keep the goal of ``body``, which the usual path answered with ``verdict``. Only a verdict that was verified can be cached."""
        if verdict.verified and len(body) <= MAX_BODY_BYTES:
            self._goals.put(body, verdict.goal)


def received(receive: Receive) -> Message | None:
    """The next message if it has arrived already, without a timer and without a change of tasks; ``None`` when it has not."""
    receiving = cast("Coroutine[Any, Any, Message]", receive())
    try:
        receiving.send(None)
    except StopIteration as done:
        message: Message = done.value
        return message
    # It would wait. Nothing has been received, so the caller may ask again.
    receiving.close()
    return None


@dataclass(frozen=True, slots=True)
class _Frame:
    """The parts of an answer's text that do not change: before the times, between them and the table of timings, and after that."""

    head: str
    middle: str
    tail: str

    @classmethod
    def of(cls, document: dict[str, Any]) -> "_Frame":
        items = list(document.items())
        first, last, table = (list(document).index(name) for name in ("latency_ms", "kernel_ms", "timings_ms"))
        return cls(_inside(items[:first]), _inside(items[last + 1 : table]), _inside(items[table + 1 :]))

    def around(self, timings: Timings) -> bytes:
        queue = search = kernel = store = 0.0
        # A cached verdict has not waited, searched or stored; four calls of ``round`` are saved.
        if timings.queue_ms or timings.search_ms or timings.kernel_ms or timings.store_ms:
            queue, search = round(timings.queue_ms, 3), round(timings.search_ms, 3)
            kernel, store = round(timings.kernel_ms, 3), round(timings.store_ms, 3)
        total = round(timings.total_ms, 3)
        return (
            f'{{{self.head},"latency_ms":{total},"queue_ms":{queue},"search_ms":{search},"kernel_ms":{kernel},{self.middle},'
            f'"timings_ms":{{"parse":{round(timings.parse_ms, 3)},"cache":{round(timings.cache_ms, 3)},"queue":{queue},"search":{search},'
            f'"kernel":{kernel},"store":{store},"total":{total}}},{self.tail}}}'
        ).encode()


class VerdictTexts:
    """Cached verdicts as JSON text. A certificate, its statement and the kind of answer determine all of the text but the times."""

    def __init__(self, max_frames: int = _MAX_FRAMES) -> None:
        self._frames: LeastRecentlyUsed[tuple[str, str | None, bool, Callable[..., Any]], _Frame] = LeastRecentlyUsed(max_frames)

    def __len__(self) -> int:
        return len(self._frames)

    def text(self, verdict: Verdict, document_of: DocumentOf) -> bytes:
        """``document_of(verdict)`` as JSON. The verdict must be one from the cache."""
        certificate = verdict.certificate
        if certificate is None:
            return to_json(document_of(verdict))
        key = (certificate.id, certificate.statement, verdict.certificate_stored, document_of)
        frame = self._frames.get(key)
        if frame is not None:
            return frame.around(verdict.timings)
        document = document_of(verdict)
        text = to_json(document)
        if len(text) <= _MAX_FRAME_BYTES:
            self._frames.put(key, _Frame.of(document))
        return text


def _inside(items: list[tuple[str, Any]]) -> str:
    return to_json(dict(items)).decode()[1:-1]

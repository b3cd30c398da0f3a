"""Verdicts as JSON text.

Of an answer that is given again only the times differ from one request to the next, so what stands around them is kept: making it anew
takes as long as all else of such an answer.

Invariant: the text is that of ``document_of(verdict)``, byte for byte. A frame belongs to one certificate with its statement and to one
kind of answer: all that it tells follows from them in one process.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from logos_pxl.proving import ProofMethod, Timings, Verdict

DocumentOf = Callable[[Verdict], dict[str, Any]]

_NOTHING = (0.0, 0.0, 0.0, 0.0)
_MAX_FRAMES = 1_024
_MAX_FRAME_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class _Frame:
    """The text before the answer's times, between them and the table of timings, and after that."""

    head: str
    middle: str
    tail: str

    @classmethod
    def of(cls, document: dict[str, Any]) -> "_Frame":
        items = list(document.items())
        first, last, table = (list(document).index(name) for name in ("latency_ms", "kernel_ms", "timings_ms"))
        return cls(_inside(items[:first]), _inside(items[last + 1 : table]), _inside(items[table + 1 :]))

    def around(self, timings: Timings) -> bytes:
        queue, search, kernel, store = _NOTHING
        # What was known already has waited for nobody, as a rule.
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
    """Makes them. Belongs to one thread."""

    def __init__(self) -> None:
        self._frames: OrderedDict[tuple[str, str | None, bool, DocumentOf], _Frame] = OrderedDict()

    def text(self, verdict: Verdict, document_of: DocumentOf) -> bytes:
        """``document_of(verdict)`` as JSON."""
        certificate = verdict.certificate
        if verdict.proof_method is not ProofMethod.CACHE or certificate is None:
            return to_json(document_of(verdict))
        key = (certificate.id, certificate.statement, verdict.certificate_stored, document_of)
        frame = self._frames.get(key)
        if frame is not None:
            self._frames.move_to_end(key)
            return frame.around(verdict.timings)
        document = document_of(verdict)
        text = to_json(document)
        if len(text) <= _MAX_FRAME_BYTES:
            self._frames[key] = _Frame.of(document)
            if len(self._frames) > _MAX_FRAMES:
                self._frames.popitem(last=False)
        return text


def _inside(items: list[tuple[str, Any]]) -> str:
    return to_json(dict(items)).decode()[1:-1]

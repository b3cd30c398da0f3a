"""The proof cache: verdicts of this process.

Invariant: every entry is a valid or invalid verdict that this process's kernel accepted, younger than ``ttl_s``; there are at most
``max_entries``, which take at most ``max_bytes`` by the estimate of ``size_of``; the least recently used entry is evicted first. The key
of a goal is the SHA-256 of its wire form, and its formula is compared as well. Belongs to one thread.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from logos_pxl.goals import Goal
from logos_pxl.observing import Eviction, NullObserver, Observer
from logos_pxl.proving.verdict import Verdict

# The size of an entry without its texts and bytes: objects, keys and slots of four mappings. Measured (test_proof_cache.py).
_ENTRY_BYTES = 6_000
_FORMULA_BYTES_PER_WIRE_BYTE = 48
_PAIR_BYTES = 64
_TRUTH_BYTES = 8
_ATOM_BYTES = 160


@dataclass(frozen=True, slots=True)
class CacheStats:
    """Entries and their bytes, now."""

    entries: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Known:
    """A cached verdict: on the goal that was looked up (``exact``), or on one that differs in the names of its atoms only."""

    verdict: Verdict
    exact: bool


@dataclass(slots=True, eq=False)
class _Entry:
    verdict: Verdict
    ends: float
    size_bytes: int


class ProofCache:
    """The verdicts of one kernel. With ``ttl_s`` or ``max_entries`` 0 it keeps nothing."""

    def __init__(
        self,
        *,
        ttl_s: float,
        max_entries: int,
        max_bytes: int,
        observer: Observer | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``clock`` gives seconds and never goes back."""
        self._ttl_s = ttl_s
        self._max_entries = max_entries if ttl_s > 0 else 0
        self._max_bytes = max_bytes
        self._observer = observer or NullObserver()
        self._clock = clock
        self._bytes = 0
        # By the goal's digest, least recently used first; and in order of age, oldest first.
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._ages: OrderedDict[bytes, None] = OrderedDict()
        self._equivalents: dict[bytes, OrderedDict[bytes, None]] = {}

    @property
    def ttl_s(self) -> float:
        """How long a verdict is kept, in seconds."""
        return self._ttl_s

    @property
    def enabled(self) -> bool:
        """Whether anything is ever kept."""
        return self._max_entries > 0

    def look_up(self, goal: Goal, kernel_hash: str) -> Known | None:
        """The verdict of this kernel on the goal, else on an equivalent one."""
        verdict = self.get(goal, kernel_hash)
        if verdict is not None:
            return Known(verdict, exact=True)
        verdict = self.equivalent(goal, kernel_hash)
        return None if verdict is None else Known(verdict, exact=False)

    def get(self, goal: Goal, kernel_hash: str) -> Verdict | None:
        """The verdict on this very goal by this kernel."""
        self._drop_ended()
        entry = self._entries.get(goal.digest)
        if entry is None or entry.verdict.goal.formula != goal.formula:
            return None
        if entry.verdict.kernel_hash != kernel_hash:
            self._drop(goal.digest, "kernel")
            return None
        self._entries.move_to_end(goal.digest)
        return entry.verdict

    def equivalent(self, goal: Goal, kernel_hash: str) -> Verdict | None:
        """The verdict on a goal that differs in the names of its atoms only; the one that was stored last, of several."""
        self._drop_ended()
        digests = self._equivalents.get(goal.canonical.digest)
        if digests is None:
            return None
        digest = next(reversed(digests))
        entry = self._entries[digest]
        if entry.verdict.kernel_hash != kernel_hash:
            self._drop(digest, "kernel")
            return None
        self._entries.move_to_end(digest)
        return entry.verdict

    def put(self, verdict: Verdict) -> bool:
        """Keep a verdict; false when it is unknown, or alone passes the bounds."""
        self._drop_ended()
        size_bytes = size_of(verdict)
        if not verdict.verified or not self.enabled or size_bytes > self._max_bytes:
            return False
        goal = verdict.goal
        self._forget(goal.digest)
        while len(self._entries) >= self._max_entries:
            self._drop(next(iter(self._entries)), "entries")
        while self._bytes + size_bytes > self._max_bytes:
            self._drop(next(iter(self._entries)), "bytes")
        self._entries[goal.digest] = _Entry(verdict, self._clock() + self._ttl_s, size_bytes)
        self._ages[goal.digest] = None
        self._equivalents.setdefault(goal.canonical.digest, OrderedDict())[goal.digest] = None
        self._bytes += size_bytes
        return True

    def stats(self) -> CacheStats:
        """The entries that have not expired."""
        self._drop_ended()
        return CacheStats(len(self._entries), self._bytes)

    def _drop_ended(self) -> None:
        now = self._clock()
        while self._ages and self._entries[digest := next(iter(self._ages))].ends <= now:
            self._drop(digest, "expired")

    def _drop(self, digest: bytes, cause: Eviction) -> None:
        self._forget(digest)
        self._observer.cache_evicted(cause)

    def _forget(self, digest: bytes) -> None:
        entry = self._entries.pop(digest, None)
        if entry is None:
            return
        del self._ages[digest]
        self._bytes -= entry.size_bytes
        canonical = entry.verdict.goal.canonical.digest
        equivalents = self._equivalents[canonical]
        del equivalents[digest]
        if not equivalents:
            del self._equivalents[canonical]


def size_of(verdict: Verdict) -> int:
    """An estimate of the bytes that a verdict takes in memory, rather too high than too low."""
    size = _ENTRY_BYTES + len(verdict.goal.wire) * _FORMULA_BYTES_PER_WIRE_BYTE + len(verdict.goal.text)
    certificate, model = verdict.certificate, verdict.countermodel
    if certificate is not None:
        size += len(certificate.evidence) + len(certificate.goal) + 4 * len(certificate.statement or "")
    if model is not None:
        size += _ATOM_BYTES * len(model.worlds) + _PAIR_BYTES * len(model.pairs or ())
        size += sum(_ATOM_BYTES + _TRUTH_BYTES * len(worlds) for worlds in (model.valuation or {}).values())
    return size

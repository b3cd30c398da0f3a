"""A mapping whose entries expire.

Keys are grouped by the whole second after their end and are dropped together; a heap would cost several times as much.

Invariant: no entry is found after its end, and ``drop_ended`` frees the room of entries that ended at least a second ago.
"""

from collections import defaultdict, deque
from math import ceil, inf
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ExpiringMap(Generic[Value]):
    """Keys with a value and an end; times are seconds of the caller's clock."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[float, Value]] = {}
        self._by_second: defaultdict[int, deque[str]] = defaultdict(deque)
        # The first of those seconds.
        self._next: float = inf

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str, *, now: float) -> tuple[float, Value] | None:
        """The key's end and value."""
        held = self._values.get(key)
        return held if held is not None and now < held[0] else None

    def ends(self) -> list[tuple[str, float]]:
        """All keys that are held, with their ends; some may have ended."""
        return [(key, end) for key, (end, _) in self._values.items()]

    def put(self, key: str, value: Value, *, ends: float) -> None:
        """Keep ``value`` under ``key`` until ``ends``, in place of what is there."""
        held = self._values.get(key)
        self._values[key] = (ends, value)
        if held is None or held[0] != ends:
            second = ceil(ends)
            self._by_second[second].append(key)
            self._next = min(self._next, second)

    def drop_ended(self, *, now: float) -> None:
        """Make the room of ended entries free."""
        while self._next <= now:
            self._drop_first()

    def drop_soonest(self) -> None:
        """Make room by dropping an entry of the second that ends first."""
        before = len(self._values)
        while self._by_second and len(self._values) == before:
            self._drop_first()

    def _drop_first(self) -> None:
        keys = self._by_second[second := int(self._next)]
        key = keys.popleft()
        held = self._values.get(key)
        # A key that was added again has a later end, and this one is out of date.
        if held is not None and held[0] <= second:
            del self._values[key]
        if not keys:
            del self._by_second[second]
            self._next = min(self._by_second, default=inf)

"""A mapping whose entries end at their time.

Invariant: no entry is found after its end, and whoever adds makes the room of ended entries free first.
"""

import heapq
from collections.abc import Iterator
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ExpiringMap(Generic[Value]):
    """Keys with a value and an end; times are seconds of the caller's clock."""

    def __init__(self) -> None:
        self._values: dict[str, tuple[float, Value]] = {}
        self._ends: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: str, *, now: float) -> tuple[float, Value] | None:
        """The key's end and value."""
        held = self._values.get(key)
        return held if held is not None and now < held[0] else None

    def put(self, key: str, value: Value, *, ends: float) -> None:
        """Keep ``value`` under ``key`` until ``ends``, in place of what is there."""
        held = self._values.get(key)
        if held is None or held[0] != ends:
            heapq.heappush(self._ends, (ends, key))
        self._values[key] = (ends, value)

    def drop_ended(self, *, now: float) -> None:
        """Make the room of ended entries free."""
        while self._ends and self._ends[0][0] <= now:
            self._drop_first()

    def drop_soonest(self) -> None:
        """Make room by dropping the entry that ends first."""
        before = len(self._values)
        while self._ends and len(self._values) == before:
            self._drop_first()

    def live(self, *, now: float) -> Iterator[tuple[str, float]]:
        """Each live key with its end."""
        return ((key, ends) for key, (ends, _) in self._values.items() if now < ends)

    def _drop_first(self) -> None:
        ends, key = heapq.heappop(self._ends)
        held = self._values.get(key)
        # A key that was added again has a later end, and this one is out of date.
        if held is not None and held[0] == ends:
            del self._values[key]

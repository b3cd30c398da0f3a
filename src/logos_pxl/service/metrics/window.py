"""A sliding window of time, made of slots.

Invariant: ``live`` gives the slots of the last ``span_s`` seconds, the youngest still open. The window moves by whole slots: it covers
between ``span_s`` less one slot and ``span_s``.
"""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Slot = TypeVar("Slot")


class SlidingWindow(Generic[Slot]):
    """``slots`` slots, made by ``make`` when something first falls into them. ``clock`` gives seconds and never goes back."""

    def __init__(self, make: Callable[[], Slot], *, span_s: float, slots: int, clock: Callable[[], float]) -> None:
        self._make = make
        self._slot_s = span_s / slots
        self._clock = clock
        self._slots: deque[tuple[int, Slot]] = deque(maxlen=slots)
        self._kept = slots
        self._open: Slot | None = None
        self._open_until = 0.0

    def current(self) -> Slot:
        """The slot of this moment."""
        now = self._clock()
        # Nearly always the slot is open that was open before.
        if self._open is None or now >= self._open_until:
            number = int(now / self._slot_s)
            if not self._slots or self._slots[-1][0] != number:
                self._slots.append((number, self._make()))
            self._open, self._open_until = self._slots[-1][1], (number + 1) * self._slot_s
        return self._open

    def live(self) -> Iterator[Slot]:
        """The slots in the window, oldest first."""
        oldest = int(self._clock() / self._slot_s) - self._kept + 1
        return (slot for number, slot in self._slots if number >= oldest)

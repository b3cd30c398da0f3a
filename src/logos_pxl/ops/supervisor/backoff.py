"""How long to wait before a service that died is started again.

Invariant: the delay doubles from ``first_s`` up to ``longest_s``, and never ends; it is the first again after the service did well.
"""


class Backoff:
    """Delays in seconds. ``in_a_row`` counts the deaths since the service last did well."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self.in_a_row = 0

    def next_s(self) -> float:
        """It has died: the delay before its next start."""
        # The power is bounded, for it would grow past any float within a day.
        delay_s = min(self._longest_s, self._first_s * 2.0 ** min(self.in_a_row, 60))
        self.in_a_row += 1
        return delay_s

    def did_well(self) -> None:
        """It was ready for long enough."""
        self.in_a_row = 0

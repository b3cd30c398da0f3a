"""Whether the service is draining before its end.

Invariant: draining begins once and never stops. From then on the service is not ready; after ``PXL_DRAIN_DELAY``, which gives a balancer
time to notice, it takes no new connections; requests in flight are completed.
"""

import time


class Draining:
    """The state of draining; belongs to one event loop."""

    def __init__(self) -> None:
        self._began: float | None = None

    @property
    def active(self) -> bool:
        """Whether the service was asked to end."""
        return self._began is not None

    @property
    def for_s(self) -> float:
        """Seconds since it was asked; 0 when it was not."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def begin(self) -> bool:
        """Begin; false when it had begun already."""
        if self._began is not None:
            return False
        self._began = time.monotonic()
        return True

"""Whether the service is being ended.

Invariant: it begins once and never stops. From then on the service is not ready, takes nothing new as soon as its balancer has had
``PXL_DRAIN_DELAY`` to notice, and lets what is in flight end.
"""

import time


class Draining:
    """The state of the end; belongs to one event loop."""

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

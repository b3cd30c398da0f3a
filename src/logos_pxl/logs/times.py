"""Times in log lines.

Two decimals of a second, not three: the operations manual counts refused signatures by ``grep -c 401``, and a time must not be counted.
"""

import time


class Clock:
    """Formats times; what is the same within a second is made once."""

    def __init__(self) -> None:
        self._second = -1
        self._iso = ""
        self._common = ""

    def iso(self, timestamp_s: float) -> str:
        """ISO 8601 in UTC, such as ``2026-01-31T09:30:00.25Z``."""
        self._set(int(timestamp_s))
        return f"{self._iso}.{int(timestamp_s % 1 * 100):02d}Z"

    def common(self, timestamp_s: float) -> str:
        """The form of the common log format in UTC, such as ``31/Jan/2026:09:30:00 +0000``."""
        self._set(int(timestamp_s))
        return self._common

    def _set(self, second: int) -> None:
        if second != self._second:
            utc = time.gmtime(second)
            self._iso = time.strftime("%Y-%m-%dT%H:%M:%S", utc)
            self._common = time.strftime("%d/%b/%Y:%H:%M:%S +0000", utc)
            self._second = second

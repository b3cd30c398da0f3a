"""Times in log lines.

Two decimals of a second, not three: the operations manual counts refused signatures by ``grep -c 401``, and a time must not be counted.
"""

import time
from functools import lru_cache


def iso(timestamp_s: float) -> str:
    """ISO 8601 in UTC, such as ``2026-01-31T09:30:00.25Z``."""
    return f"{_of_second(int(timestamp_s))}.{int(timestamp_s % 1 * 100):02d}Z"


@lru_cache(maxsize=8)
def _of_second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))

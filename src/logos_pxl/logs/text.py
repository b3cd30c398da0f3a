"""Parts of a log line: escaped text and times.

Invariant: escaped text has no line break, no control character and no bidirectional control, and can be encoded as UTF-8.
"""

import re
import time
from functools import lru_cache

# C0, DEL, C1, line and paragraph separators, bidirectional controls, surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def escaped(text: str) -> str:
    r"""``text`` with every unsafe character replaced by its Python escape, such as ``\x1b``."""
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(lambda found: ascii(found.group())[1:-1], text)


def quoted(text: str) -> str:
    """``text`` escaped and in double quotes; double quotes and backslashes in it are escaped too."""
    return '"' + escaped(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def iso(timestamp_s: float) -> str:
    """A time in seconds since 1970 as ISO 8601 in UTC, such as ``2026-01-31T09:30:00Z``."""
    return _of_second(int(timestamp_s))[0]


def common(timestamp_s: float) -> str:
    """The same in the common log format, such as ``31/Jan/2026:09:30:00 +0000``."""
    return _of_second(int(timestamp_s))[1]


@lru_cache(maxsize=8)
def _of_second(second: int) -> tuple[str, str]:
    utc = time.gmtime(second)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", utc), time.strftime("%d/%b/%Y:%H:%M:%S +0000", utc)

"""Text from outside as part of one log line.

Invariant: what is returned holds no line break, no control character, nothing that changes the direction of text, and is UTF-8.
"""

import re

# C0, DEL, C1, line and paragraph separators, bidirectional controls, surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def escaped(text: str) -> str:
    """``text`` with every unsafe character written as an escape of Python's."""
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub(_escape, text)


def quoted(text: str) -> str:
    """``text`` between double quotes; those within it are escaped."""
    return '"' + escaped(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _escape(found: re.Match[str]) -> str:
    # Python's own escapes: \n, \x1b, \u2028.
    return ascii(found.group())[1:-1]

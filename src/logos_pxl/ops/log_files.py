"""The end of a log file."""

from pathlib import Path

from logos_pxl.ops.errors import TargetFailed

# Longer than any number of lines that a report shows.
_TAIL_BYTES = 1 << 20


def last_lines(path: Path, count: int, *, since_byte: int = 0) -> list[str]:
    """The last lines, of the last mebibyte at most and from ``since_byte`` on; none when there is no such file. Raises TargetFailed."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, 2)
            begin = max(since_byte, size - _TAIL_BYTES)
            log.seek(begin)
            lines = log.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise TargetFailed(f"{path} cannot be read: {error.strerror}") from error
    # The first may be the end of a longer line.
    return lines[1 if begin > since_byte else 0 :][-count:] if count else []

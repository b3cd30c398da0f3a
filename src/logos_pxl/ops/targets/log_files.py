"""The end of a log file."""

from pathlib import Path

from logos_pxl.ops.errors import TargetFailed

# Longer than any number of lines that a report shows.
_TAIL_BYTES = 1 << 20


def last_lines(path: Path, count: int) -> list[str]:
    """The last lines, of the last mebibyte at most; none when there is no such file. Raises TargetFailed."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(0, size - _TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise TargetFailed(f"{path} cannot be read: {error.strerror}") from error
    # The first may be the end of a longer line.
    return lines[1 if size > _TAIL_BYTES else 0 :][-count:] if count else []

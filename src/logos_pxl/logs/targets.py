"""Where log lines go: a file that may be rotated at any time, or an open descriptor.

Rotation by renaming: the file is opened anew when its name leads elsewhere, or when that is asked for. Rotation by copying and truncating:
a line written after the copy was read and before the file is truncated would be lost. So nothing is written while somebody else reads the
file and for a moment afterwards, or until the file is seen truncated; the wait is bounded, for ``tail -f`` reads for ever.

Invariant: every write is one append (``O_APPEND``), so that it lands at the end of the file whoever truncated it.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from logos_pxl.logs.readers import Readers

QUIET_S = 0.5
"""How long nobody may have touched the file before it is written again."""

MAX_HOLD_S = 2.5
"""How long writing is held back at most."""


class Target(Protocol):
    """What a ``LineWriter`` writes to. All calls come from one thread."""

    def hold_s(self) -> float:
        """How many seconds to wait before asking again; 0 when ``append`` may be called."""

    def append(self, data: memoryview) -> int:
        """Write some of ``data``, at least a byte; how many bytes it was. Raises OSError."""

    def reopen(self) -> None:
        """Go to where the name leads now."""

    def close(self) -> None:
        """Write no more."""


class LogFile:
    """The file ``path``, made when missing."""

    _POLL_S = 0.01

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Open the file. Raises OSError."""
        self.path = path
        self._clock = clock
        self._reopen = False
        self._held_since: float | None = None
        self._quiet_from = 0.0
        self._open()

    def hold_s(self) -> float:
        """Not 0 while somebody reads the file, as long as the bounds allow."""
        now = self._clock()
        if self._readers.seen():
            self._quiet_from = now + QUIET_S
            if self._held_since is None:
                self._held_since = now
        if self._held_since is None:
            return 0.0
        if now >= self._quiet_from or now >= self._held_since + MAX_HOLD_S or self._truncated():
            self._held_since = None
            return 0.0
        return self._POLL_S

    def append(self, data: memoryview) -> int:
        """Append to the file that has the name now. Raises OSError."""
        if self._reopen or self._moved():
            self._open_again()
        written = os.write(self._descriptor, data)
        self._end = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        return written

    def reopen(self) -> None:
        """Open the file anew before the next line."""
        self._reopen = True

    def close(self) -> None:
        """Close the file."""
        self._readers.close()
        os.close(self._descriptor)

    def _open(self) -> None:
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._end = os.fstat(self._descriptor).st_size
        self._readers = Readers(self._descriptor)

    def _open_again(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        old, readers = self._descriptor, self._readers
        # When this fails the old file stays in use, and the next line tries again.
        self._open()
        self._reopen = False
        readers.close()
        os.close(old)

    def _moved(self) -> bool:
        try:
            named = self.path.stat()
        except FileNotFoundError:
            return True
        held = os.fstat(self._descriptor)
        return (named.st_dev, named.st_ino) != (held.st_dev, held.st_ino)

    def _truncated(self) -> bool:
        return os.fstat(self._descriptor).st_size < self._end


class Descriptor:
    """An open descriptor of somebody else's, such as standard error."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def hold_s(self) -> float:
        """Never."""
        return 0.0

    def append(self, data: memoryview) -> int:
        """Write; may block for as long as its reader likes. Raises OSError."""
        return os.write(self._descriptor, data)

    def reopen(self) -> None:
        """It has no name."""

    def close(self) -> None:
        """It is not ours."""

"""Whether another process reads a log file, by the kernel's inotify.

Invariant: where inotify is not available, or too many watches exist, no reader is ever seen, and nothing fails.
"""

import ctypes
import os

# Linux, <sys/inotify.h>; the flags of inotify_init1 are those of open(2).
_IN_ACCESS = 0x001
_IN_CLOSE_NOWRITE = 0x010
_IN_OPEN = 0x020
_EVENTS_BYTES = 4_096


class Readers:
    """Watches one open file, given by its descriptor, which must be open for writing only: its own writes are not seen."""

    def __init__(self, descriptor: int) -> None:
        self._inotify = _watch(descriptor)

    def seen(self) -> bool:
        """Whether a process opened the file, read it, or closed it after reading, since the last call."""
        if self._inotify is None:
            return False
        seen = False
        try:
            while os.read(self._inotify, _EVENTS_BYTES):
                seen = True
        except BlockingIOError:
            pass
        return seen

    def close(self) -> None:
        """Stop watching."""
        if self._inotify is not None:
            os.close(self._inotify)
            self._inotify = None


def _watch(descriptor: int) -> int | None:
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "inotify_init1"):
        return None
    inotify: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if inotify < 0:
        return None
    # By its descriptor: the name may belong to another file by now.
    name = os.fsencode(f"/proc/self/fd/{descriptor}")
    if libc.inotify_add_watch(inotify, name, _IN_ACCESS | _IN_OPEN | _IN_CLOSE_NOWRITE) < 0:
        os.close(inotify)
        return None
    return inotify

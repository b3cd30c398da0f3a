"""Work that is killed outright at a chosen moment."""

import os
import signal
import sys
from collections.abc import Callable, Container

# What changes files, in the words of Python's audit hooks.
CHANGES = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.chown", "os.utime", "os.truncate", "shutil.rmtree"}


def in_child(work: Callable[[], None], *, killed_at: int, changes: Container[str] = CHANGES) -> int:
    """Run ``work`` in a process of its own, which is killed (SIGKILL) before its n-th change of a file; its wait status."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    count = 0

    def kill(event: str, _: tuple[object, ...]) -> None:
        nonlocal count
        if event in changes:
            count += 1
            if count == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)

    status = 70
    try:
        sys.addaudithook(kill)
        work()
        status = 0
    finally:
        os._exit(status)

"""One operator's command at a time where two would disturb each other."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logos_pxl.ops.errors import OperationFailed


@contextmanager
def alone_in(folder: Path, what: str) -> Iterator[None]:
    """Within the block no other process is in such a block of the folder; ``what`` names the work. Raises OperationFailed, OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise OperationFailed(f"another {what} is at work in {folder}: wait for its end") from error
    finally:
        os.close(descriptor)

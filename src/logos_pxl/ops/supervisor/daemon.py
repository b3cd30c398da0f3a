"""The supervising process: ``python -m logos_pxl.ops.supervisor.daemon``, which ``pxl up`` starts.

It works in the folder where ``pxl up`` was called, for relative paths of the settings begin there, in a session of its own, and is nobody's
child. Exit status: 0 it has begun, 1 an error, 2 the configuration is wrong, 3 another process supervises already.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from logging.handlers import RotatingFileHandler

from logos_pxl.errors import PxlError
from logos_pxl.ops.supervisor.lock import take
from logos_pxl.ops.supervisor.places import Places
from logos_pxl.ops.supervisor.supervisor import ORDERS, Supervisor
from logos_pxl.settings import Settings

BEGUN, FAILED, WRONG_CONFIGURATION, ANOTHER = 0, 1, 2, 3

_LOG_BYTES = 1 << 20


def main() -> int:
    """Begin to supervise in a process of its own; returns when that has begun, or could not."""
    told, tells = os.pipe()
    if os.fork():
        os.close(tells)
        # Nothing comes from one that died without a word.
        return (os.read(told, 1) or bytes([FAILED]))[0]
    os.close(told)
    os.setsid()
    status = _supervise(lambda: os.write(tells, bytes([BEGUN])))
    # Too late for nobody: whoever heard that it has begun has gone.
    with contextlib.suppress(BrokenPipeError):
        os.write(tells, bytes([status]))
    return status


def _supervise(begun: Callable[[], object]) -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, ORDERS)
    try:
        places = Places.of(Settings.load())
        if not take(places.lock):
            return ANOTHER
        _log_to(places)
        asyncio.run(Supervisor(places, Settings.load).run(os.getpid(), begun))
    except (PxlError, OSError) as error:
        logging.getLogger(__name__).critical("the supervisor ends: %s", error)
        return WRONG_CONFIGURATION if isinstance(error, PxlError) else FAILED
    except Exception:
        logging.getLogger(__name__).critical("the supervisor ends by an error", exc_info=True)
        return FAILED
    return BEGUN


def _log_to(places: Places) -> None:
    handler = RotatingFileHandler(places.log, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


if __name__ == "__main__":
    sys.exit(main())

"""``serve_pxl.py`` with a wall clock that a test moves: the file TEST_CLOCK_FILE holds how many seconds it is away from the true time.

time-machine replaces ``time.time``, ``datetime.now`` and their like in the interpreter; what asks for a monotonic clock gets the true one.
"""

import os
import runpy
import threading
import time
from pathlib import Path

import time_machine

_FILE = Path(os.environ["TEST_CLOCK_FILE"])
_POLL_S = 0.02


def main() -> None:
    """Serve until SIGTERM."""
    # The true time is what the monotonic clock has gone on since the start.
    started, since = time.time(), time.monotonic()
    with time_machine.travel(started, tick=True) as traveller:

        def follow() -> None:
            away_s = 0.0
            while True:
                wanted_s = float(_FILE.read_text())
                if wanted_s != away_s:
                    away_s = wanted_s
                    traveller.move_to(started + time.monotonic() - since + away_s)
                time.sleep(_POLL_S)

        threading.Thread(target=follow, daemon=True).start()
        runpy.run_path(str(Path(__file__).parents[2] / "serve_pxl.py"), run_name="__main__")


if __name__ == "__main__":
    main()

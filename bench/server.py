"""A real server process for measuring: started on a free port with its data in a folder of its own, ended by SIGTERM."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from logos_pxl.errors import PxlError

_ROOT = Path(__file__).parents[1]
_START_S = 60.0
_END_S = 40.0
_NAMES = ("PXL_", "LOG_LEVEL", "MAX_REQUEST_SIZE", "CONNECTION_TIMEOUT")


class ServerNotStarted(PxlError):
    """The server did not become ready; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that is up: its port and the number of its process."""

    port: int
    pid: int


@contextlib.contextmanager
def serving(*, within: Path | None = None, **variables: str) -> Iterator[Served]:
    """Start ``serve_pxl.py`` with its default settings but for ``variables``. Raises ServerNotStarted.

    What the server leaves is removed at its end; ``within`` a folder it stays, for whoever owns that folder.
    """
    own_folder = (
        tempfile.TemporaryDirectory(prefix="pxl-bench-") if within is None else contextlib.nullcontext(tempfile.mkdtemp(dir=within))
    )
    with own_folder as folder:
        port = free_port()
        # The settings measured are the defaults, whatever this shell has set; the kernel's place is none of them.
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(_NAMES) or name in ("PXL_COQ_DIR", "PXL_COQTOP")
        }
        own = {"PXL_SERVER_PORT": str(port), "PXL_DATA_DIR": str(Path(folder, "var")), "PXL_LOG_DIR": str(Path(folder, "logs"))}
        log = Path(folder, "server.log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, str(_ROOT / "serve_pxl.py")],
                env={**inherited, **own, **variables},
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            _wait_until_ready(process, port, log)
            yield Served(port, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerNotStarted(f"the server ended with status {process.returncode}: {log.read_text()[-2000:]}")
        with contextlib.suppress(OSError), contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    raise ServerNotStarted(f"the server was not ready within {_START_S:g} s: {log.read_text()[-2000:]}")

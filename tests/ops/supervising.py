"""A folder in which ``pxl ops`` controls the service by a real supervisord."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import psutil
from e2e.running import ROOT, free_port

BIN = Path(sys.executable).parent
PXL = str(BIN / "pxl")
CONF = ROOT / "deploy" / "supervisord.conf"
ONE, OTHER = "pxl-prover", "pxl-prover-2"


class Place:
    """``variables`` is the environment of every command; the first replica listens on ``port``, the other one on ``second_port``.

    In a copy of deploy/supervisord.conf the paths of the project, the second port and ``conf`` are put in; nothing else differs.
    """

    def __init__(self, folder: Path, conf: dict[str, str], variables: dict[str, str]) -> None:
        self.folder = folder
        self.port, self.second_port = free_port(), free_port()
        self.variables = {
            "PXL_SERVER_PORT": str(self.port),
            "PXL_SUPERVISORD_CONF": "supervisord.conf",
            "PXL_POOL_SIZE": "1",
            "PXL_POOL_SPARES": "0",
            "PXL_SHUTDOWN_TIMEOUT": "5",
            "PXL_DRAIN_DELAY": "0",
            **variables,
        }
        text = CONF.read_text()
        second = f'PXL_SERVER_PORT="{self.second_port}"'
        for shipped, here in {"%(here)s/..": str(ROOT), 'PXL_SERVER_PORT="8089"': second, "startsecs=5": "startsecs=1", **conf}.items():
            assert shipped in text, f"deploy/supervisord.conf has no {shipped!r}: correct this table"
            text = text.replace(shipped, here)
        (folder / "supervisord.conf").write_text(text)

    def run(self, *arguments: str, expected: int | None = 0, timeout_s: float = 90) -> str:
        """What a command printed, on either stream. It must end with the ``expected`` status."""
        ran = subprocess.run(
            [PXL, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )
        assert expected is None or ran.returncode == expected, (
            f"pxl {' '.join(arguments)}: status {ran.returncode}: {ran.stdout}{ran.stderr}"
        )
        return ran.stdout + ran.stderr

    @property
    def environment(self) -> dict[str, str]:
        """Of every command."""
        return {**os.environ, **self.variables}

    def services(self) -> dict[str, int]:
        """The process of each program that runs."""
        said = self._supervisorctl("status")
        return {name: int(pid) for name, pid in re.findall(r"^(\S+) +RUNNING +pid (\d+)", said, re.MULTILINE)}

    def supervisord(self) -> int | None:
        """Its process."""
        said = self._supervisorctl("pid").strip()
        return int(said) if said.isdecimal() else None

    def verdict(self, goal: str = "BOX(A -> A)") -> str:
        """Of the first replica, over a connection of its own."""
        answer = httpx2.post(f"http://127.0.0.1:{self.port}/prove", json={"goal": goal}, timeout=30)
        return str(answer.json()["verdict"])

    def ready(self) -> bool:
        """Whether the first replica is ready."""
        with contextlib.suppress(httpx2.TransportError):
            return httpx2.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=5).status_code == 200
        return False

    def wait(self, holds: Callable[[], bool], *, within_s: float = 60) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < deadline, f"still not so after {within_s:g} s: {self.log()}"
            time.sleep(0.05)

    def wait_for_another(self, than: int) -> int:
        """Wait until another process than that one is the first replica, and ready."""
        self.wait(lambda: self.services().get(ONE, than) != than and self.ready())
        return self.services()[ONE]

    def log(self) -> str:
        """What supervisord did."""
        path = self.folder / "var" / "supervisor" / "supervisord.log"
        return path.read_text() if path.exists() else ""

    def left(self) -> list[int]:
        """Processes of the service or of supervisord that were started in this folder."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if Path(process.cwd()) == self.folder.resolve() and {"serve_pxl.py", "supervisord"} & {
                    Path(word).name for word in process.cmdline()
                }:
                    found.append(process.pid)
        return found

    def _supervisorctl(self, *arguments: str) -> str:
        command = [str(BIN / "supervisorctl"), "-c", "supervisord.conf", *arguments]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=30, check=False).stdout


@contextlib.contextmanager
def supervised(folder: Path, *, conf: dict[str, str] | None = None, **variables: str) -> Iterator[Place]:
    """A place where nothing runs yet; ``pxl ops stop`` at its end must leave nothing behind."""
    folder.mkdir(exist_ok=True)
    place = Place(folder, conf or {}, variables)
    try:
        yield place
        place.run("ops", "stop")
        assert place.left() == []
    finally:
        for pid in place.left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

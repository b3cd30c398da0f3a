"""A folder in which ``pxl up`` and its like are called, and what runs there."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
from e2e.running import free_port

from logos_pxl.ops.supervisor.lock import holder
from logos_pxl.ops.supervisor.overview import overview
from logos_pxl.ops.supervisor.places import Places
from logos_pxl.ops.supervisor.processes import marked

PXL = str(Path(sys.executable).with_name("pxl"))


class Place:
    """``variables`` is the environment of every command; ``port`` where the service is to listen."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.variables = {
            "PXL_SERVER_PORT": str(self.port),
            "PXL_POOL_SIZE": "1",
            "PXL_POOL_SPARES": "0",
            "PXL_SHUTDOWN_TIMEOUT": "5",
            "PXL_DRAIN_DELAY": "0",
            "PXL_RESTART_DELAY_S": "0.05",
            **variables,
        }
        self.places = Places((folder / "var" / "supervisor").resolve())

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """A command that goes on."""
        return subprocess.Popen(
            [PXL, *arguments],
            cwd=self.folder,
            env={**os.environ, **self.variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, expected: int | None = 0, timeout_s: float = 90) -> str:
        """What a command printed, on either stream. It must end with the ``expected`` status."""
        with ended(self.start(*arguments)) as process:
            out, _ = process.communicate(timeout=timeout_s)
        assert expected is None or process.returncode == expected, f"pxl {' '.join(arguments)}: status {process.returncode}: {out}"
        return out

    def status(self) -> dict[str, Any]:
        """As ``pxl status --json`` has it, without a process for each look."""
        return overview(self.places).as_json()

    def services(self) -> list[int]:
        """The services that run here, whoever started them."""
        return list(marked(self.places.folder))

    def supervisor(self) -> int | None:
        """Its process."""
        return holder(self.places.lock)

    def verdict(self, goal: str = "BOX(A -> A)") -> str:
        """Of the service, asked over a connection of its own."""
        answer = httpx2.post(f"http://127.0.0.1:{self.port}/prove", json={"goal": goal}, timeout=30)
        return str(answer.json()["verdict"])

    def wait(self, holds: Callable[[], bool], *, within_s: float = 60) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < deadline, f"still not so after {within_s:g} s: {self.status()}, {self.log()}"
            time.sleep(0.05)

    def wait_for_another(self, than: int) -> int:
        """Wait until another service than that one is ready."""

        def there() -> bool:
            found = self.status()
            return found["phase"] == "ready" and found["service"]["pid"] != than

        self.wait(there)
        return int(self.status()["service"]["pid"])

    def log(self) -> str:
        """What the supervisor did."""
        return self.places.log.read_text() if self.places.log.exists() else ""


@contextlib.contextmanager
def ended(process: "subprocess.Popen[Any]") -> "Iterator[subprocess.Popen[Any]]":
    """The process, which ends with the block whatever happens in it: a test that fails must not wait for ever."""
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def supervised(folder: Path, **variables: str) -> Iterator[Place]:
    """A place where nothing runs yet, and nothing is left afterwards; that ``pxl down`` did not leave it to us is a promise."""
    folder.mkdir(exist_ok=True)
    place = Place(folder, **variables)
    try:
        yield place
        place.run("down")
        assert (place.supervisor(), place.services()) == (None, [])
    finally:
        for pid in [place.supervisor(), *place.services()]:
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

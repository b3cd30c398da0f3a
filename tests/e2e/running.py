"""A real server process, and what tests ask of it."""

import contextlib
import functools
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2

ROOT = Path(__file__).parents[2]


@dataclass
class Server:
    """A server that is up. ``client`` is bound to its address."""

    process: subprocess.Popen[bytes]
    port: int
    client: httpx2.Client
    log: Path
    data: Path
    logs: Path

    def prove(self, goal: str, **members: object) -> httpx2.Response:
        """Ask for a verdict."""
        return self.client.post("/prove", json={"goal": goal, **members})

    def healthy(self) -> bool:
        """Whether it says so, and decides a goal both ways."""
        health = self.client.get("/health").json()
        both = [self.prove("BOX(A -> A)").json()["verdict"], self.prove("A -> BOX(A)").json()["verdict"]]
        return health["status"] == "ok" and health["soundness_alarms"] == 0 and both == ["valid", "invalid"]

    def metric(self, name: str) -> float:
        """A metric's value."""
        return float(self.client.get("/metrics").json()[name])

    def resident_bytes(self) -> int:
        """Memory of the server process, without its sessions."""
        fields = Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGESIZE")


_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_PORTS = range(11_000 + 1_000 * (_WORKER % 20), 12_000 + 1_000 * (_WORKER % 20))
# Begin somewhere, for the sake of other test runs on this machine.
_ports = itertools.cycle(random.Random(os.getpid()).sample(_PORTS, len(_PORTS)))


def free_port() -> int:
    """A port on which nothing listens now.

    Each test worker has a range of its own, below the range from which the system takes ports of clients: nobody else takes a port that
    was returned here before the test uses it.
    """
    for port in _ports:
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            return port
    raise AssertionError("the range of ports is endless")


def wait_for(holds: Callable[[], bool], *, within_s: float = 10.0) -> None:
    """Wait until a condition holds; fails when it does not hold within ``within_s`` seconds."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"still not so after {within_s:g} s"
        time.sleep(0.02)


@contextlib.contextmanager
def running_server(folder: Path, *, script: Path = ROOT / "serve_pxl.py", **environment: str) -> Iterator[Server]:
    """Start ``script`` with its data and its log in ``folder``, wait until it is ready, and end it afterwards."""
    port = int(environment.get("PXL_SERVER_PORT") or free_port())
    defaults = {
        "PXL_POOL_SIZE": "2",
        "PXL_SERVER_PORT": str(port),
        "PXL_DATA_DIR": str(folder / "var"),
        "PXL_SHUTDOWN_TIMEOUT": "5",
        "PXL_DRAIN_DELAY": "0",
        "PXL_LOG_DIR": str(folder / "logs"),
        # Whatever lies about in this folder.
        "PXL_ENV_FILE": os.devnull,
    }
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(script)],
            env={**os.environ, **defaults, **environment},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            _wait_until_ready(client, process, log)
            yield Server(process, port, client, log, folder / "var", Path({**defaults, **environment}["PXL_LOG_DIR"]))
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def _wait_until_ready(client: httpx2.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the server ended with status {process.returncode}: {log.read_text()}")
        with contextlib.suppress(httpx2.TransportError):
            if client.get("/health").json()["ready"]:
                return
        time.sleep(0.05)
    raise AssertionError(f"the server was not ready within 30 s: {log.read_text()}")


def parity(vertices: int, seed: int = 0) -> str:
    """That no numbering of a graph's edges by 0 and 1 gives one vertex an odd sum and all others an even one: true, and hard.

    ``seed`` chooses the graph. On random regular graphs every proof by resolution is exponential in the number of vertices (Tseitin 1968,
    Urquhart 1987).
    """
    chance = random.Random(seed)
    edges: list[tuple[int, int]] = []
    while not edges or any(one == other for one, other in edges):
        ends = [vertex for vertex in range(vertices) for _ in range(4)]
        chance.shuffle(ends)
        edges = list(zip(ends[::2], ends[1::2], strict=True))
    sums = []
    for vertex in range(vertices):
        first, *rest = (f"x{number}" for number, edge in enumerate(edges) if vertex in edge)
        sums.append(functools.reduce(lambda left, right: f"({left} <-> {right})", rest, first))
    return "~(" + " /\\ ".join(["~" + sums[0], *sums[1:]]) + ")"


HARD = parity(60)
"""No search decides this within any test's patience."""

"""Replicas are restarted one after the other, or die, while fifty clients ask. `pytest -s` prints the figures."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
from deployment.balancer import Balancer, running_nginx
from deployment.crowd import Crowd
from deployment.replicas import NAMES, replica_settings
from e2e.asking import problem_type
from e2e.running import HARD, ROOT, Server, free_port, running_server
from redis_server import running_redis

SCRIPT = ROOT / "deploy" / "rolling-restart.sh"


class Replica:
    """A replica that can be stopped and started again on its port, as a supervisor does when it is asked to."""

    def __init__(self, folder: Path, redis_url: str, name: str, *, drain_s: int) -> None:
        self.port = free_port()
        self.starts = 0
        self._folder = folder
        self._settings = {
            **replica_settings(folder.parent, redis_url, name),
            "PXL_SERVER_PORT": str(self.port),
            "PXL_DRAIN_DELAY": str(drain_s),
            "PXL_SHUTDOWN_TIMEOUT": "20",
        }
        self._stack = ExitStack()
        self.start()

    def start(self) -> None:
        """Start, and wait until it is ready."""
        self.starts += 1
        (self._folder / str(self.starts)).mkdir(parents=True)
        self.server: Server = self._stack.enter_context(running_server(self._folder / str(self.starts), **self._settings))

    def stop(self) -> None:
        """SIGTERM, and wait for the end."""
        self._stack.close()

    def restart(self) -> None:
        """Both."""
        self.stop()
        assert self.server.process.returncode == 0
        self.start()


@contextmanager
def two_replicas(folder: Path, *, drain_s: int) -> Iterator[tuple[Balancer, dict[str, Replica]]]:
    with ExitStack() as stack:
        redis = stack.enter_context(running_redis(folder))
        replicas: dict[str, Replica] = {}
        for name in NAMES:
            replicas[name] = Replica(folder / name, redis.url, name, drain_s=drain_s)
            stack.callback(replicas[name].stop)
        balancer = stack.enter_context(running_nginx(folder / "nginx", [replica.port for replica in replicas.values()]))
        yield balancer, replicas


@contextmanager
def supervisor(folder: Path, replicas: dict[str, Replica]) -> Iterator[str]:
    """Restarts the replica whose name is put into ``folder``, and removes the name; gives the command that asks for it."""
    ended = threading.Event()

    def serve() -> None:
        while not ended.wait(0.02):
            for request in folder.iterdir():
                replicas[request.name].restart()
                request.unlink()

    folder.mkdir()
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"touch {folder}/%s; while [ -e {folder}/%s ]; do sleep 0.05; done"
    finally:
        ended.set()
        thread.join(60)


def test_a_rolling_restart_loses_no_request(tmp_path: Path) -> None:
    """Both replicas are restarted by deploy/rolling-restart.sh under the load of fifty clients; every answer is there and right."""
    with (
        two_replicas(tmp_path, drain_s=3) as (balancer, replicas),
        supervisor(tmp_path / "asked", replicas) as command,
        Crowd(balancer) as crowd,
    ):
        time.sleep(2)
        began = time.monotonic()
        arguments = [f"{name}={replica.port}" for name, replica in replicas.items()]
        done = subprocess.run([str(SCRIPT), command, *arguments], capture_output=True, text=True, timeout=120, check=False)
        restarts_s = time.monotonic() - began
        time.sleep(1)
    during = [asked for asked in crowd.asked if began <= asked.began <= began + restarts_s]
    print(  # noqa: T201 - figures for who runs with -s
        f"\nrolling restart of 2 replicas, {restarts_s:.1f} s, 50 clients: {len(during)} requests meanwhile, {len(crowd.asked)} in all, "
        f"{len(crowd.lost)} lost; p50 {crowd.took_ms(50):.1f} ms, p95 {crowd.took_ms(95):.1f} ms, longest {crowd.took_ms(100):.0f} ms"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"{name}: {word}" for name in NAMES for word in ("restarting", "ready")]
    assert [replica.starts for replica in replicas.values()] == [2, 2]
    assert crowd.lost == []
    assert len(during) > 500
    # Each of the four processes had its share.
    for name in NAMES:
        logs = [(tmp_path / name / str(start) / "logs" / "access.log").read_text().count("POST /prove") for start in (1, 2)]
        assert min(logs) > 50, (name, logs)


def test_nothing_is_restarted_while_the_other_replica_is_down(tmp_path: Path) -> None:
    """The script says which is not ready, and leaves the one that serves alone."""
    asked = tmp_path / "asked"
    with running_server(tmp_path, PXL_POOL_SIZE="1") as up:
        command = [str(SCRIPT), f"touch {asked}", f"up={up.port}", f"down={free_port()}"]
        refused = subprocess.run([*command], capture_output=True, text=True, timeout=60, check=False)
        assert (refused.returncode, "COMMAND holds %s" in refused.stderr) == (2, True)
        command[1] += ".%s"
        refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode, refused.stderr) == (1, "down is not ready: up is not restarted\n")
    assert not list(tmp_path.glob("asked*"))


def test_a_replica_that_dies_takes_only_what_it_was_working_on(tmp_path: Path) -> None:
    """Clients do not notice a killed replica; who waited for its answer is told so, and nobody asked the other one in their name."""
    answers: list[httpx2.Response] = []
    with two_replicas(tmp_path, drain_s=0) as (balancer, replicas):
        one, other = replicas.values()

        def ask() -> None:
            with balancer.client(source="127.0.3.1") as client:
                answers.append(client.post("/prove", json={"goal": HARD, "timeout_ms": 60_000}))

        waiting = threading.Thread(target=ask)
        waiting.start()
        busy = _busy(one, other)
        idle = other if busy is one else one
        with Crowd(balancer, clients=10) as crowd:
            time.sleep(1)
            in_flight = len(crowd.lost)
            busy.server.process.kill()
            waiting.join(30)
            time.sleep(2)
        searches = idle.server.client.get("/metrics").json()["logos_pxl_searches_running"]
    (answer,) = answers
    assert (answer.status_code, problem_type(answer.content), answer.headers["retry-after"]) == (502, "no-replica", "2")
    assert answer.json()["verdict"] == "unknown"
    assert (in_flight, searches) == (0, 0)
    # What was in flight at the one moment; each of ten clients has one request at most.
    assert len(crowd.lost) <= 10
    assert all(" 502 " in lost or "batch: 200" in lost or "Incomplete" in lost for lost in crowd.lost), crowd.lost
    assert len(crowd.asked) > 100


def _busy(*replicas: Replica) -> Replica:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for replica in replicas:
            if replica.server.client.get("/metrics").json()["logos_pxl_searches_running"]:
                return replica
        time.sleep(0.05)
    raise AssertionError("no replica is searching")

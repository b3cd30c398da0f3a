"""Replicas are restarted one after the other, or die, while fifty clients ask. `pytest -s` prints the figures."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
from deployment.balancer import Balancer, running_nginx
from deployment.crowd import Crowd
from e2e.asking import problem_type
from e2e.running import HARD
from ops.supervising import ONE, OTHER, Place, supervised
from redis_server import running_redis


@contextmanager
def two_replicas(folder: Path, *, drain_s: int) -> Iterator[tuple[Balancer, Place]]:
    """Two replicas under supervisord that share a Redis, behind nginx."""
    with ExitStack() as stack:
        (folder / "redis").mkdir()
        settings = {
            "PXL_REDIS_URL": stack.enter_context(running_redis(folder / "redis")).url,
            "PXL_TRUSTED_PROXIES": "127.0.0.1",
            "PXL_CONNECTION_LIMIT": "1024",
            "PXL_DRAIN_DELAY": str(drain_s),
            "PXL_SHUTDOWN_TIMEOUT": "20",
        }
        place = stack.enter_context(supervised(folder / "service", **settings))
        place.variables["PXL_OPS_SERVICE"] = f"{ONE}={place.port},{OTHER}={place.second_port}"
        place.run("ops", "start")
        yield stack.enter_context(running_nginx(folder / "nginx", [place.port, place.second_port])), place


def served(place: Place) -> list[int]:
    """How many requests each of the replicas has logged."""
    logs = place.folder / "logs"
    return [(folder / "access.log").read_text().count("POST /prove") for folder in (logs, logs / "8089")]


def test_a_rolling_restart_loses_no_request(tmp_path: Path) -> None:
    """Both replicas are restarted by ``pxl ops restart`` under the load of fifty clients; every answer is there and right."""
    with two_replicas(tmp_path, drain_s=3) as (balancer, place):
        before = place.services()
        with Crowd(balancer) as crowd:
            time.sleep(2)
            served_before = served(place)
            began = time.monotonic()
            place.run("ops", "restart")
            restarts_s = time.monotonic() - began
            time.sleep(1)
        after = place.services()
        served_after = served(place)
    during = [asked for asked in crowd.asked if began <= asked.began <= began + restarts_s]
    print(  # noqa: T201 - figures for who runs with -s
        f"\nrolling restart of 2 replicas, {restarts_s:.1f} s, 50 clients: {len(during)} requests meanwhile, {len(crowd.asked)} in all, "
        f"{len(crowd.lost)} lost; p50 {crowd.took_ms(50):.1f} ms, p95 {crowd.took_ms(95):.1f} ms, longest {crowd.took_ms(100):.0f} ms"
    )
    assert set(before) == set(after) == {ONE, OTHER}
    assert not set(before.values()) & set(after.values())
    assert crowd.lost == []
    assert len(during) > 500
    # Each replica had its share, before and after.
    assert min(served_before) > 20, served_before
    assert min(now - then for now, then in zip(served_after, served_before, strict=True)) > 50, (served_before, served_after)


def test_a_replica_that_dies_takes_only_what_it_was_working_on(tmp_path: Path) -> None:
    """Clients do not notice a killed replica; who waited for its answer is told so, and nobody asked the other one in their name."""
    answers: list[httpx2.Response] = []
    with two_replicas(tmp_path, drain_s=0) as (balancer, place):

        def ask() -> None:
            with balancer.client(source="127.0.3.1") as client:
                answers.append(client.post("/prove", json={"goal": HARD, "timeout_ms": 60_000}))

        waiting = threading.Thread(target=ask)
        waiting.start()
        busy = _busy(place)
        idle_port = place.second_port if busy == ONE else place.port
        with Crowd(balancer, clients=10) as crowd:
            time.sleep(1)
            in_flight = len(crowd.lost)
            os.kill(place.services()[busy], signal.SIGKILL)
            waiting.join(30)
            time.sleep(2)
        searches = _searches(idle_port)
    (answer,) = answers
    assert (answer.status_code, problem_type(answer.content), answer.headers["retry-after"]) == (502, "no-replica", "2")
    assert answer.json()["verdict"] == "unknown"
    assert (in_flight, searches) == (0, 0)
    # What was in flight at the one moment; each of ten clients has one request at most.
    assert len(crowd.lost) <= 10
    assert all(" 502 " in lost or "batch: 200" in lost or "Incomplete" in lost for lost in crowd.lost), crowd.lost
    assert len(crowd.asked) > 100


def _busy(place: Place) -> str:
    """The replica that is searching."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for name, port in ((ONE, place.port), (OTHER, place.second_port)):
            if _searches(port):
                return name
        time.sleep(0.05)
    raise AssertionError("no replica is searching")


def _searches(port: int) -> int:
    return int(httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=10).json()["logos_pxl_searches_running"])

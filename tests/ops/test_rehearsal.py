"""The rehearsal: everything that an operator does in a bad night, on real processes, while clients go on asking."""

import collections
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx2
import pytest
from e2e.running import ROOT
from ops.supervising import ONE, Place, supervised
from redis_server import RedisServer, running_redis

from logos_pxl.ops.report import Status
from logos_pxl.ops.thresholds import KPIS

# With a part that is another for each number: what is equivalent to a goal asked before would not get past the service's own cache.
GOALS = (
    ("BOX(a /\\ {0} -> a)", "valid"),
    ("a /\\ {0} -> BOX(a)", "invalid"),
    ("BOX(a) -> a \\/ {0}", "valid"),
    ("a \\/ {0} -> BOX(a)", "invalid"),
)


def part(number: int) -> str:
    """A formula that the number writes: true where b is true everywhere."""
    text = "b"
    for bit in f"{number:b}":
        text = f"{'BOX' if bit == '1' else 'DIA'}({text})"
    return text


ENVIRONMENT = "PXL_CACHE_MAX_ENTRIES=500\nPXL_POOL_SIZE=1\n"
MACHINE = ("memory of the machine", "disk of the data", "disk of the logs")
ERRORS = "errors in the last 50 lines"


class Asking:
    """A client that never stops, and compares every verdict with the right one; ``verdicts`` counts them, ``lost`` what got none."""

    def __init__(self, port: int) -> None:
        self.verdicts: collections.Counter[bool] = collections.Counter()
        self.lost = 0
        self._port = port
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(60)

    def summary(self) -> str:
        """What it saw."""
        return f"{self.verdicts[True]} right verdicts, {self.verdicts[False]} wrong, {self.lost} requests without one"

    def _ask(self) -> None:
        number = 0
        with httpx2.Client(base_url=f"http://127.0.0.1:{self._port}", timeout=30) as client:
            while not self._ending.wait(0.02):
                number += 1
                pattern, right = GOALS[number % len(GOALS)]
                try:
                    document = client.post("/prove", json={"goal": pattern.format(part(number // 60))}).json()
                except httpx2.TransportError:
                    self.lost += 1
                    continue
                if document.get("verdict") in ("valid", "invalid"):
                    self.verdicts[document["verdict"] == right] += 1
                else:
                    self.lost += 1


@contextlib.contextmanager
def filled_pool(port: int) -> Iterator[None]:
    """Six clients whose goals keep the kernel busy for a quarter of a second each."""
    ending = threading.Event()

    def ask() -> None:
        while not ending.is_set():
            mark = secrets.token_hex(4)
            goal = " /\\ ".join(f"(p{mark}_{number} -> p{mark}_{number} \\/ q)" for number in range(300))
            with contextlib.suppress(httpx2.HTTPError):
                httpx2.post(f"http://127.0.0.1:{port}/prove", json={"goal": goal}, timeout=60)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join(60)


class Rehearsal:
    """Carries out steps, and prints how long each took."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._times: list[tuple[str, float]] = []

    def step(self, name: str, *arguments: str, expected: int | None = 0) -> str:
        """A command of the operator's."""
        return self.done(name, lambda: self.place.run(*arguments, expected=expected))

    def done(self, name: str, work: Callable[[], Any]) -> Any:
        """Anything else that takes time."""
        started = time.monotonic()
        result = work()
        self._times.append((name, time.monotonic() - started))
        return result

    def diagnosed(self, name: str, expected: str) -> None:
        """The diagnosis must name it, and say what to do."""
        document = json.loads(self.step(f"diagnose: {name}", "ops", "diagnose", "--json", expected=None))
        assert document["sections"][0]["title"].startswith("What is wrong")
        [check] = [check for check in document["sections"][0]["checks"] if check["name"] == expected]
        assert check["advice"], document
        assert document["exit_status"] > 0

    def report(self) -> str:
        """All steps with their times."""
        return "\n".join(f"{seconds:7.1f} s  {name}" for name, seconds in self._times)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    with running_redis(tmp_path / "redis") as server:
        yield server


def test_a_bad_night(folder: Path, redis: RedisServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Start, load, back up; break it in four ways, have each named, recover from each; verify. No verdict is wrong at any time."""
    settings = {
        "PXL_DRAIN_DELAY": "0.2",
        # The bad night is soon forgotten by the indicators.
        "PXL_KPI_WINDOW_S": "10",
        "PXL_REDIS_URL": redis.url,
        "PXL_BACKUP_DIR": "backups",
        # performance.json is expected in a backup.
        "PXL_PERFORMANCE_INTERVAL_S": "0.5",
    }
    project = folder / "project"
    # A killed service stays down until the operator acts.
    with supervised(project, conf={"autorestart=true": "autorestart=false"}, **settings) as place, Asking(place.port) as asking:
        (project / ".env").write_text(ENVIRONMENT)
        (project / "configs").mkdir()
        (project / "configs" / "pxl.toml").write_text("PXL_CACHE_TTL = 300\n")
        del place.variables["PXL_POOL_SIZE"]
        rehearsal = Rehearsal(place)
        rehearsal.step("start", "ops", "start")
        rehearsal.done("load", lambda: place.wait(lambda: asking.verdicts[True] > 40))
        rehearsal.step("back up", "ops", "backup")
        incident = the_service_is_killed(rehearsal)
        the_configuration_is_corrupted(rehearsal)
        the_pool_is_filled(rehearsal)
        redis_is_killed(rehearsal, redis)
        all_is_well(rehearsal)
        rehearsal.step("end", "ops", "stop")
    report = incident.read_text()
    assert "**Severity**: Critical" in report
    with capsys.disabled():
        print(f"\n{rehearsal.report()}\n{asking.summary()}")  # noqa: T201 - the times of the steps are what a rehearsal is for
    assert asking.verdicts[False] == 0
    assert asking.verdicts[True] > 100


def the_service_is_killed(rehearsal: Rehearsal) -> Path:
    """The report of the incident that is opened meanwhile."""
    place = rehearsal.place
    os.kill(place.services()[ONE], signal.SIGKILL)
    place.wait(lambda: not place.services())
    rehearsal.diagnosed("the service was killed", "service down")
    opened = json.loads(rehearsal.step("open an incident", "ops", "incident", "nobody gets answers", "--json"))
    rehearsal.step("recover: restart", "ops", "restart")
    return place.folder / opened["sections"][0]["data"]["path"]


def the_configuration_is_corrupted(rehearsal: Rehearsal) -> None:
    """A damaged backup is refused before anything is stopped; the good one brings the configuration back."""
    place = rehearsal.place
    environment = place.folder / ".env"
    environment.write_text("PXL_CACHE_MAX_ENTRIES=lots\nthis is no line\n")
    rehearsal.diagnosed("the configuration is corrupt", "configuration wrong")
    services = place.services()
    damage(next((place.folder / "backups").glob("*.tar.gz")), place.folder / "damaged.tar.gz")
    refused = rehearsal.step("recover: a damaged archive is refused", "ops", "recover", "damaged.tar.gz", expected=2)
    assert "not recovered: damaged.tar.gz" in refused
    assert place.services() == services
    rehearsal.step("recover: from the backup", "ops", "recover", "backups")
    assert environment.read_text() == ENVIRONMENT
    assert place.services() != services


def the_pool_is_filled(rehearsal: Rehearsal) -> None:
    """And made larger, while the load goes on."""
    place = rehearsal.place
    with filled_pool(place.port):
        place.wait(lambda: utilization(place) == 100)
        rehearsal.diagnosed("the pool is full", "session pool utilization")
        said = rehearsal.step("recover: a larger pool", "ops", "recover-performance", "--pool-size", "2", "--requests", "12", expected=None)
    assert "1 -> 2" in said
    assert "P95: " in said
    assert health(place)["session_pool"]["max_pool_size"] == 2


def redis_is_killed(rehearsal: Rehearsal, redis: RedisServer) -> None:
    """The service goes on alone, and comes back to Redis by itself."""
    place = rehearsal.place
    redis.kill()
    place.wait(lambda: health(place)["shared_state"] == "redis-lost")
    rehearsal.diagnosed("Redis was killed", "shared state")

    def start() -> None:
        redis.start()
        place.wait(lambda: health(place)["status"] == "ok")

    rehearsal.done("recover: start Redis", start)


def all_is_well(rehearsal: Rehearsal) -> None:
    """By the acceptance run, the indicators and the diagnosis."""
    place = rehearsal.place
    verify = [sys.executable, str(ROOT / "integration_test_suite.py"), "--url", f"http://127.0.0.1:{place.port}"]
    ran = rehearsal.done("verify", lambda: subprocess.run(verify, capture_output=True, text=True, check=False, timeout=120))
    assert ran.returncode == 0, ran.stdout
    rehearsal.done("indicators recover", lambda: place.wait(lambda: indicators_are_well(place)))
    after = json.loads(rehearsal.step("diagnose: nothing is wrong", "ops", "diagnose", "--json", expected=None))
    # What others do to this machine, and the errors that were logged in the night, are no fault of now.
    assert {check["name"] for check in after["sections"][0]["checks"] if check["status"] != "fine"} <= {*MACHINE, ERRORS}, after


def health(place: Place) -> dict[str, Any]:
    return dict(httpx2.get(f"http://127.0.0.1:{place.port}/health", timeout=30).json())


def damage(archive: Path, copy: Path) -> None:
    """The same archive with one bit changed."""
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 1
    copy.write_bytes(data)


def indicators_are_well(place: Place) -> bool:
    metrics = httpx2.get(f"http://127.0.0.1:{place.port}/metrics", timeout=30).json()
    return all(kpi.judged(metrics) is Status.FINE for kpi in KPIS)


def utilization(place: Place) -> float:
    return float(health(place)["session_pool"]["utilization_rate"]) * 100


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / "scripts").glob("*.sh")))
def test_the_manuals_scripts_run_from_anywhere(folder: Path, script: str) -> None:
    """Each is the command of its name."""
    ran = subprocess.run([str(ROOT / "scripts" / script), "--help"], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert "Usage: pxl ops" in ran.stdout

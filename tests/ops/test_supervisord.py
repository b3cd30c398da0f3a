"""``pxl ops`` controls real services by a real supervisord, with the configuration that is shipped."""

import configparser
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import time
from datetime import datetime
from pathlib import Path

import httpx2
import pytest
from e2e.loading import Load
from e2e.running import Server
from ops.supervising import CONF, ONE, OTHER, PXL, supervised

from logos_pxl.settings import Settings


def test_start_and_stop(folder: Path) -> None:
    """Start returns when the service decides goals; stop leaves nothing; both may be repeated."""
    with supervised(folder / "nested", PXL_LOG_DIR="elsewhere") as place:
        place.run("ops", "stop")
        assert f"ready at http://127.0.0.1:{place.port}" in place.run("ops", "start")
        assert (place.verdict(), place.verdict("A -> BOX(A)")) == ("valid", "invalid")
        document = json.loads(place.run("ops", "status", "--json"))
        target, service, _ = document["sections"]
        assert (target["title"], document["exit_status"], service["checks"][0]["value"]) == ("Target: supervisord", 0, "ok")
        assert any(f"pid {place.services()[ONE]}" in note for note in target["notes"])
        first = place.services()
        place.run("ops", "start")
        assert place.services() == first
        supervisord = place.supervisord()
        assert supervisord is not None
        # In a session of its own: it outlives the terminal.
        assert os.getsid(supervisord) == supervisord
        assert "listening on 127.0.0.1" in place.run("ops", "logs", "-n", "50")
        place.run("ops", "stop")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", place.port), timeout=5)
        assert '"status": "critical"' in place.run("ops", "status", "--json", expected=2)


def test_a_killed_service_comes_back(folder: Path) -> None:
    """By itself; and SIGHUP reaches it."""
    (folder / ".env").write_text("LOG_LEVEL=INFO\n")
    with supervised(folder) as place:
        place.run("ops", "start")
        first = place.services()[ONE]
        os.kill(first, signal.SIGKILL)
        second = place.wait_for_another(first)
        assert place.verdict() == "valid"
        (folder / ".env").write_text("LOG_LEVEL=DEBUG\n")
        place.run("ops", "reload")
        place.wait(lambda: "in force from now on: LOG_LEVEL" in (folder / "logs" / "pxl-server.log").read_text())
        assert place.services()[ONE] == second


def test_a_service_that_cannot_start_is_tried_again(folder: Path) -> None:
    """Start says why, in the service's own words; supervisord tries again, ever more slowly, until the cause is gone."""
    with supervised(folder, conf={"startsecs=1": "startsecs=15"}) as place:
        with socket.create_server(("127.0.0.1", place.port)):
            assert "cannot listen there: Address already in use" in place.run("ops", "start", expected=2)
            place.wait(lambda: place.log().count("spawned:") >= 4)
        place.wait(place.ready)
        times = re.findall(r"^(\S+ \S+) INFO spawned", place.log(), re.MULTILINE)
        delays = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(map(datetime.fromisoformat, times))]
        # After 1, 2 and 3 seconds, and the time that each attempt took.
        assert delays[2] > delays[0] + 0.5, place.log()
        assert place.verdict() == "valid"


def test_a_wrong_configuration_changes_nothing(folder: Path) -> None:
    """Neither start nor restart touches a service with it; stop works."""
    with supervised(folder) as place:
        (folder / ".env").write_text("PXL_CACHE_TTL=soon\n")
        assert "PXL_CACHE_TTL='soon'" in place.run("ops", "start", expected=3)
        assert place.supervisord() is None
        (folder / ".env").write_text("")
        place.run("ops", "start")
        before = place.services()
        (folder / ".env").write_text("PXL_CACHE_TTL=soon\n")
        place.run("ops", "restart", expected=3)
        assert place.services() == before
        place.run("ops", "stop")
        assert place.left() == []


def test_a_value_is_set_with_a_restart(folder: Path) -> None:
    """The manual's ``export PXL_POOL_SIZE=15``; a value that supervisord's environment would hide is refused."""
    with supervised(folder) as place:
        del place.variables["PXL_POOL_SIZE"]
        place.run("ops", "start")
        place.run("ops", "set", "PXL_POOL_SIZE=2", "PXL_CACHE_TTL=600")
        assert "PXL_POOL_SIZE=2\n" in (folder / ".env").read_text().replace("'", "")
        assert httpx2.get(f"http://127.0.0.1:{place.port}/health").json()["session_pool"]["max_pool_size"] == 2
        before = place.services()
        assert "no variable of the service" in place.run("ops", "set", "PXL_POOLSIZE=2", expected=2)
        del place.variables["PXL_POOL_SPARES"]
        assert "set in the environment of supervisord" in place.run("ops", "set", "PXL_POOL_SPARES=2", expected=2)
        assert place.services() == before


def test_a_service_that_hangs_is_ended_in_time(folder: Path) -> None:
    """After stopwaitsecs it is killed, and its sessions with it."""
    with supervised(folder, conf={"stopwaitsecs=100": "stopwaitsecs=2"}) as place:
        place.run("ops", "start")
        service = place.services()[ONE]
        sessions = [int(pid) for pid in Path(f"/proc/{service}/task/{service}/children").read_text().split()]
        assert sessions
        os.kill(service, signal.SIGSTOP)
        began = time.monotonic()
        place.run("ops", "stop")
        assert time.monotonic() - began < 30
        place.wait(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in sessions))


def test_replicas_are_restarted_in_turn(folder: Path) -> None:
    """One of two always serves; nothing is restarted while the other one is not ready."""
    with supervised(folder, PXL_REUSE_PORT="true") as place:
        place.variables["PXL_OPS_SERVICE"] = f"{ONE}={place.port},{OTHER}={place.second_port}"
        place.run("ops", "start")
        before = place.services()
        assert set(before) == {ONE, OTHER}
        other = Server(None, place.second_port, None, folder, folder, folder)  # type: ignore[arg-type]
        assert httpx2.get(f"http://127.0.0.1:{place.second_port}/health/ready").status_code == 200
        assert "listening on" in (folder / "logs" / "8089" / "pxl-server.log").read_text()
        place.run("ops", "restart")
        assert not set(before.values()) & set(place.services().values())
        with Load(other, clients=1) as load:
            time.sleep(0.5)
        assert set(load.statuses) == {200}
        os.kill(place.services()[OTHER], signal.SIGSTOP)
        one = place.services()[ONE]
        said = place.run("ops", "restart", expected=2)
        assert f"{OTHER} is not ready: {ONE} is not restarted" in said
        assert place.services()[ONE] == one
        os.kill(place.services()[OTHER], signal.SIGCONT)


def test_the_log_is_followed_through_a_rotation(folder: Path) -> None:
    """New lines are shown after the file was renamed too, until Ctrl-C."""
    (folder / ".env").write_text("")
    log = folder / "logs" / "pxl-server.log"
    log.parent.mkdir()
    log.write_text("old 1\nold 2\n")
    command = [PXL, "ops", "logs", "--follow", "-n", "1"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as following:
        try:
            assert following.stdout is not None
            assert following.stdout.readline() == "old 2\n"
            log.rename(log.with_suffix(".old"))
            log.write_text("new\n")
            assert following.stdout.readline() == "new\n"
        finally:
            for process in (*children_of(following.pid), following.pid):
                os.kill(process, signal.SIGINT)
        following.wait(30)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_the_shipped_configuration_fits_the_service() -> None:
    """Time for draining, a name for each replica that nginx knows, and a port and a log folder of its own for the second."""
    conf = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    conf.read(CONF)
    one, other = conf[f"program:{ONE}"], conf[f"program:{OTHER}"]
    environments = [dict(re.findall(r'(\w+)="([^"]*)"', program["environment"])) for program in (one, other)]
    assert {key: value for key, value in one.items() if key != "environment"} == {
        key: value for key, value in other.items() if key not in ("environment", "autostart")
    }
    assert int(one["stopwaitsecs"]) > Settings().shutdown_timeout_s + 10
    upstreams = (CONF.parents[1] / "nginx" / "sites" / "host" / "upstreams.conf").read_text()
    for environment in environments:
        assert f'"~^/jobs/{environment["PXL_REPLICA"]}-" pxl_{environment["PXL_REPLICA"]};' in upstreams
        Settings(**environment)
    assert environments[1]["PXL_SERVER_PORT"] == "8089"
    assert environments[1]["PXL_LOG_DIR"] == "logs/8089"
    assert (one["autorestart"], one["killasgroup"]) == ("true", "true")

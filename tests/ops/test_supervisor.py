"""``pxl up`` and its like, on real processes: whatever dies, there is one supervisor, one service, and nothing else."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from e2e.loading import Load
from e2e.running import Server
from ops.supervising import Place, ended, supervised

from logos_pxl.ops.supervisor.processes import MARK, SERVE


def loading(place: Place, clients: int) -> Load:
    """Clients that ask the place's service."""
    nothing = Path(os.devnull)
    return Load(Server(None, place.port, None, nothing, nothing, nothing), clients=clients)  # type: ignore[arg-type]


def test_up_and_down(folder: Path) -> None:
    """Up returns when the service decides goals, again and again; down leaves nothing; both may be repeated."""
    with supervised(folder / "nested", PXL_LOG_DIR="elsewhere") as place:
        assert place.run("down").startswith("down: nothing was running")
        first = place.run("up")
        assert (place.verdict(), place.verdict("A -> BOX(A)")) == ("valid", "invalid")
        found = json.loads(place.run("status", "--json"))
        assert (found["phase"], found["exit_status"], found["deaths"]) == ("ready", 0, 0)
        assert found["service"]["url"] == f"http://127.0.0.1:{place.port}"
        assert str(found["service"]["pid"]) in first
        assert place.run("up").startswith("was up already")
        assert place.services() == [found["service"]["pid"]]
        # In a session of its own: it outlives the terminal.
        assert os.getsid(found["supervisor_pid"]) == found["supervisor_pid"]
        assert "listening on 127.0.0.1" in place.run("logs", "-n", "50")
        assert '"POST /prove HTTP/1.1" 200' in place.run("logs", "access", "--lines", "5")
        place.run("down")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", place.port), timeout=5)
        document = json.loads(place.run("status", "--json", expected=2))
        assert (document["status"], document["supervisor_pid"], document["service"]) == ("critical", None, None)


def test_whatever_is_killed_comes_back(folder: Path) -> None:
    """The service by itself; the supervisor with the next up, which finds the running service and loses none of its requests."""
    (folder / ".env").write_text("LOG_LEVEL=INFO\n")
    with supervised(folder) as place:
        place.run("up")
        first = place.services()[0]
        os.kill(first, signal.SIGKILL)
        second = place.wait_for_another(first)
        found = place.status()
        assert found["deaths"] == 1
        assert "killed by SIGKILL" in found["last_death"]
        with loading(place, clients=2) as load:
            supervisor = place.supervisor()
            assert supervisor is not None
            os.kill(supervisor, signal.SIGKILL)
            place.wait(lambda: place.supervisor() is None)
            assert (place.status()["exit_status"], place.status()["unsupervised_pids"]) == (1, [second])
            # The number in the file is stale by now, and misleads nobody.
            assert int(place.places.lock.read_text()) == supervisor
            place.run("up")
            assert place.services() == [second]
        assert set(load.statuses) == {200}
        # SIGHUP is handed on, to an adopted service too.
        (folder / ".env").write_text("LOG_LEVEL=DEBUG\n")
        place.run("reload")
        place.wait(lambda: "in force from now on: LOG_LEVEL" in (folder / "logs" / "pxl-server.log").read_text())
        os.kill(second, signal.SIGKILL)
        place.wait_for_another(second)
        assert place.verdict() == "valid"


def test_no_service_stays_orphaned(folder: Path) -> None:
    """Of two that a killed supervisor left, the next up keeps the newer one; without an up, down ends what it left."""
    with supervised(folder, PXL_REUSE_PORT="true") as place:
        place.run("up")
        kill_supervisor(place)
        left = place.services()
        # As when the supervisor was killed in the middle of a rolling restart, and could note nothing.
        environment = {**os.environ, **place.variables, MARK: str(place.places.folder), "PXL_LOG_STDERR": "false"}
        with ended(subprocess.Popen([sys.executable, *SERVE], cwd=folder, env=environment)) as newer:
            place.places.state.unlink()
            place.run("up")
            assert place.services() == [newer.pid] != left
            assert place.status()["service"]["pid"] == newer.pid
            kill_supervisor(place)
            assert str(newer.pid) in place.run("down")
            assert newer.wait(30) == 0
        assert place.services() == []


def kill_supervisor(place: Place) -> None:
    supervisor = place.supervisor()
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    place.wait(lambda: place.supervisor() is None)


def test_two_at_once_are_one(folder: Path) -> None:
    """Both say that the service is ready, and it is the same."""
    with supervised(folder) as place:
        at_once = [place.start("up") for _ in range(3)]
        said = [process.communicate(timeout=90)[0] for process in at_once]
        assert [process.returncode for process in at_once] == [0, 0, 0], said
        [service] = place.services()
        assert all(f"service {service} is ready" in text for text in said)


def test_a_rolling_restart_loses_no_request(folder: Path) -> None:
    """With PXL_REUSE_PORT, under load; the new settings are in force, and a wrong one is refused while the old service runs on."""
    with supervised(folder, PXL_REUSE_PORT="true", PXL_DRAIN_DELAY="0.5") as place:
        place.run("up")
        [first] = place.services()
        with loading(place, clients=8) as load:
            (folder / ".env").write_text("PXL_CACHE_MAX_ENTRIES=17\n")
            assert "without an interruption" in place.run("restart")
            [second] = place.services()
            (folder / ".env").write_text("PXL_CACHE_MAX_ENTRIES=many\n")
            refused = place.run("restart", expected=2)
        assert second != first
        assert "PXL_CACHE_MAX_ENTRIES='many'" in refused
        # What nobody may ask for through the command is refused by the supervisor too.
        assert place.services() == [second]
        supervisor = place.supervisor()
        assert supervisor is not None
        os.kill(supervisor, signal.SIGUSR1)
        place.wait(lambda: "left alone" in (place.status()["last_restart"] or ""))
        assert place.services() == [second]
        assert set(load.statuses) == {200}
        assert load.statuses[200] > 100


def test_a_restart_without_a_shared_port_says_that_it_interrupts(folder: Path) -> None:
    """The service is another one afterwards, on the same port. Then one that hangs is replaced, and down ends one that hangs in time."""
    with supervised(folder, PXL_HUNG_AFTER_S="1", PXL_SHUTDOWN_TIMEOUT="1") as place:
        place.run("up")
        [first] = place.services()
        assert "PXL_REUSE_PORT=true there would be no interruption" in place.run("restart")
        [second] = place.services()
        assert second != first
        os.kill(second, signal.SIGSTOP)
        third = place.wait_for_another(second)
        assert "does not answer" in place.log()
        sessions = [int(pid) for pid in Path(f"/proc/{third}/task/{third}/children").read_text().split()]
        assert sessions
        os.kill(third, signal.SIGSTOP)
        started = time.monotonic()
        place.run("down")
        assert time.monotonic() - started < 30
        place.wait(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in sessions))


def test_a_service_that_cannot_start_is_told_and_tried_again(folder: Path) -> None:
    """Up says why, in the service's own words; the supervisor goes on, ever more slowly, and comes up when the cause is gone."""
    with supervised(folder, PXL_RESTART_DELAY_S="0.2", PXL_RESTART_DELAY_MAX_S="1") as place:
        with socket.create_server(("127.0.0.1", place.port)):
            said = place.run("up", expected=2)
            assert "cannot listen there: Address already in use" in said
            assert "The supervisor goes on trying" in said
            place.wait(lambda: place.status()["deaths_in_a_row"] >= 4)
            assert " ".join(place.status()["last_words"]).count("Address already in use") == 1
        assert [line.rpartition(" in ")[2] for line in deaths(place)[:4]] == ["0.2 s", "0.4 s", "0.8 s", "1 s"]
        assert place.run("up").startswith("was up already")
        assert place.verdict() == "valid"


def deaths(place: Place) -> list[str]:
    return [line for line in place.log().splitlines() if "it is started again" in line]


def test_a_wrong_configuration_starts_nothing(folder: Path) -> None:
    """Up names it at once; ending works with any configuration."""
    with supervised(folder) as place:
        (folder / ".env").write_text("PXL_CACHE_TTL=soon\nwhat is this\n")
        assert ".env, line 2" in place.run("up", expected=2)
        assert place.supervisor() is None


def test_logs_are_followed_through_a_rotation(folder: Path) -> None:
    """What is added is shown, by renaming or truncating too, and ends with the reader."""
    logs = folder / "logs"
    logs.mkdir()
    log = logs / "pxl-server.log"
    log.write_text("old 1\nold 2\nold 3\n")
    with ended(Place(folder).start("logs", "--follow", "-n", "1")) as following:
        assert following.stdout is not None
        assert following.stdout.readline() == "old 3\n"
        with log.open("a") as added:
            added.write("new 1\n")
        assert following.stdout.readline() == "new 1\n"
        log.rename(logs / "pxl-server.log.1")
        log.write_text("new 2\n")
        assert following.stdout.readline() == "new 2\n"
        log.write_text("x\n")
        assert following.stdout.readline() == "x\n"
        following.send_signal(signal.SIGINT)
        assert following.wait(30) == 0

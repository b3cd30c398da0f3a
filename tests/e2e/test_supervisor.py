"""What systemd is told (sd_notify): the process is started with a real notification socket."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from e2e.running import free_port, running_server


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    """A supervisor's socket; an address that begins with @ is an abstract one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{address[1:]}" if address.startswith("@") else address)
        listener.settimeout(30)
        yield listener


@pytest.mark.parametrize("abstract", [False, True])
def test_a_supervisor_is_told_when_the_service_is_ready_lives_and_ends(folder: Path, *, abstract: bool) -> None:
    """READY=1 not before a goal can be asked, WATCHDOG=1 while the event loop turns, STOPPING=1 at the signal."""
    address = f"@{folder}" if abstract else str(folder / "notify")
    with (
        listening(address) as supervisor,
        running_server(folder, PXL_POOL_SIZE="1", NOTIFY_SOCKET=address, WATCHDOG_USEC="200000") as server,
    ):
        told = [supervisor.recv(100) for _ in range(4)]
        assert told.count(b"READY=1") == 1
        assert told.count(b"WATCHDOG=1") == 3
        server.process.send_signal(signal.SIGTERM)
        while (last := supervisor.recv(100)) != b"STOPPING=1":
            assert last == b"WATCHDOG=1"
        assert server.process.wait(10) == 0


def test_ready_means_that_goals_are_taken(folder: Path) -> None:
    """Who asks at once when READY=1 comes is answered."""
    address, port, statuses = str(folder / "notify"), free_port(), []

    def ask_when_told() -> None:
        assert supervisor.recv(100) == b"READY=1"
        statuses.append(httpx2.get(f"http://127.0.0.1:{port}/health/ready").status_code)

    with listening(address) as supervisor:
        asking = threading.Thread(target=ask_when_told)
        asking.start()
        with running_server(folder, PXL_POOL_SIZE="1", NOTIFY_SOCKET=address, PXL_SERVER_PORT=str(port)):
            asking.join(30)
    assert statuses == [200]


def test_a_supervisor_that_is_gone_harms_nothing(folder: Path) -> None:
    """The log says once that nothing can be sent."""
    with running_server(folder, PXL_POOL_SIZE="1", NOTIFY_SOCKET=str(folder / "nobody"), WATCHDOG_USEC="100000") as server:
        assert server.prove("A -> A").json()["ok"] is True
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10) == 0
        assert server.log.read_text().count("cannot be sent to NOTIFY_SOCKET") == 1

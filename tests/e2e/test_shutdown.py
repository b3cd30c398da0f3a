"""SIGTERM: requests in flight end, sessions stop, status 0."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2
import pytest
from e2e.running import HARD, ROOT, Server, running_server, wait_for


def wait_until_searching(server: Server) -> None:
    """Wait for one search; on a connection of its own, for the server's client is at work."""
    with httpx2.Client(base_url=server.client.base_url) as other:
        wait_for(lambda: other.get("/metrics").json()["logos_pxl_searches_running"] == 1)


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_with_status_0(folder: Path, sign: signal.Signals) -> None:
    """Quickly, when nothing is in flight."""
    with running_server(folder) as server:
        assert server.healthy()
        started = time.monotonic()
        server.process.send_signal(sign)
        assert server.process.wait(10) == 0
        assert time.monotonic() - started < 5


def test_a_request_in_flight_is_answered_before_the_end(folder: Path) -> None:
    """The caller gets its answer, not a reset."""
    answers: list[dict[str, object]] = []
    with running_server(folder) as server:
        asking = threading.Thread(target=lambda: answers.append(server.prove(HARD, timeout_ms=1500).json()))
        asking.start()
        wait_until_searching(server)
        server.process.send_signal(signal.SIGTERM)
        asking.join(10)
        assert server.process.wait(10) == 0
    assert [answer["reason"] for answer in answers] == ["timeout"]


def test_a_request_that_does_not_end_is_cut_off(folder: Path) -> None:
    """After PXL_SHUTDOWN_TIMEOUT the server goes, whatever is in flight."""
    with running_server(folder, PXL_SHUTDOWN_TIMEOUT="1") as server:

        def ask() -> None:
            with pytest.raises(httpx2.HTTPError):
                server.prove(HARD, timeout_ms=60_000).raise_for_status()

        asking = threading.Thread(target=ask)
        asking.start()
        wait_until_searching(server)
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(15) == 0
        assert time.monotonic() - started < 8
        asking.join(10)
        assert not asking.is_alive()


def test_no_session_outlives_the_server(folder: Path) -> None:
    """Also when the server is killed outright."""
    with running_server(folder) as server:
        sessions = [int(pid) for pid in Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()]
        assert len(sessions) >= 2
        server.process.kill()
        server.process.wait()
        wait_for(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in sessions))


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PXL_POOL_SIZE", "none"), ("PXL_SERVER_PORT", "99999"), ("PXL_COQ_DIR", "/nowhere"), ("PXL_DATA_DIR", "/proc/pxl")],
)
def test_a_wrong_setting_ends_the_start_with_a_message(variable: str, value: str) -> None:
    """Status 2, one message that names the variable, no trace of Python."""
    import os  # noqa: PLC0415

    ran = subprocess.run(
        [sys.executable, str(ROOT / "serve_pxl.py"), "--port", "0"]
        if variable != "PXL_SERVER_PORT"
        else [sys.executable, str(ROOT / "serve_pxl.py")],
        env={**os.environ, variable: value},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ran.returncode == 2
    assert variable in ran.stderr
    assert "Traceback" not in ran.stderr

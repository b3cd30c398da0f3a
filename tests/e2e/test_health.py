"""Health: what it says when all is well, and that it does not say so when it is not."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import children, command
from e2e.running import Server, running_server

STATES = ("/health", "/health/ready", "/health/live", "/health/proof_server", "/metrics", "/metrics/performance")


def eventually(holds: Callable[[], bool], *, within_s: float) -> float:
    """Wait until something holds; how long it took, in seconds."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() < started + within_s, f"still not so after {within_s:g} s"
        time.sleep(0.02)
    return time.monotonic() - started


def sessions(server: Server) -> set[int]:
    """The Coq processes of a server."""
    return {pid for pid in children(server.process.pid) if "coqtop" in command(pid)}


def state(server: Server, path: str = "/health") -> tuple[int, dict[str, Any]]:
    """Status and document."""
    answer = server.client.get(path)
    return answer.status_code, answer.json()


def test_a_server_that_is_well_says_so_everywhere(server: Server) -> None:
    """Ready from the first answer on, with both canaries kernel-checked."""
    status, ready = state(server, "/health/ready")
    assert (status, ready["ready"], ready["problems"], ready["draining"]) == (200, True, [], False)
    assert [(canary["name"], canary["step"]) for canary in ready["canaries"]] == [("valid", None), ("invalid", None)]
    assert all(canary["checked_ago_s"] < 30 for canary in ready["canaries"])
    status, live = state(server, "/health/live")
    assert (status, live["status"]) == (200, "ok")


def test_the_proof_server_tells_of_each_session(server: Server) -> None:
    """Kernel, pool and processes, with numbers that fit each other and the other door."""
    status, detail = state(server, "/health/proof_server")
    assert status == 200
    assert detail["coq_version"].startswith("8.16")
    assert detail["kernel_hash"] == state(server)[1]["kernel_hash"]
    pool = detail["session_pool"]
    assert pool["active_sessions"] + pool["spare_sessions"] == len(detail["sessions"])
    assert all(30e6 < session["resident_bytes"] < 300e6 for session in detail["sessions"])
    assert pool["confinement"]["seccomp"] == "applied"


def test_states_are_not_to_be_cached(server: Server) -> None:
    """A proxy between server and supervisor must not answer for it."""
    assert {server.client.get(path).headers.get("cache-control") for path in STATES} == {"no-store"}


def test_the_kernel_that_hangs_makes_it_unready_and_its_return_ready(tmp_path: Path) -> None:
    """All sessions stopped, for good: live stays, ready names the step and goes; when they run again, it returns by itself."""
    variables = {"PXL_CANARY_INTERVAL_S": "0.2", "PXL_CANARY_TIMEOUT_S": "0.3", "PXL_POOL_SPARES": "0", "PXL_POOL_SIZE": "1"}
    with running_server(tmp_path, **variables) as server:
        stopped: set[int] = set()

        def unready() -> bool:
            for pid in sessions(server) - stopped:
                os.kill(pid, signal.SIGSTOP)
                stopped.add(pid)
            status, ready = state(server, "/health/ready")
            return status == 503 and any("canary: kernel: " in problem for problem in ready["problems"])

        assert eventually(unready, within_s=10) < 5
        assert state(server)[1]["status"] == "unavailable"
        assert state(server, "/health/proof_server")[0] == 503
        assert state(server, "/health/live")[0] == 200
        for pid in sessions(server):
            os.kill(pid, signal.SIGCONT)
        eventually(lambda: state(server, "/health/ready")[0] == 200, within_s=20)


@pytest.fixture
def without_coq(tmp_path: Path) -> Path:
    """A coqtop that can be taken away: a link to the real one's place."""
    import shutil  # noqa: PLC0415

    real = shutil.which("coqtop")
    assert real is not None
    script = tmp_path / "coqtop"
    script.write_text(f'#!/bin/sh\n[ -e {tmp_path}/gone ] && exit 1\nexec {real} "$@"\n')
    script.chmod(0o755)
    return script


def test_health_does_not_say_ok_when_the_last_request_failed_for_our_reasons(tmp_path: Path, without_coq: Path) -> None:
    """Sessions die and none can be started: 503, and no ok at any look until a goal is kernel-checked again; then ok by itself."""
    variables = {"PXL_COQTOP": str(without_coq), "PXL_POOL_SIZE": "1", "PXL_POOL_SPARES": "0", "PXL_CANARY_INTERVAL_S": "0.5"}
    with running_server(tmp_path, **variables) as server:
        assert server.healthy()
        (tmp_path / "gone").touch()
        for pid in sessions(server):
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: server.prove("BOX(New -> New)").status_code == 503, within_s=10)
        assert state(server)[0] == 503
        (tmp_path / "gone").unlink()
        looks: set[str] = set()

        def decided_again() -> bool:
            looks.add(state(server)[1]["status"])
            return server.prove("BOX(New -> New)").status_code == 200

        eventually(decided_again, within_s=60)
        assert "ok" not in looks
        # Decided again, but the failures are fresh: ready, not ok.
        assert state(server)[1]["status"] != "ok"
        eventually(lambda: state(server)[1]["status"] == "ok", within_s=20)
        assert server.healthy()


def test_health_says_why_it_is_degraded(tmp_path: Path) -> None:
    """Goals that found no room are our failures: degraded and ready, and the reason is told."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    from e2e.running import HARD  # noqa: PLC0415

    with running_server(tmp_path, PXL_POOL_SIZE="1", PXL_THREADS="1", PXL_QUEUE_LIMIT="0") as server:
        with ThreadPoolExecutor(12) as clients:
            statuses = set(clients.map(lambda number: server.prove(f"{HARD} /\\ Q{number}", timeout_ms=1500).status_code, range(12)))
        assert statuses == {200, 503}
        status, health = state(server)
        assert (status, health["status"], health["ready"]) == (200, "degraded", True)
        assert any("requests failed lately" in problem for problem in health["problems"])
        found = server.client.get("/metrics").json()
        assert found['logos_pxl_unknown_verdicts_total{reason="overloaded"}'] > 0
        assert found["logos_pxl_window_goals"] + found['logos_pxl_unknown_verdicts_total{reason="overloaded"}'] == 12


def test_draining_fails_ready_first(tmp_path: Path) -> None:
    """After SIGTERM the server still answers, and says that it is not ready."""
    with running_server(tmp_path, PXL_DRAIN_DELAY="2") as server:
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: state(server, "/health/ready")[0] == 503, within_s=1.5)
        assert state(server, "/health/ready")[1]["draining"] is True
        assert state(server, "/health/live")[0] == 200
        assert server.client.get("/metrics").json()["logos_pxl_ready"] == 0
        assert server.prove("BOX(A -> A)").status_code == 200
    assert server.process.returncode == 0

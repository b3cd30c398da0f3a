"""``pxl ops diagnose`` on machines where something is really wrong; the rehearsal has further causes."""

import http.server
import json
import os
import shutil
import signal
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import children, command
from ops.supervising import ONE, Place, supervised

from logos_pxl.ops.checks import machine_checks
from logos_pxl.ops.health_check import _explained
from logos_pxl.ops.report import Check, Status
from logos_pxl.ops.thresholds import kpi_checks
from logos_pxl.settings import Settings


def diagnosed(place: Place) -> dict[str, dict[str, Any]]:
    """What is wrong, by its name, in the order of the report."""
    document = json.loads(place.run("ops", "diagnose", "--json", expected=None))
    return {check["name"]: check for check in document["sections"][0]["checks"] if check["status"] != "fine"}


def test_a_port_that_another_process_has(folder: Path) -> None:
    """That process is named, with what to do."""
    with (
        supervised(folder, conf={"startsecs=1": "startsecs=15"}) as place,
        http.server.ThreadingHTTPServer(("127.0.0.1", place.port), http.server.BaseHTTPRequestHandler) as other,
    ):
        serving = threading.Thread(target=other.serve_forever)
        serving.start()
        try:
            place.run("ops", "start", expected=2)
            found = diagnosed(place)
        finally:
            other.shutdown()
            serving.join()
        assert next(iter(found)) == "port taken"
        assert f"process {os.getpid()} " in found["port taken"]["value"]
        assert "another PXL_SERVER_PORT" in found["port taken"]["advice"]


def test_a_service_that_hangs_and_one_whose_canaries_fail(folder: Path) -> None:
    """Stopped sessions fail the canaries, a stopped service answers nobody; both are told apart, and both are critical."""
    with supervised(folder, PXL_CANARY_INTERVAL_S="0.5", PXL_CANARY_TIMEOUT_S="1", PXL_CANARY_MAX_AGE_S="3") as place:
        place.run("ops", "start")
        service = place.services()[ONE]
        stopped: set[int] = set()

        ending = threading.Event()

        def stop_sessions() -> None:
            # Lost sessions are replaced: the new ones are stopped too, once they are Coq; until then they would not end with the service.
            while not ending.wait(0.02):
                for pid in children(service):
                    if pid not in stopped and command(pid).partition(" ")[0].endswith("coqtop"):
                        os.kill(pid, signal.SIGSTOP)
                        stopped.add(pid)

        stopping = threading.Thread(target=stop_sessions)
        stopping.start()
        try:
            place.wait(lambda: any(canary["failing"] for canary in proof_server(place)["canaries"]))
            found = diagnosed(place)
        finally:
            ending.set()
            stopping.join()
        assert "canary failing" in found, found
        assert found["canary failing"]["status"] == "critical"
        os.kill(service, signal.SIGSTOP)
        found = diagnosed(place)
        assert found["service hung"]["status"] == "critical"
        assert "pxl ops restart" in found["service hung"]["advice"]
        os.kill(service, signal.SIGKILL)
        place.wait(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in stopped))


def proof_server(place: Place) -> dict[str, Any]:
    return dict(httpx2.get(f"http://127.0.0.1:{place.port}/health/proof_server", timeout=30).json())


GIB = 1 << 30


@pytest.mark.parametrize(
    ("free", "total", "status"),
    [
        (50 * GIB, 100 * GIB, Status.FINE),
        (50 * GIB, 1000 * GIB, Status.FINE),
        (5 * GIB, 100 * GIB, Status.ATTENTION),
        (GIB, 100 * GIB, Status.CRITICAL),
        (50 << 20, 100 << 20, Status.CRITICAL),
    ],
)
def test_disks_are_judged_by_share_and_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, total: int, status: Status
) -> None:
    """A tenth of a large disk is plenty; 50 MiB are little, whatever their share."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(total, total - free, free))  # type: ignore[attr-defined]
    checks = list(machine_checks(Settings(PXL_DATA_DIR=tmp_path, PXL_LOG_DIR=tmp_path)))  # type: ignore[call-arg]
    assert [check.status for check in checks[:2]] == [status, status]


def test_a_folder_that_cannot_be_written_is_critical() -> None:
    """However much room there is."""
    checks = list(machine_checks(Settings(PXL_DATA_DIR="/proc/x", PXL_LOG_DIR="/proc/y")))  # type: ignore[call-arg]
    assert {check.status for check in checks[:2]} == {Status.CRITICAL}
    assert all("cannot be written" in check.advice for check in checks[:2])


def test_slow_answers_are_explained_by_their_stage() -> None:
    """And a low ratio by its commonest reason."""
    metrics = {
        "logos_pxl_window_goals": 100,
        "logos_pxl_p95_latency_ms": 700,
        'logos_pxl_stage_duration_seconds_sum{stage="queue"}': 30.0,
        'logos_pxl_stage_duration_seconds_sum{stage="search"}': 3.0,
        'logos_pxl_stage_duration_seconds_sum{stage="total"}': 40.0,
        "logos_pxl_verification_ratio_percent": 50,
        'logos_pxl_unknown_verdicts_total{reason="timeout"}': 40,
        'logos_pxl_unknown_verdicts_total{reason="cancelled"}': 2,
    }
    found: dict[str, Check] = {check.name: _explained(check, metrics) for check in kpi_checks(metrics)}
    latency, ratio = found["P95 latency"], found["verification ratio"]
    assert (latency.status, ratio.status) == (Status.CRITICAL, Status.CRITICAL)
    assert "the stage queue" in latency.advice
    assert "reason is timeout" in ratio.advice

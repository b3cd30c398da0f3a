"""An exported state is what the service said, tells every change, and tells another kernel from the same."""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from e2e.running import Server

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.export_state import export, verify
from logos_pxl.ops.report import Report, Status
from logos_pxl.ops.running import Operator
from logos_pxl.settings import Settings


def operator_of(server: Server) -> Operator:
    return Operator.of(Settings.of({}, ops_url=str(server.client.base_url)))


def told(report: Report) -> dict[str, Status]:
    return {one.name: one.status for one in report.checks()}


@pytest.fixture
def exported(server: Server, folder: Path) -> Path:
    """A folder with one export."""
    assert export(operator_of(server), folder=folder / "exports").status is Status.FINE
    return folder / "exports"


def test_the_manuals_files_hold_what_the_service_says(server: Server, exported: Path) -> None:
    """Under the manual's names, and nothing besides but the manifest."""
    names = {re.sub(r"\d{8}_\d{6}", "TIME", path.name): path for path in exported.iterdir()}
    assert names.keys() == {"metrics_TIME.json", "health_TIME.json", "performance_TIME.json", "kernel_hash_TIME.txt", "manifest_TIME.json"}
    health = server.client.get("/health").json()
    assert names["kernel_hash_TIME.txt"].read_text() == health["kernel_hash"] + "\n"
    assert json.loads(names["health_TIME.json"].read_text())["version"] == health["version"]
    assert json.loads(names["metrics_TIME.json"].read_text())["logos_pxl_session_pool_total"] == 2
    assert "endpoints" in json.loads(names["performance_TIME.json"].read_text())


def test_the_same_kernel_is_recognized(server: Server, exported: Path) -> None:
    """By its files alone, and by the service at an address."""
    assert set(told(verify(operator_of(server), folder=exported, url=None)).values()) == {Status.FINE}
    found = told(verify(operator_of(server), folder=exported, url=str(server.client.base_url)))
    assert found["new instance has the same kernel"] is Status.FINE
    assert set(found.values()) == {Status.FINE}


@pytest.mark.parametrize("kind", ["metrics", "health", "performance", "kernel_hash", "manifest"])
def test_every_changed_file_is_found(server: Server, exported: Path, kind: str) -> None:
    """A changed digit, a cut, a missing file; in the manifest too."""
    [path] = exported.glob(f"{kind}_*")
    good = path.read_bytes()
    digits = [match.start() for match in re.finditer(rb"[0-9a-f]{64}", good)] or [match.start() for match in re.finditer(rb"\d", good)]
    changed = bytearray(good)
    changed[digits[0]] = ord("0") if changed[digits[0]] != ord("0") else ord("1")
    for data in (bytes(changed), good[:-5], None):
        path.unlink() if data is None else path.write_bytes(data)
        if kind == "manifest" and data is None:
            continue
        assert verify(operator_of(server), folder=exported, url=None).status is Status.CRITICAL
    path.write_bytes(good)
    assert verify(operator_of(server), folder=exported, url=None).status is Status.FINE


def test_another_kernel_is_told(server: Server, exported: Path) -> None:
    """A service whose health names another hash: critical, with both."""

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Another kernel's health."""
            body = json.dumps(server.client.get("/health").json() | {"kernel_hash": "0" * 64, "version": "9"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        Thread(target=other.serve_forever).start()
        report = verify(operator_of(server), folder=exported, url=f"http://127.0.0.1:{other.server_port}")
        other.shutdown()
    found = told(report)
    assert found["new instance has the same kernel"] is Status.CRITICAL
    assert found["new instance's version"] is Status.ATTENTION
    assert "0" * 64 in str(report.as_json())


def test_nobody_who_answers_is_not_fine(server: Server, exported: Path) -> None:
    """Neither as the source of an export nor as its goal."""
    assert verify(operator_of(server), folder=exported, url="http://127.0.0.1:1").status is Status.UNKNOWN
    with pytest.raises(OperationFailed, match="does not answer"):
        export(Operator.of(Settings.of({}, ops_url="http://127.0.0.1:1")), folder=exported.with_name("none"))
    assert not exported.with_name("none").exists()


def test_an_export_that_was_cut_off_is_none(server: Server, exported: Path) -> None:
    """Files without a manifest are not taken for a state."""
    [manifest] = exported.glob("manifest_*")
    manifest.unlink()
    with pytest.raises(OperationFailed, match="an export that was cut off has none"):
        verify(operator_of(server), folder=exported, url=None)

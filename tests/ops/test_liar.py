"""A service that says *valid* to everything, fast and ready: each command that proves something finds it out."""

import http.server
import json
import threading
from collections.abc import Iterator

import pytest

from logos_pxl.ops.checks import proof_checks
from logos_pxl.ops.performance_recovery import measure
from logos_pxl.ops.report import Status
from logos_pxl.ops.service import ServiceReader


class Liar(http.server.BaseHTTPRequestHandler):
    """Answers every goal with the same verdict, and never the same goal honestly."""

    def do_POST(self) -> None:
        """A verdict that nobody has found."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"ok": True, "verdict": "valid", "verified": True, "statement": "Prov x"})

    def do_GET(self) -> None:
        """All is well."""
        self._answer({"status": "ok", "ready": True, "logos_pxl_session_pool_utilization_percent": 50})

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _answer(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def liar() -> Iterator[ServiceReader]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield ServiceReader(f"http://127.0.0.1:{server.server_address[1]}", timeout_s=10)
        server.shutdown()
        serving.join()


def test_a_test_proof_finds_it_out(liar: ServiceReader) -> None:
    """One verdict is right by chance, the other is wrong, and that is critical."""
    right, wrong = proof_checks(liar, timeout_ms=5000)
    assert (right.status, wrong.status) == (Status.FINE, Status.CRITICAL)
    assert "WRONG VERDICT" in wrong.advice


def test_a_load_counts_it(liar: ServiceReader) -> None:
    """One of three goals of the load is invalid."""
    measured = measure(liar, 48)
    assert (measured.requests, measured.failed, measured.wrong) == (48, 0, 16)
    assert measured.busiest_pool_percent == 50.0
    assert measured.p95_ms is not None
    assert measured.p95_ms > 0

"""The acceptance run itself: it passes on a right service, fails on a wrong one, and says when it could not run."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from e2e.running import ROOT, Server, free_port, running_server

KEY = "5f" * 32
SUITE = ROOT / "integration_test_suite.py"
Mutate = Callable[[str, dict[str, Any]], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a cache, as it is in production."""
    with running_server(tmp_path_factory.mktemp("accepted"), PXL_CACHE_TTL="300") as started:
        yield started


def suite(*arguments: str, python: str = sys.executable, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it as an operator does."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HMAC", "PYTHON"))}
    return subprocess.run(
        [python, str(SUITE), *arguments], env={**clean, **environment}, cwd="/", capture_output=True, text=True, timeout=120, check=False
    )


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def test_a_right_service_passes(server: Server) -> None:
    """Every check, in a report for people, status 0; from any folder."""
    ran = suite("--url", address(server))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "FAIL" not in ran.stdout
    assert " passed, 0 failed, " in ran.stdout.splitlines()[-1]
    assert ran.stdout.count("  ok   ") >= 70


def test_the_standard_library_is_enough(server: Server) -> None:
    """A Python without any package, and without what is installed here, runs it."""
    ran = suite("--url", address(server), "--only", "proofs", python=os.path.realpath(sys.executable))
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_report_for_machines(server: Server) -> None:
    """Standard output is one JSON document whose counts fit its checks."""
    ran = suite("--url", address(server), "--json", "--only", "health", "--only", "limits")
    report = json.loads(ran.stdout)
    assert ran.returncode == 0
    outcomes = [check["outcome"] for check in report["checks"]]
    assert {check["group"] for check in report["checks"]} == {"health", "limits"}
    assert (report["passed"], report["failed"], report["skipped"]) == tuple(map(outcomes.count, ("passed", "failed", "skipped")))
    assert all(check["duration_ms"] >= 0 for check in report["checks"])
    assert report["url"] == address(server)


def test_a_service_that_demands_signatures(folder: Path) -> None:
    """With the key from the environment all checks pass, those of signatures and of the quota too; without it 2, with a wrong one 1."""
    secured = {
        "PXL_CACHE_TTL": "300",
        "ENABLE_HMAC_AUTH": "true",
        "HMAC_SECRET_KEY": KEY,
        "RATE_LIMIT_ENABLED": "true",
        "RATE_LIMIT_PER_MINUTE": "100000",
    }
    with running_server(folder, PXL_POOL_SIZE="1", **secured) as server:
        ran = suite("--url", address(server), "--json", HMAC_SECRET_KEY=KEY)
        report = json.loads(ran.stdout)
        assert ran.returncode == 0, [check for check in report["checks"] if check["outcome"] == "failed"]
        assert report["skipped"] == 0
        keyless = suite("--url", address(server))
        assert keyless.returncode == 2
        assert "HMAC_SECRET_KEY" in keyless.stderr
        assert suite("--url", address(server), "--only", "proofs", HMAC_SECRET_KEY="a1" * 32).returncode == 1


def test_without_an_address_it_asks_the_port_of_the_settings(server: Server) -> None:
    """The service on this machine at PXL_SERVER_PORT; the report names the address that was asked."""
    port = address(server).rpartition(":")[2]
    ran = suite("--json", "--only", "health", PXL_SERVER_PORT=port)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["url"] == f"http://localhost:{port}"


@pytest.mark.parametrize(
    "arguments",
    [["--url", "nonsense"], ["--url", "http://127.0.0.1:{free}"], ["--only", "nothing"]],
    ids=["no address", "nobody", "no group"],
)
def test_what_cannot_run_is_status_2(arguments: list[str]) -> None:
    """With a message that says why, and no trace."""
    ran = suite(*(argument.format(free=free_port()) for argument in arguments))
    assert ran.returncode == 2
    assert ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_key_that_is_none_is_status_2(server: Server) -> None:
    """And the message does not show it."""
    ran = suite("--url", address(server), HMAC_SECRET_KEY="deadbeef")
    assert ran.returncode == 2
    assert "HMAC_SECRET_KEY" in ran.stderr
    assert "deadbeef" not in ran.stderr


@contextlib.contextmanager
def liar(server: Server, mutate: Mutate) -> Iterator[str]:
    """The service, but for what ``mutate`` does to its JSON answers."""

    class Handler(BaseHTTPRequestHandler):
        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            read = answer.read()
            if answer.getheader("content-type") == "application/json":
                document = json.loads(read)
                mutate(self.path, document)
                read = json.dumps(document).encode()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "date"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(read)))
            self.end_headers()
            self.wfile.write(read)
            connection.close()

        do_GET = do_POST = do_DELETE = do_PUT = forward  # noqa: N815 - the base class's names

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's signature
            """Nothing."""

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        yield f"http://127.0.0.1:{proxy.server_port}"
    finally:
        proxy.shutdown()
        serving.join()
        proxy.server_close()


def unverified(path: str, document: dict[str, Any]) -> None:
    if "verified" in document:
        document["verified"] = False


def everything_valid(path: str, document: dict[str, Any]) -> None:
    if document.get("verdict") == "invalid":
        document.update(verdict="valid", ok=True)


def another_world(path: str, document: dict[str, Any]) -> None:
    model = document.get("countermodel")
    if model and len(model["worlds"]) > 1:
        model["failing_world"] = model["worlds"][-1]
        model["valuation"] = {atom: list(model["worlds"]) for atom in model["valuation"]}


def a_relation_with_a_gap(path: str, document: dict[str, Any]) -> None:
    model = document.get("countermodel")
    if model and len(model["worlds"]) > 1:
        model["relation"]["pairs"] = [pair for pair in model["relation"]["pairs"] if pair[0] == pair[1] or pair[0] == "w0"]


def another_kernel(path: str, document: dict[str, Any]) -> None:
    if path == "/health":
        document["kernel_hash"] = "0" * 64


def no_cache(path: str, document: dict[str, Any]) -> None:
    if "cache_hit" in document:
        document["cache_hit"] = False


def null_metrics(path: str, document: dict[str, Any]) -> None:
    if path == "/metrics":
        document["logos_pxl_p95_latency_ms"] = None


def another_certificate(path: str, document: dict[str, Any]) -> None:
    if path.startswith("/certificates/"):
        document["certificate"] = "AAAA"


def endless_jobs(path: str, document: dict[str, Any]) -> None:
    if path.startswith("/jobs/") and document.get("status") == "cancelled":
        document["status"] = "running"


def honest(path: str, document: dict[str, Any]) -> None:
    """Change nothing."""


@pytest.mark.parametrize(
    ("mutate", "groups"),
    [
        (honest, set()),
        (unverified, {"proofs", "countermodels", "certificates", "cache", "metrics", "health"}),
        (everything_valid, {"proofs", "certificates", "cache"}),
        (another_world, {"countermodels", "cache"}),
        (a_relation_with_a_gap, {"countermodels", "cache"}),
        (another_kernel, {"health"}),
        (no_cache, {"cache"}),
        (null_metrics, {"metrics"}),
        (another_certificate, {"certificates"}),
        (endless_jobs, {"long goals"}),
    ],
)
def test_a_lie_is_found(server: Server, mutate: Mutate, groups: set[str]) -> None:
    """Whatever the service gets wrong, a check of that group fails, and the status is 1."""
    with liar(server, mutate) as url:
        # The stand-in would wait for the body that is announced and never sent.
        ran = suite("--url", url, "--json", "--skip", "limits")
    report = json.loads(ran.stdout)
    failed = {check["group"] for check in report["checks"] if check["outcome"] == "failed"}
    assert failed == groups, [check for check in report["checks"] if check["outcome"] == "failed"]
    assert ran.returncode == (1 if groups else 0)

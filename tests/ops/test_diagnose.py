"""``pxl ops diagnose`` on machines where something is really wrong; the rest of its causes are in the rehearsal and in unit tests."""

import http.server
import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from conftest import children, command
from e2e.running import ROOT
from ops.supervising import Place, supervised


def diagnosed(place: Place, **variables: str) -> dict[str, dict[str, Any]]:
    """What is wrong, by its name, in the order of the report."""
    place.variables.update(variables)
    document = json.loads(place.run("ops", "diagnose", "--json", expected=None))
    return {check["name"]: check for check in document["sections"][0]["checks"] if check["status"] != "fine"}


def test_a_port_that_somebody_else_has(folder: Path) -> None:
    """Who has it is named, before that the service dies of it."""
    with (
        supervised(folder) as place,
        http.server.ThreadingHTTPServer(("127.0.0.1", place.port), http.server.BaseHTTPRequestHandler) as stranger,
    ):
        serving = threading.Thread(target=stranger.serve_forever)
        serving.start()
        try:
            place.run("up", expected=2)
            found = diagnosed(place)
        finally:
            stranger.shutdown()
            serving.join()
        assert next(iter(found)) == "port taken"
        assert f"process {os.getpid()} " in found["port taken"]["value"]
        assert "another PXL_SERVER_PORT" in found["port taken"]["advice"]


@pytest.mark.parametrize("missing", ["serve.v", "theories/Checker"])
def test_kernel_files_that_are_missing(folder: Path, missing: str) -> None:
    """The folder or file is named, with how to make it; the kernel is really started to find out."""
    kernel = folder / "coq"
    kernel.mkdir()
    for name in ("theories", "plugin", "serve.v"):
        (kernel / name).symlink_to(ROOT / "coq" / name)
    if missing == "serve.v":
        (kernel / "serve.v").unlink()
    else:
        (kernel / "theories").unlink()
        (kernel / "theories").mkdir()
        (kernel / "theories" / "Kernel").symlink_to(ROOT / "coq" / "theories" / "Kernel")
    with supervised(folder / "project", PXL_COQ_DIR=str(kernel)) as place:
        found = diagnosed(place)
    assert list(found)[:2] == ["kernel missing", "service down"]
    assert missing in found["kernel missing"]["value"]
    assert "make build" in found["kernel missing"]["advice"]


def test_a_service_that_hangs_and_one_whose_canaries_fail(folder: Path) -> None:
    """Stopped sessions fail the canaries, a stopped service answers nobody; both are told apart, and both are critical."""
    with supervised(
        folder, PXL_CANARY_INTERVAL_S="0.5", PXL_CANARY_TIMEOUT_S="1", PXL_CANARY_MAX_AGE_S="3", PXL_HUNG_AFTER_S="600"
    ) as place:
        place.run("up")
        [service] = place.services()
        stopped: set[int] = set()

        def not_ready() -> bool:
            # Lost sessions are replaced: the new ones are stopped too, once they are Coq; until then they would not end with the service.
            for pid in children(service):
                if pid not in stopped and command(pid).partition(" ")[0].endswith("coqtop"):
                    os.kill(pid, signal.SIGSTOP)
                    stopped.add(pid)
            return place.status()["phase"] == "not ready"

        place.wait(not_ready)
        found = diagnosed(place)
        assert found["canary failing"]["status"] == "critical"
        os.kill(service, signal.SIGSTOP)
        found = diagnosed(place)
        assert found["service hung"]["status"] == "critical"
        assert "pxl restart" in found["service hung"]["advice"]
        os.kill(service, signal.SIGKILL)
        place.wait(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in stopped))

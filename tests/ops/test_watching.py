"""``pxl ops monitor`` and ``health-check`` on a real service."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.running import Server, free_port, running_server
from ops.test_reading import pxl

LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \| Verification: [\d.]+% \| P95: [\d.]+ms \| Cache: [\d.]+%$")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    """A service whose window holds thirty goals, and what its operator's environment says of it."""
    folder = tmp_path_factory.mktemp("watched")
    with running_server(folder, PXL_POOL_SIZE="1") as server:
        for number in range(30):
            server.prove(f"BOX(a{number} -> a{number})")
        yield server, {"PXL_SERVER_PORT": str(server.port), "PXL_LOG_DIR": str(server.logs), "PXL_DATA_DIR": str(server.data)}


def test_monitor_prints_the_manuals_lines(watched: tuple[Server, dict[str, str]], folder: Path) -> None:
    """One for each look, and an alert where the manual's table has one: thirty goals that are new give few hits."""
    _, variables = watched
    ran = pxl("ops", "monitor", "--count", "2", "--interval", "0.1", folder=folder, **variables)
    lines = [line for line in ran.stdout.splitlines() if not line.startswith("ALERT")]
    assert len(lines) == 2
    assert all(LINE.match(line) for line in lines), ran.stdout
    assert re.search(r"^ALERT: Cache hit rate below 70%: [\d.]+%$", ran.stdout, re.MULTILINE) or ran.returncode < 2


def test_a_service_that_is_gone_is_told_in_each_line(folder: Path) -> None:
    """N/A, an alert with the cause, and status 2."""
    port = free_port()
    ran = pxl("ops", "monitor", "--count", "1", folder=folder, PXL_SERVER_PORT=str(port))
    first, second = ran.stdout.splitlines()
    assert first.endswith("| Verification: N/A% | P95: N/Ams | Cache: N/A%")
    assert second.startswith("ALERT: service unreachable: ")
    assert ran.returncode == 2


def test_as_json_there_is_one_document(watched: tuple[Server, dict[str, str]], folder: Path) -> None:
    """With all samples and the availability that was seen."""
    _, variables = watched
    document = json.loads(pxl("ops", "monitor", "--json", "--count", "2", "--interval", "0.1", folder=folder, **variables).stdout)
    assert (len(document["samples"]), document["availability_percent"]) == (2, 100)
    assert document["samples"][0]["logos_pxl_verification_ratio_percent"] == 100


def test_the_daily_check_proves_both_ways(watched: tuple[Server, dict[str, str]], folder: Path) -> None:
    """The manual's five parts, in its order, with real proofs of goals that nobody asked before."""
    server, variables = watched
    before = server.client.get("/metrics").json()
    document = json.loads(pxl("ops", "health-check", "--json", folder=folder, **variables).stdout)
    after = server.client.get("/metrics").json()
    assert [section["title"][:2] for section in document["sections"]] == ["1.", "2.", "3.", "4.", "5."]
    proofs = document["sections"][4]["checks"]
    assert [proof["name"] for proof in proofs] == ["test proof, expected valid", "test proof, expected invalid"]
    for verdict in ("valid", "invalid"):
        name = f'logos_pxl_verdicts_total{{verdict="{verdict}"}}'
        assert after[name] - before[name] == 1
    kernel = 'logos_pxl_stage_duration_seconds_count{stage="kernel"}'
    assert after[kernel] - before[kernel] == 2


def test_the_daily_check_of_a_dead_service_is_critical(folder: Path) -> None:
    """With the last errors of its log, and where to look next."""
    (folder / "logs").mkdir()
    (folder / "logs" / "pxl-server.log").write_text("no time ERROR something: broke\nfine INFO x\n")
    ran = pxl("ops", "health-check", folder=folder, PXL_SERVER_PORT=str(free_port()))
    assert ran.returncode == 2
    assert "service down" in ran.stdout
    assert "pxl ops start" in ran.stdout
    assert "no time ERROR something: broke" in ran.stdout

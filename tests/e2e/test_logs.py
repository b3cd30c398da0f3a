"""The logs, as the operations manual reads them."""

import collections
import json
import re
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.asking import GOAL, JSON, exchange
from e2e.loading import Load
from e2e.running import Server, running_server

ACCESS = re.compile(
    r"(?P<client>[0-9a-f.:]+|-) - (?P<key>-|current|new|old) \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "
    r'"(?P<method>[A-Z-]+) (?P<path>[!-~]+) HTTP/(?P<version>[0-9.-]+)" (?P<status>\d{3}) (?P<bytes>\d+) "-" "(?P<agent>(?:[^"\\]|\\.)*)" '
    r"(?P<ms>\d+\.\d\d)ms (?P<id>[A-Za-z0-9._-]+)"
)
SERVER = re.compile(r"(?P<client>[0-9a-f.:]+ )?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (DEBUG|INFO|WARNING|ERROR|CRITICAL) \S.*")


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose logs only these tests fill."""
    with running_server(tmp_path_factory.mktemp("logged"), PXL_POOL_SIZE="1") as started:
        yield started


def lines(log: Path, holding: str, *, within_s: float = 8.0) -> list[str]:
    """The lines that hold a text, once there are some."""
    ends = time.monotonic() + within_s
    while True:
        time.sleep(0.1)
        found = [line for line in log.read_text().splitlines() if holding in line]
        if found or time.monotonic() > ends:
            return found


def test_a_request_has_a_line_that_begins_with_its_client(logged: Server) -> None:
    """In the combined log format; with the id that the answer names."""
    response = logged.client.post("/prove", content=GOAL, headers=JSON)
    [line] = lines(logged.logs / "access.log", response.headers["x-request-id"])
    found = ACCESS.fullmatch(line)
    assert found is not None, line
    assert (found["client"], found["method"], found["path"], found["status"]) == ("127.0.0.1", "POST", "/prove", "200")
    assert int(found["bytes"]) == len(response.content)
    assert 0 < float(found["ms"]) < 30_000


def test_the_manuals_commands_count_what_they_mean_to_count(logged: Server) -> None:
    """Requests by address, requests to prove, in both files."""
    before = {name: (logged.logs / name).read_text().count("POST /prove") for name in ("access.log", "pxl-server.log")}
    for _ in range(7):
        logged.client.post("/prove", content=GOAL, headers=JSON)
    time.sleep(1)
    for name in ("access.log", "pxl-server.log"):
        log = logged.logs / name
        counted = subprocess.run(["grep", "-c", "POST /prove", str(log)], capture_output=True, text=True, check=True)
        assert int(counted.stdout) - before[name] == 7
        commands = "grep -E 'POST /prove' \"$0\" | awk '{print $1}' | sort | uniq -c | sort -nr | head -10"
        top = subprocess.run(["bash", "-c", commands, str(log)], capture_output=True, text=True, check=True)
        assert [line.split()[1] for line in top.stdout.splitlines()] == ["127.0.0.1"]
    quiet = subprocess.run(
        ["bash", "-c", 'tail -n 50 "$0" | grep -i error', str(logged.logs / "pxl-server.log")], capture_output=True, check=False
    )
    assert quiet.stdout == b"", "no error happened"


@pytest.mark.parametrize("given", ["a", "client-1.2_3", "0" * 64, "4fd4f1c6-6d1c-4f0e-9d3a-3c8a9be8a0d3"])
def test_a_well_formed_request_id_is_kept(logged: Server, given: str) -> None:
    """It comes back and stands in the line."""
    assert logged.client.get("/health", headers={"X-Request-Id": given}).headers["x-request-id"] == given
    assert lines(logged.logs / "access.log", f" {given}")


@pytest.mark.parametrize("given", ["", "-a", "a b", "0" * 65, "a\u00e9", 'a"b', "a,b", "<script>"])
def test_another_request_id_is_replaced(logged: Server, given: str) -> None:
    """By one of ours, of 32 hexadecimal digits."""
    made = logged.client.get("/health", headers={"X-Request-Id": given.encode()}).headers["x-request-id"]  # type: ignore[dict-item]
    assert re.fullmatch(r"[0-9a-f]{32}", made)


def test_two_request_ids_are_none(logged: Server) -> None:
    """Nobody knows which of them is meant, so that one of ours is made."""
    [(_, headers, _)] = exchange(
        logged, b"GET /health HTTP/1.1\r\nHost: x\r\nX-Request-Id: a\r\nX-Request-Id: b\r\nConnection: close\r\n\r\n"
    )
    assert re.fullmatch(r"[0-9a-f]{32}", headers["x-request-id"])


def test_requests_that_cannot_be_read_are_told_too(logged: Server) -> None:
    """With an id that their answer names."""
    [(status, headers, _)] = exchange(logged, b"\x16\x03\x01 hello\r\n\r\n")
    assert status == 400
    [line] = lines(logged.logs / "access.log", headers["x-request-id"])
    assert ACCESS.fullmatch(line)


INJECTED = "\r\n10.9.8.7 - - forged"


def test_nothing_that_a_client_sends_makes_a_line(logged: Server) -> None:
    """Line feeds, escapes of terminals, quotes, in every place that a client fills: each line is one of ours, with an id."""
    logged.client.post("/prove", json={"goal": f"A {INJECTED} \x1b[31m\u2028 CRITICAL"})
    logged.client.post(f"/ERROR%0d%0a10.9.8.7/{'x' * 4000}")
    for field in (b'User-Agent: \x1b[31m"quoted\\\xc2\x85', b"User-Agent: " + b"a" * 5000, b"X-Request-Id: ab\tcd"):
        exchange(logged, b'POST /a"b\\c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n' + field + b"\r\n\r\n")
        exchange(logged, b'GET /health?"b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n' + field + b"\r\n\r\n")
    last = logged.client.get("/health").headers["x-request-id"]
    assert lines(logged.logs / "access.log", last)
    access, server = ((logged.logs / name).read_text() for name in ("access.log", "pxl-server.log"))
    for line in access.splitlines():
        assert ACCESS.fullmatch(line), line
        assert len(line) < 900
    for line in server.splitlines():
        assert SERVER.fullmatch(line), line
    assert "10.9.8.7" not in server
    assert "ERROR" not in server
    assert "CRITICAL" not in server
    for text in (access, server, logged.log.read_text()):
        assert all(character == "\n" or character.isprintable() for character in text)


def test_what_clients_submit_is_in_no_log(logged: Server) -> None:
    """Neither goals that are decided nor those that are refused, nor queries."""
    for goal in ("confidential_atom -> confidential_atom", "confidential_atom ->", "confidential_atom " * 3):
        logged.client.post("/prove?confidential_atom", json={"goal": goal})
        logged.client.post("/countermodel", json={"goal": goal, "confidential_atom": 1})
    last = logged.client.get("/health").headers["x-request-id"]
    assert lines(logged.logs / "access.log", last)
    for path in (logged.logs / "access.log", logged.logs / "pxl-server.log", logged.log):
        assert "confidential_atom" not in path.read_text()


def test_the_start_says_loudly_that_nobody_must_sign(logged: Server) -> None:
    """And /health says so too."""
    assert lines(logged.log, "WARNING service.gate.gate: HMAC authentication: DISABLED")
    assert logged.client.get("/health").json()["authentication"] == "off"


def assert_every_request_has_its_line(parts: dict[str, list[str]], load: Load) -> None:
    """Each id once in each log, and no line that is not whole."""
    wanted = collections.Counter(load.ids)
    for name, found in parts.items():
        form = ACCESS if name == "access" else SERVER
        assert all(form.fullmatch(line) for line in found)
        ids = collections.Counter(re.split(r"request_id=| ", line)[-1] for line in found if "POST /prove" in line)
        assert ids == wanted, f"{name}: {(wanted - ids).total()} lines are missing, {(ids - wanted).total()} are too many"


def test_renaming_and_sighup_lose_no_line_under_load(folder: Path) -> None:
    """As logrotate does, six times, while requests run."""
    with running_server(folder, PXL_POOL_SIZE="1", PXL_LOG_STDERR="false") as server:
        logs = server.logs
        with Load(server, clients=6) as load:
            for number in range(6):
                time.sleep(0.3)
                for name in ("access", "pxl-server"):
                    (logs / f"{name}.log").rename(logs / f"{name}.{number}")
                server.process.send_signal(signal.SIGHUP)
        assert set(load.statuses) == {200}
    parts = {
        name: [line for number in range(6) for line in (logs / f"{name}.{number}").read_text().splitlines()]
        + (logs / f"{name}.log").read_text().splitlines()
        for name in ("access", "pxl-server")
    }
    assert_every_request_has_its_line(parts, load)


def test_a_full_disk_for_logs_fails_no_request(folder: Path) -> None:
    """Lines wait in memory, and are written when there is room again."""
    with running_server(folder, PXL_POOL_SIZE="1", PXL_LOG_STDERR="false", PXL_CERTIFICATES_MAX="0") as server:
        server.client.post("/prove", content=GOAL, headers=JSON)
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, hard))
        ids = []
        for _ in range(50):
            response = server.client.post("/prove", content=GOAL, headers=JSON)
            assert response.status_code == 200
            ids.append(response.headers["x-request-id"])
        time.sleep(1)
        assert ids[0] not in (server.logs / "access.log").read_text()
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert lines(server.logs / "pxl-server.log", "access.log is written again")
        assert lines(server.logs / "access.log", ids[-1])
        text = (server.logs / "access.log").read_text()
        assert all(text.count(one) == 1 for one in ids)
        assert "cannot be written: File too large" in (server.logs / "pxl-server.log").read_text()


def test_json_lines_are_json(folder: Path) -> None:
    """Every line of both files is an object with time, and those of a request with its id."""
    with running_server(folder, PXL_POOL_SIZE="1", LOG_FORMAT="json") as server:
        request_id = server.client.post("/prove", content=GOAL, headers=JSON).headers["x-request-id"]
        server.client.get("/nothing", headers={"User-Agent": 'a"b'})
        assert lines(server.logs / "access.log", request_id)
        logs = server.logs
    access = [json.loads(line) for line in (logs / "access.log").read_text().splitlines()]
    events = [json.loads(line) for line in (logs / "pxl-server.log").read_text().splitlines()]
    assert all({"timestamp", "client", "method", "path", "status", "request_id"} <= line.keys() for line in access)
    assert all({"timestamp", "level", "event"} <= line.keys() for line in events)
    [asked] = [event for event in events if event["event"] == "POST /prove"]
    assert (asked["request_id"], asked["client"], asked["level"], asked["status"]) == (request_id, "127.0.0.1", "INFO", 200)
    assert "error" not in json.dumps(events).lower()


def test_a_start_that_fails_leaves_its_reason(folder: Path) -> None:
    """The manual's search for an immediate cause finds it."""
    with pytest.raises(AssertionError, match="PXL_COQ_DIR"), running_server(folder, PXL_COQ_DIR="/nowhere"):
        pass
    found = subprocess.run(
        ["bash", "-c", 'tail -50 "$0" | grep -E "ERROR|CRITICAL|FATAL"', str(folder / "logs" / "pxl-server.log")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "PXL_COQ_DIR" in found.stdout


def test_a_folder_that_cannot_be_written_ends_the_start(folder: Path) -> None:
    """With the name of the variable."""
    with pytest.raises(AssertionError, match=r"PXL_LOG_DIR='/proc/pxl'"), running_server(folder, PXL_LOG_DIR="/proc/pxl"):
        pass


def test_a_warning_of_a_request_names_it(folder: Path) -> None:
    """Also when another thread tells it: here the one that writes certificates."""
    with running_server(folder, PXL_POOL_SIZE="1") as server:
        certificates = server.data / "certificates"
        certificates.rename(server.data / "away")
        certificates.write_text("no folder")
        response = server.client.post("/prove", content=b'{"goal": "q -> q"}', headers=JSON)
        assert response.json()["certificate_stored"] is False
        [line] = lines(server.logs / "pxl-server.log", "could not be kept")
        assert f"request_id={response.headers['x-request-id']}" in line

"""The systemd unit: what it says fits the service, and the service works under what it forbids."""

import functools
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from deployment.expectations import (
    env_file,
    idle_s,
    require_an_end_without_loss,
    require_nginx_knows_jobs,
    settings_of,
    worst_case_bytes,
)
from e2e.running import ROOT, free_port

from logos_pxl.settings import Settings

UNIT = ROOT / "deploy" / "systemd" / "pxl-prover@.service"
ENV_FILE = ROOT / "deploy" / "systemd" / "pxl.env"
KEY = "5a" * 32


@functools.cache
def unit() -> dict[str, list[str]]:
    """Each name's values, in order."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def one(name: str) -> str:
    [value] = unit()[name]
    return value


def settings() -> Settings:
    """As a replica on port 8088 has them."""
    own = dict(said.replace("%i", "8088").split("=", 1) for said in unit()["Environment"])
    own = {name: value for name, value in own.items() if name.startswith("PXL_")}
    return settings_of({**env_file(ENV_FILE), "HMAC_SECRET_KEY": KEY, **own})


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    """By systemd-analyze verify, with the folder of this project for the one that it names."""
    instance = tmp_path / "pxl-prover@8088.service"
    instance.write_text(UNIT.read_text().replace("/opt/pxl", str(ROOT)))
    said = subprocess.run(["systemd-analyze", "verify", str(instance)], capture_output=True, text=True, timeout=60, check=False)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_what_is_started_is_there() -> None:
    """And it waits for the service's word, which tells when goals can be asked."""
    program, script = one("ExecStart").split()
    assert (ROOT / program.removeprefix("/opt/pxl/")).exists()
    assert (ROOT / script).is_file()
    assert one("WorkingDirectory") == "/opt/pxl"
    assert (one("Type"), one("KillMode")) == ("notify", "mixed")


def test_settings_fit_the_unit() -> None:
    """Names and values are the service's; its end, its folders and its memory are within what the unit allows."""
    told = settings()
    require_an_end_without_loss(told, grace_s=float(one("TimeoutStopSec")), idle_s=idle_s("host"))
    require_nginx_knows_jobs("host", {port: f"127.0.0.1:{port}" for port in ("8088", "8089")})
    assert (told.replica, told.server_port, told.server_host) == ("8088", 8088, "127.0.0.1")
    assert worst_case_bytes(told) <= int(one("MemoryMax").removesuffix("G")) << 30
    assert told.log_dir == Path("/var/log") / one("LogsDirectory").replace("%i", "8088")
    assert told.data_dir == Path("/var/lib") / one("StateDirectory")
    assert (told.hmac_auth_enabled, str(told.trusted_proxies[0])) == (True, "127.0.0.1/32")
    # systemd's default would end the service when one session is killed.
    assert one("OOMPolicy") == "continue"


def allowed_syscalls(groups: list[str]) -> list[str]:
    """The names that the filter's words stand for."""
    found: list[str] = []
    for word in groups:
        if word.startswith("@"):
            said = subprocess.run(
                ["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, timeout=30, check=True
            ).stdout
            found += allowed_syscalls([line.strip() for line in said.splitlines()[1:] if line.strip() and not line.strip().startswith("#")])
        else:
            found.append(word)
    return list(dict.fromkeys(found))


@contextmanager
def started_by_the_unit(folder: Path, groups: list[str], environment_file: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx2.Client]]:
    """The service under the unit's system call filter, when it has said that it is ready."""
    families = [int(getattr(socket, name)) for name in one("RestrictAddressFamilies").split()]
    rules = json.dumps({"syscalls": allowed_syscalls(groups), "families": families})
    port = free_port()
    here = {
        **dict(said.replace("%i", "8088").split("=", 1) for said in unit()["Environment"]),
        "PXL_SERVER_PORT": str(port),
        "PXL_LOG_DIR": str(folder / "logs"),
        "PXL_DATA_DIR": str(folder / "var"),
        "PXL_ENV_FILE": str(environment_file),
        "PXL_POOL_SIZE": "1",
        "PXL_DRAIN_DELAY": "0",
        "PXL_REDIS_URL": "",
        "NOTIFY_SOCKET": str(folder / "notify"),
        "PATH": os.environ["PATH"],
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor, (folder / "output").open("wb") as output:
        supervisor.bind(here["NOTIFY_SOCKET"])
        command = [sys.executable, str(Path(__file__).with_name("under_unit.py")), rules, sys.executable, str(ROOT / "serve_pxl.py")]
        process = subprocess.Popen(command, env=here, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 60
            while not select.select([supervisor], [], [], 0.1)[0]:
                assert process.poll() is None, (folder / "output").read_text()
                assert time.monotonic() < deadline, (folder / "output").read_text()
            assert supervisor.recv(100) == b"READY=1"
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                yield process, client
        finally:
            process.terminate()
            process.wait(60)


def env_file_without_redis(folder: Path) -> Path:
    path = folder / "pxl.env"
    path.write_text(re.sub("PXL_REDIS_URL=.*|ENABLE_HMAC_AUTH=true", "", ENV_FILE.read_text()))
    path.chmod(0o600)
    return path


def test_the_service_works_under_the_units_filter(tmp_path: Path) -> None:
    """It proves and refutes, its sessions confine themselves as they do without the unit, it reloads, and it ends with status 0."""
    with started_by_the_unit(tmp_path, " ".join(unit()["SystemCallFilter"]).split(), env_file_without_redis(tmp_path)) as (process, client):
        for goal, verdict in (("BOX(A -> A)", "valid"), ("A -> BOX(A)", "invalid")):
            answer = client.post("/prove", json={"goal": goal}).json()
            assert (answer["verdict"], answer["verified"], answer["certificate_stored"]) == (verdict, True, True)
        confinement = client.get("/health/proof_server").json()["session_pool"]["confinement"]
        assert not [said for said in confinement.values() if str(said).startswith("not ")], confinement
        process.send_signal(signal.SIGHUP)
        assert client.post("/prove", json={"goal": "A -> A"}).status_code == 200
    assert process.returncode == 0
    assert "not permitted" not in (tmp_path / "output").read_text()


def test_the_filter_is_in_force(tmp_path: Path) -> None:
    """Without the names that the unit adds for the sessions' sake, they say that they could not confine themselves."""
    with started_by_the_unit(tmp_path, ["@system-service"], env_file_without_redis(tmp_path)) as (_, client):
        confinement = client.get("/health/proof_server").json()["session_pool"]["confinement"]
    assert str(confinement["landlock"]).startswith("not ")


@pytest.mark.parametrize(
    "name", ["NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictSUIDSGID", "MemoryDenyWriteExecute", "PrivateDevices"]
)
def test_the_unit_confines(name: str) -> None:
    """Nothing of the machine that the service does not need."""
    assert one(name) == "yes"
    assert (one("ProtectSystem"), one("CapabilityBoundingSet"), one("User")) == ("strict", "", "pxl")

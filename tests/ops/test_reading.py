"""``pxl ops`` asks a real service."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.running import Server, free_port, running_server

from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.service import ServiceReader, service_url
from logos_pxl.settings import Settings

KEY = "3d" * 32
PXL = str(Path(sys.executable).with_name("pxl"))


def pxl(*arguments: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PXL, *arguments],
        cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_service_that_demands_signatures_is_asked_with_the_key(folder: Path) -> None:
    """State, figures and a verdict; without the key the refusal says what is missing."""
    with running_server(folder, ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=KEY, PXL_OPEN_PATHS="/health", PXL_POOL_SIZE="1") as server:
        url = f"http://127.0.0.1:{server.port}"
        reader = ServiceReader(url, key=KEY)
        assert reader.health()["ready"] is True
        assert reader.metrics()["logos_pxl_session_pool_max"] == 1
        assert reader.performance()["window_s"] == 86400
        assert (reader.prove("BOX(A -> A)")["verdict"], reader.prove("A -> BOX(A)")["verdict"]) == ("valid", "invalid")
        with pytest.raises(OperationFailed, match="it demands signed requests: set HMAC_SECRET_KEY"):
            ServiceReader(url).metrics()
        with pytest.raises(OperationFailed, match="it refuses our signature"):
            ServiceReader(url, key="4e" * 32).metrics()


def test_a_goal_that_is_none_is_refused_and_not_unknown(server: Server) -> None:
    """The service's own words reach the operator."""
    with pytest.raises(OperationFailed, match="The goal is malformed"):
        ServiceReader(f"http://127.0.0.1:{server.port}").prove("BOX(")


def test_no_service_is_told_as_such() -> None:
    """The address stands in the message."""
    port = free_port()
    with pytest.raises(ServiceUnreachable, match=f"127.0.0.1:{port}/health"):
        ServiceReader(f"http://127.0.0.1:{port}", timeout_s=2).health()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"PXL_SERVER_PORT": "9"}, "http://127.0.0.1:9"),
        ({"PXL_SERVER_HOST": "0.0.0.0"}, "http://127.0.0.1:8088"),
        ({"PXL_SERVER_HOST": "::"}, "http://[::1]:8088"),
        ({"PXL_SERVER_HOST": "fe80::1"}, "http://[fe80::1]:8088"),
        ({"PXL_OPS_URL": "https://pxl.example/x/"}, "https://pxl.example/x/"),
    ],
)
def test_the_address_comes_from_the_settings(variables: dict[str, str], expected: str) -> None:
    """``PXL_OPS_URL``, else where this machine reaches the service."""
    assert service_url(Settings(**variables)) == expected


def test_a_command_that_cannot_tell_ends_with_status_3(folder: Path) -> None:
    """With ``--json`` in JSON, else on standard error."""
    told = pxl("ops", "status", folder=folder, PXL_POOL_SIZE="none")
    assert (told.returncode, told.stdout) == (3, "")
    assert "PXL_POOL_SIZE='none'" in told.stderr
    document = json.loads(pxl("ops", "status", "--json", folder=folder, PXL_POOL_SIZE="none").stdout)
    assert (document["command"], document["status"], document["exit_status"]) == ("status", "unknown", 3)


def test_no_default_address_is_asked_without_settings(folder: Path) -> None:
    """In a folder without settings a command that asks the service ends with status 3 and says what is missing."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PXL_")}
    for command in ("status", "health-check", "monitor"):
        ran = subprocess.run([PXL, "ops", command], cwd=folder, env=clean, capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 3, ran
        assert f"there is no settings file ({folder}/.env" in ran.stdout + ran.stderr
        assert "set PXL_ENV_FILE or PXL_OPS_URL" in ran.stdout + ran.stderr


def test_a_report_says_what_it_asked(folder: Path) -> None:
    """Address, settings file, folder and target, for people and in JSON."""
    (folder / ".env").write_text(f"PXL_SERVER_PORT={free_port()}\n")
    document = json.loads(pxl("ops", "status", "--json", folder=folder).stdout)
    assert document["asked"]["settings"] == str(folder / ".env")
    assert document["asked"]["folder"] == str(folder)
    assert document["asked"]["service"] == document["about"]
    shown = pxl("ops", "status", folder=folder).stdout
    assert f"service: {document['about']}; settings: {folder}/.env; folder: {folder}; target: " in shown

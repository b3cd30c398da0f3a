"""Live servers in the state in which an operator finds them."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.running import ROOT, Server, free_port, running_server
from manual.commands import Place

KEY = "c7" * 32
MANUALS_PORT = 8088


def port() -> int:
    """The manual's, when nobody has it."""
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", MANUALS_PORT))
        except OSError:
            return free_port()
    return MANUALS_PORT


def uncounted_port() -> int:
    """One whose number, which the log tells at the start, ``grep -c 401`` does not count."""
    return next(port for _ in range(100) if "401" not in str(port := free_port()))


def work(server: Server) -> None:
    """A morning's requests: goals of both kinds, many of them again, some equivalent, one malformed."""
    for number in range(20):
        for pattern in ("BOX(a{0} -> a{0})", "BOX(a{0} -> b) -> (BOX(a{0}) -> BOX(b))", "a{0} -> BOX(a{0})"):
            for _ in range(4):
                assert server.prove(pattern.format(number % 5)).status_code == 200
    assert server.prove("BOX(").status_code == 400


def place(server: Server, folder: Path, environment: dict[str, str]) -> Place:
    """The folder as the manual's commands find it."""
    (folder / "integration_test_suite.py").symlink_to(ROOT / "integration_test_suite.py")
    return Place(server, folder, environment)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A service as ``make run`` starts it."""
    folder = tmp_path_factory.mktemp("live")
    settings = {"PXL_SERVER_PORT": str(port()), "PXL_CACHE_TTL": "300", "PXL_POOL_SIZE": "5", "PXL_PERFORMANCE_INTERVAL_S": "1"}
    with running_server(folder, **settings) as server:
        work(server)
        # Until logs and figures are written.
        time.sleep(1.5)
        yield place(server, folder, {})


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A service that demands signatures, and the environment of the operator who started it."""
    folder = tmp_path_factory.mktemp("secured")
    environment = {"ENABLE_HMAC_AUTH": "true", "HMAC_SECRET_KEY": KEY}
    with running_server(folder, PXL_SERVER_PORT=str(uncounted_port()), PXL_POOL_SIZE="1", **environment) as server:
        for _ in range(3):
            assert server.prove("A -> A").status_code == 401
        time.sleep(0.5)
        yield place(server, folder, {name: value for name, value in os.environ.items() if name.startswith("HMAC")} | environment)

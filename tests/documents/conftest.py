"""The servers that the pages speak of as localhost:8088."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from documents.blocks import Page
from documents.running_pages import Visit, visiting
from e2e.running import Server, free_port, running_server

KEY = "c7" * 32

Open = Callable[[Page], AbstractContextManager[Visit]]


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of the pages that only ask."""
    with running_server(tmp_path_factory.mktemp("documents"), PXL_PERFORMANCE_INTERVAL_S="1") as server:
        yield server


@pytest.fixture
def open_page(shared_server: Server, tmp_path: Path) -> Open:
    """Opens a page beside the server that it wants."""

    @contextlib.contextmanager
    def open_one(page: Page) -> Iterator[Visit]:
        if page.server == "shared":
            with visiting(page, tmp_path, shared_server.port, {}) as visit:
                yield visit
        elif page.server == "none":
            with visiting(page, tmp_path, free_port(), {}) as visit:
                yield visit
        else:
            with beside_own_server(page, tmp_path) as visit:
                yield visit

    return open_one


@contextlib.contextmanager
def beside_own_server(page: Page, scratch: Path) -> Iterator[Visit]:
    """A page with a server of its own, whose logs are in the page's folder; ``signed``: it demands signatures."""
    secret = {"ENABLE_HMAC_AUTH": "true", "HMAC_SECRET_KEY": KEY} if page.server == "signed" else {}
    port = free_port()
    with visiting(page, scratch, port, secret) as visit:
        folders = {"PXL_LOG_DIR": str(visit.folder / "logs"), "PXL_DATA_DIR": str(visit.folder / "var")}
        started = running_server(scratch, PXL_SERVER_PORT=str(port), PXL_PERFORMANCE_INTERVAL_S="1", **folders, **secret)
        with started:
            yield visit

"""The server that most tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.running import Server, running_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the default limits and a pool of two, which forgets: what a test asks does not depend on what others asked."""
    with running_server(tmp_path_factory.mktemp("server"), PXL_CACHE_TTL="0") as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    return tmp_path

"""The installation that the live tests of a module share: starting it takes longer than most of them."""

from collections.abc import Iterator

import pytest
from monitoring.installation import Installation, running_installation


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Service, Prometheus, Alertmanager, and the world outside, up."""
    with running_installation(tmp_path_factory.mktemp("installation")) as started:
        yield started

"""What tests of every kind share: the settings of real sessions, real pools, and the count of the dead."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from turns import Turns

from logos_pxl.kernel import PoolEvent, SessionPool, coq_sessions
from logos_pxl.settings import PoolSettings, SessionSettings, Settings

OpenPool = Callable[..., Awaitable[SessionPool]]


# How long an example takes says how loaded the machine is.
hypothesis.settings.register_profile("tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("tests")

# Test files start in this order when several workers share them: a long file that starts last would be waited for by all.
_FOLDERS_IN_ORDER = ("documents", "ops", "deployment", "monitoring", "web", "faults", "coq", "manual", "agreement", "bench", "e2e", "unit")


def pytest_configure(config: pytest.Config) -> None:
    """Before the temporary folders are made.

    Programs that tests start obey Ctrl-C, also when these tests were started in the background of a shell, which ignores it. The folders of
    a worker have short names: the path of a Unix socket has 107 bytes at most.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        given = Path(config.option.basetemp)
        config.option.basetemp = str(given.with_name(given.name.removeprefix("popen-gw")))
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort: first the tests that run alone, then by folder, folders that the order does not name first; otherwise the order stays."""
    here, ranks = Path(__file__).parent, {name: rank for rank, name in enumerate(_FOLDERS_IN_ORDER, 1)}
    items.sort(key=lambda item: (not runs_alone(item), ranks.get(item.path.relative_to(here).parts[0], 0)))


def runs_alone(item: pytest.Item | None) -> bool:
    """Whether a test is marked ``alone``: no other worker runs a test at the same time."""
    return item is not None and item.get_closest_marker("alone") is not None


_turns = Turns()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Hold this worker's turn during the test with its fixtures; tests in a row that run alone have one turn."""
    _turns.take(alone=runs_alone(item))
    try:
        return (yield)
    finally:
        if not (runs_alone(item) and runs_alone(nextitem)):
            _turns.leave()


@pytest.fixture(scope="session")
def session_settings() -> SessionSettings:
    """The settings of real Coq sessions; fails, and does not skip, when the kernel is not built."""
    return Settings.load().session()


@pytest.fixture
def pool_settings() -> PoolSettings:
    """A small pool."""
    return replace(Settings.load().pool(), size=2, spares=1)


@pytest.fixture
async def open_pool(session_settings: SessionSettings, pool_settings: PoolSettings) -> AsyncIterator[OpenPool]:
    """Opens pools of real sessions, closes them after the test, and looks whether anything stayed behind.

    Keywords are fields of PoolSettings; ``session`` replaces the session's settings, ``events`` is a list that collects events.
    """
    async with AsyncExitStack() as stack:

        async def open_one(
            *, session: SessionSettings = session_settings, events: list[PoolEvent] | None = None, **fields: Any
        ) -> SessionPool:
            collect = (lambda _event: None) if events is None else events.append
            pool = SessionPool(replace(pool_settings, **fields), coq_sessions(session), collect)
            return await stack.enter_async_context(pool)

        yield open_one
    assert asyncio.all_tasks() == {asyncio.current_task()}, "a pool left tasks behind"


@pytest.fixture(autouse=True)
def no_process_stays_behind() -> Iterator[None]:
    """After each test, this process has no children that it did not have before, dead or alive."""
    before = children(os.getpid())
    yield
    stayed = children(os.getpid()) - before
    assert not stayed, f"processes stayed behind: {[(pid, command(pid)) for pid in stayed]}"


@pytest.fixture
def session_pids() -> Callable[[], set[int]]:
    """The Coq processes that this process has started and that live."""
    return lambda: {pid for pid in children(os.getpid()) if "coqtop" in command(pid)}


def children(parent: int) -> set[int]:
    """The children of a process, zombies included."""
    found: set[int] = set()
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended meanwhile
            found.update(int(pid) for pid in task.read_text().split())
    return found


def command(pid: int) -> str:
    """A process's command line; empty for a zombie or none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except FileNotFoundError:
        return ""


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    """Waits until something holds, and fails when it does not within ``within_s``."""

    async def wait(holds: Callable[[], bool], *, within_s: float = 10.0) -> None:
        deadline = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < deadline, f"still not so after {within_s:g} s"
            await asyncio.sleep(0.01)

    return wait

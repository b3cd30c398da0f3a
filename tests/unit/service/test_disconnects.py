"""Work that ends when its client goes away."""

import asyncio

import pytest
from starlette.requests import ClientDisconnect, Request

from logos_pxl.service.disconnects import CONNECTION, Connection, while_connected


class Work:
    """Something that takes long, and notices when it is cancelled."""

    def __init__(self) -> None:
        self.begun = self.cancelled = False
        self.end = asyncio.Event()

    async def done(self) -> str:
        """The result."""
        self.begun = True
        try:
            await self.end.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return "done"


def asked() -> tuple[Connection, Work, "asyncio.Task[str]"]:
    """A connection, the work for its request, and the request's task."""
    connection, work = Connection(), Work()
    request = Request({"type": "http", "headers": [], CONNECTION: connection})
    return connection, work, asyncio.create_task(while_connected(request, work.done()))


async def test_work_that_ends_first_is_answered() -> None:
    """And whoever goes away afterwards cancels nothing: the task may be at other work by then."""
    connection, work, task = asked()
    await asyncio.sleep(0)
    work.end.set()
    assert await task == "done"
    connection.lost()
    assert (work.cancelled, task.cancelling()) == (False, 0)


async def test_a_client_that_goes_away_cancels_the_work() -> None:
    """The request is told, and is not cancelled itself: it has its own last things to do."""
    connection, work, task = asked()
    await asyncio.sleep(0)
    connection.lost()
    with pytest.raises(ClientDisconnect):
        await task
    assert work.cancelled
    assert task.cancelling() == 0


async def test_for_a_client_that_is_gone_nothing_is_begun() -> None:
    """Not even for a moment."""
    connection, work, task = asked()
    connection.lost()
    with pytest.raises(ClientDisconnect):
        await task
    assert not work.begun


@pytest.mark.parametrize("lost_too", [False, True])
async def test_a_request_that_is_cut_off_stays_cancelled(lost_too: bool) -> None:
    """The service ends; that its client went away in the same moment does not hide it."""
    connection, work, task = asked()
    await asyncio.sleep(0)
    task.cancel()
    if lost_too:
        connection.lost()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.cancelled


async def test_the_end_in_the_moment_of_the_loss_cancels_nothing_later() -> None:
    """The work is done and the client goes before the request runs on: then it ends as one whose client went away."""
    connection, work, task = asked()
    await asyncio.sleep(0)
    work.end.set()
    connection.lost()
    with pytest.raises(ClientDisconnect):
        await task
    assert task.cancelling() == 0

"""Work that ends when its client goes away.

The connection itself tells: watching for it by ASGI's ``receive`` would take two tasks a request, a tenth of what a new goal costs.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

Result = TypeVar("Result")

CONNECTION = "logos_pxl.connection"
"""Where the protocol leaves the ``Connection`` of a request in its scope."""


class Connection:
    """Whether the client is still there. One request at a time listens."""

    __slots__ = ("_listener", "gone")

    def __init__(self) -> None:
        self.gone = False
        self._listener: Callable[[], object] | None = None

    def listen(self, listener: Callable[[], object] | None) -> None:
        """Have ``listener`` called when the client goes away; ``None``: nobody listens any more."""
        self._listener = listener

    def lost(self) -> None:
        """The client has gone."""
        self.gone = True
        if self._listener is not None:
            self._listener()


async def while_connected(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of ``work``.

    When the client of ``request`` goes away first, ``work`` is cancelled. Raises ClientDisconnect.
    """
    connection: Connection = request.scope[CONNECTION]
    task = asyncio.current_task()
    if connection.gone or task is None:
        work.close()
        raise ClientDisconnect
    # As asyncio.timeout does it: the cancellation is ours when nobody else has asked for one.
    cancelling = task.cancelling()
    connection.listen(task.cancel)
    try:
        return await work
    except asyncio.CancelledError:
        if connection.gone and task.uncancel() <= cancelling:
            raise ClientDisconnect from None
        raise
    finally:
        connection.listen(None)

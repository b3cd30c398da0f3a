"""The client for asyncio, with the methods, answers and errors of ``PxlClient``."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager, suppress
from types import TracebackType
from typing import Self

import httpx2

from logos_pxl.client import calls
from logos_pxl.client.calls import Call, Reply, T
from logos_pxl.client.connecting import Body, Endpoint, Retrying
from logos_pxl.client.errors import reply_error
from logos_pxl.client.streams import BatchItem, BatchState, Watching
from logos_pxl.client.synchronous import Progress
from logos_pxl.wire.errors import PxlError
from logos_pxl.wire.state import Health
from logos_pxl.wire.verdicts import Certificate, CountermodelSearch, Verdict
from logos_pxl.wire.work import Job

_OK = 200


class AsyncPxlClient:
    """A client of a PXL service for one event loop. Close it, or use it in an ``async with`` block.

    >>> async def main():
    ...     async with AsyncPxlClient(URL) as client:
    ...         first, second = await asyncio.gather(client.prove("BOX p -> p"), client.prove("p -> BOX p"))
    ...     return first.valid, second.invalid
    >>> asyncio.run(main())
    (True, True)
    """

    def __init__(self, url: str, *, key: str | None = None, retrying: Retrying | None = None, default_s: float = 60.0) -> None:
        """As for ``PxlClient``."""
        self._endpoint = Endpoint(url, key, retrying or Retrying(), default_s)
        self._http = httpx2.AsyncClient(base_url=url, auth=self._endpoint.auth)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def prove(self, goal: str, *, timeout_ms: int | None = None) -> Verdict:
        """As ``PxlClient.prove``. Cancelling the task cancels the search."""
        return await self._ask(calls.prove(goal, timeout_ms, default_s=self._endpoint.default_s))

    async def countermodel(self, goal: str, *, timeout_ms: int | None = None) -> CountermodelSearch:
        """As ``PxlClient.countermodel``."""
        return await self._ask(calls.countermodel(goal, timeout_ms, default_s=self._endpoint.default_s))

    async def prove_many(
        self, goals: Iterable[str], *, timeout_ms: int | None = None, size: int = 200, progress: Progress | None = None
    ) -> AsyncIterator[BatchItem]:
        """As ``PxlClient.prove_many``.

        >>> async def main():
        ...     async with AsyncPxlClient(URL) as client:
        ...         return sorted([item.index async for item in client.prove_many(["p", "p -> p"])])
        >>> asyncio.run(main())
        [0, 1]
        """
        report = progress or (lambda _done, _total: None)
        state = BatchState(list(goals), timeout_ms, size=size, default_s=self._endpoint.default_s)
        while (call := state.next_call()) is not None:
            async with aclosing(self._stream(state, call)) as items:
                async for item in items:
                    report(state.done, state.total)
                    yield item
        for index in state.postponed:
            try:
                item = state.asked_again(index, await self.prove(state.goal(index), timeout_ms=timeout_ms), None)
            except PxlError as error:
                item = state.asked_again(index, None, error)
            report(state.done, state.total)
            yield item

    async def submit(self, goal: str, *, timeout_ms: int | None = None) -> Job:
        """As ``PxlClient.submit``."""
        return await self._ask(calls.submit(goal, timeout_ms))

    async def job(self, job: Job | str, *, wait_s: int = 0) -> Job:
        """As ``PxlClient.job``."""
        return await self._ask(calls.job(job, wait_s=wait_s))

    async def wait(self, job: Job | str, *, progress: Callable[[Job], None] | None = None) -> Verdict:
        """As ``PxlClient.wait``."""
        while True:
            state = await self.job(job, wait_s=calls.POLL_S)
            if progress is not None:
                progress(state)
            if state.over:
                return calls.job_verdict(state)

    async def watch(self, job: Job | str) -> AsyncIterator[Job]:
        """As ``PxlClient.watch``."""
        watching = Watching(job)
        while not watching.over:
            async with self._opened(watching.next_call()) as response:
                with self._endpoint.reading(watching):
                    async for event in httpx2.EventSource(response):
                        if event.data:  # other events set the time to reconnect
                            yield watching.take(event.id, event.data)

    async def cancel(self, job: Job | str) -> None:
        """As ``PxlClient.cancel``."""
        await self._ask(calls.cancel(job))

    async def prove_long(self, goal: str, *, timeout_ms: int | None = None, progress: Callable[[Job], None] | None = None) -> Verdict:
        """As ``PxlClient.prove_long``. Cancelling the task cancels the job."""
        job = await self.submit(goal, timeout_ms=timeout_ms)
        try:
            return calls.about(await self.wait(job, progress=progress), goal)
        except BaseException:
            # In a separate task: this one is being cancelled.
            with suppress(PxlError):
                await asyncio.shield(asyncio.ensure_future(self.cancel(job)))
            raise

    async def certificate(self, verdict: Verdict | CountermodelSearch | str) -> Certificate:
        """As ``PxlClient.certificate``."""
        return await self._ask(calls.certificate(verdict))

    async def coq_file(self, verdict: Verdict | CountermodelSearch | str) -> str:
        """As ``PxlClient.coq_file``."""
        return await self._ask(calls.coq_file(verdict))

    async def health(self) -> Health:
        """As ``PxlClient.health``."""
        return await self._ask(calls.health())

    async def _ask(self, call: Call[T]) -> T:
        deadline = self._endpoint.deadline(call)
        async for attempt in self._endpoint.retrying.tries_async(deadline):
            with attempt:
                return call.read(await self._reply(call, deadline))
        raise AssertionError("unreachable: the last attempt raises")

    async def _reply(self, call: Call[T], deadline: float) -> Reply:
        with self._endpoint.errors():
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                return await self._read(await self._send(call, deadline), deadline)

    async def _stream(self, state: BatchState, call: Call[None]) -> AsyncGenerator[BatchItem, None]:
        async with self._opened(call) as response:
            with self._endpoint.reading(state):
                async for piece in response.aiter_bytes():
                    for item in state.feed(piece):
                        yield item

    @asynccontextmanager
    async def _opened(self, call: Call[T]) -> AsyncIterator[httpx2.Response]:
        """A stream whose status is 200. Opening it is retried, reading it is not."""
        deadline = self._endpoint.deadline(call)
        async for attempt in self._endpoint.retrying.tries_async(deadline):
            with attempt:
                response = await self._open(call, deadline)
        try:
            yield response
        finally:
            await response.aclose()

    async def _open(self, call: Call[T], deadline: float) -> httpx2.Response:
        with self._endpoint.errors():
            response = await self._send(call, deadline)
            if response.status_code == _OK:
                return response
            reply = await self._read(response, deadline)
        raise reply_error(reply.status, reply.headers, reply.body)

    async def _send(self, call: Call[T], deadline: float) -> httpx2.Response:
        return await self._http.send(self._http.build_request(**self._endpoint.options(call, deadline)), stream=True)

    async def _read(self, response: httpx2.Response, deadline: float) -> Reply:
        body = Body(response, deadline)
        try:
            async for piece in response.aiter_bytes():
                body.add(piece)
        finally:
            await response.aclose()
        return body.reply()

"""The client for asyncio: the same calls, answers and errors as ``PxlClient``."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager, suppress
from types import TracebackType
from typing import Self

import httpx2

from logos_pxl.client import calls, jobs
from logos_pxl.client.batches import BatchItem, BatchState
from logos_pxl.client.calls import Call, Reply, T
from logos_pxl.client.connecting import Body, Endpoint
from logos_pxl.client.errors import ConnectionFailed
from logos_pxl.client.refusals import refusal
from logos_pxl.client.retrying import Retrying
from logos_pxl.client.synchronous import Progress
from logos_pxl.wire.errors import PxlError
from logos_pxl.wire.state import Health
from logos_pxl.wire.verdicts import Certificate, CountermodelSearch, Verdict
from logos_pxl.wire.work import Job

_OK = 200


class AsyncPxlClient:
    """Asks a PXL service. Belongs to one event loop; close it, or use it in an ``async with`` block.

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
        """As ``PxlClient.prove``; cancelling it cancels the search."""
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
        tell = progress or (lambda _done, _total: None)
        state = BatchState(list(goals), timeout_ms, size=size, default_s=self._endpoint.default_s)
        while (call := state.next_call()) is not None:
            async with aclosing(self._stream(state, call)) as items:
                async for item in items:
                    tell(state.done, state.total)
                    yield item
        for index in state.postponed:
            try:
                item = state.asked_again(index, await self.prove(state.goal(index), timeout_ms=timeout_ms), None)
            except PxlError as error:
                item = state.asked_again(index, None, error)
            tell(state.done, state.total)
            yield item

    async def submit(self, goal: str, *, timeout_ms: int | None = None) -> Job:
        """As ``PxlClient.submit``."""
        return await self._ask(calls.submit(goal, timeout_ms))

    async def job(self, job: Job | str, *, wait_s: int = 0) -> Job:
        """As ``PxlClient.job``."""
        return await self._ask(calls.job(jobs.id_of(job), wait_s=wait_s))

    async def wait(self, job: Job | str, *, progress: Callable[[Job], None] | None = None) -> Verdict:
        """As ``PxlClient.wait``."""
        while True:
            standing = await self.job(job, wait_s=jobs.POLL_S)
            if progress is not None:
                progress(standing)
            if standing.over:
                return jobs.verdict_of(standing)

    async def watch(self, job: Job | str) -> AsyncIterator[Job]:
        """As ``PxlClient.watch``."""
        watching = jobs.Watching(jobs.id_of(job))
        while not watching.over:
            try:
                async with self._opened(watching.next_call()) as response:
                    async for event in httpx2.EventSource(response):
                        if event.data:  # others tell when to connect again
                            yield watching.take(event.id, event.data)
            except httpx2.TransportError as error:
                watching.ended(self._endpoint.failed(error))
            else:
                watching.ended(None)

    async def cancel(self, job: Job | str) -> None:
        """As ``PxlClient.cancel``."""
        await self._ask(calls.cancel(jobs.id_of(job)))

    async def prove_long(self, goal: str, *, timeout_ms: int | None = None, progress: Callable[[Job], None] | None = None) -> Verdict:
        """As ``PxlClient.prove_long``; cancelled, it cancels the job."""
        job = await self.submit(goal, timeout_ms=timeout_ms)
        try:
            return calls.about(await self.wait(job, progress=progress), goal)
        except BaseException:
            # In a task of its own: this one is being cancelled.
            with suppress(PxlError):
                await asyncio.shield(asyncio.ensure_future(self.cancel(job)))
            raise

    async def certificate(self, verdict: Verdict | CountermodelSearch | str) -> Certificate:
        """As ``PxlClient.certificate``."""
        return jobs.fitting(await self._ask(calls.certificate(jobs.certificate_id_of(verdict))), verdict)

    async def coq_file(self, verdict: Verdict | CountermodelSearch | str) -> str:
        """As ``PxlClient.coq_file``."""
        return await self._ask(calls.coq_file(jobs.certificate_id_of(verdict)))

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
        body = Body(deadline)
        try:
            async with (
                asyncio.timeout(max(0.0, deadline - time.monotonic())),
                self._http.stream(
                    call.method, call.target, content=call.body, headers=call.headers, timeout=self._endpoint.timeout(call, deadline)
                ) as response,
            ):
                async for piece in response.aiter_bytes():
                    body.add(piece)
                return Reply(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body.whole())
        except TimeoutError as error:
            raise ConnectionFailed("the answer came too slowly to be waited for any longer") from error
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise self._endpoint.failed(error) from error

    async def _stream(self, state: BatchState, call: Call[None]) -> AsyncGenerator[BatchItem, None]:
        try:
            async with self._opened(call) as response:
                async for piece in response.aiter_bytes():
                    for item in state.feed(piece):
                        yield item
        except httpx2.TransportError as error:
            state.ended(self._endpoint.failed(error))
        else:
            state.ended()

    @asynccontextmanager
    async def _opened(self, call: Call[T]) -> AsyncIterator[httpx2.Response]:
        """A stream whose head has come and is 200; opening it is tried again, reading it is not."""
        deadline = self._endpoint.deadline(call)
        async for attempt in self._endpoint.retrying.tries_async(deadline):
            with attempt:
                response = await self._open(call, deadline)
        try:
            yield response
        finally:
            await response.aclose()

    async def _open(self, call: Call[T], deadline: float) -> httpx2.Response:
        try:
            request = self._http.build_request(
                call.method, call.target, content=call.body, headers=call.headers, timeout=self._endpoint.timeout(call, deadline)
            )
            response = await self._http.send(request, stream=True)
            if response.status_code == _OK:
                return response
            body = Body(deadline)
            try:
                async for piece in response.aiter_bytes():
                    body.add(piece)
            finally:
                await response.aclose()
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise self._endpoint.failed(error) from error
        raise refusal(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body.whole())

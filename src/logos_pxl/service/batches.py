"""POST /prove/batch: many goals, each verdict sent as soon as it is there.

Invariant: every goal has exactly one line, with its index, whatever happens to the others. No more lines wait for the reader than goals are
worked on at once; when the client goes away, the goals that are left are not begun, and those at work are cancelled.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from pydantic_core import to_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from logos_pxl.errors import BatchTooLarge, PxlError
from logos_pxl.proving.documents import prove_document
from logos_pxl.runtime import Runtime
from logos_pxl.service.answers import verdict_response
from logos_pxl.service.bodies import read_json
from logos_pxl.service.disconnects import StreamedResponse
from logos_pxl.service.problems import InvalidFields, defect, problem_of
from logos_pxl.service.reading import read_goal, request_budget_s
from logos_pxl.service.service import Service
from logos_pxl.wire.http import LINES
from logos_pxl.wire.work import BatchRequest

_log = logging.getLogger(__name__)

_CLIENT_CLOSED_REQUEST = 499
_OK = 200


async def prove_batch(service: Service, request: Request) -> Response:
    """Decide goals. The answer has one line for each, in the order in which they are decided."""
    runtime, settings = service.runtime, service.runtime.settings
    try:
        asked = await read_json(request, BatchRequest, max_bytes=settings.max_request_bytes, timeout_s=settings.connection_timeout_s)
    except ClientDisconnect:
        return Response(status_code=_CLIENT_CLOSED_REQUEST)
    if len(asked.goals) > settings.batch_max_goals:
        raise BatchTooLarge(
            f"the batch holds {len(asked.goals)} goals; this server allows at most {settings.batch_max_goals} (PXL_BATCH_MAX_GOALS)"
        )
    budget_s = request_budget_s(asked.timeout_ms, settings)
    runtime.observer.batch(len(asked.goals))
    pieces = _Batch(runtime).lines(asked.goals, budget_s, time.monotonic() + settings.batch_timeout_s)
    return StreamedResponse(request, pieces, media_type=LINES, send_timeout_s=settings.connection_timeout_s)


class _Batch:
    """The goals of one request."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._queue = runtime.batches

    async def lines(self, goals: list[Any], budget_s: float, deadline: float) -> AsyncGenerator[bytes, None]:
        left = iter(enumerate(goals))
        done: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)
        workers = [asyncio.create_task(self._work(left, done, budget_s, deadline)) for _ in range(min(self._queue.workers, len(goals)))]
        try:
            for _ in goals:
                yield await done.get()
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.wait(workers)

    async def _work(self, left: Iterator[tuple[int, Any]], done: asyncio.Queue[bytes], budget_s: float, deadline: float) -> None:
        for index, text in left:
            await done.put(_line(index, await self._answer(index, text, budget_s, deadline)))

    async def _answer(self, index: int, text: object, budget_s: float, deadline: float) -> Response:
        """What ``POST /prove`` would answer to this goal alone."""
        try:
            return await self._decided(_goal_text(index, text), budget_s, deadline)
        except PxlError as error:
            self._runtime.observer.rejected(error.code)
            return problem_of(error)
        except Exception:  # noqa: BLE001 - the goal's line tells of it, and no other goal suffers
            _log.exception("goal %d of a batch failed", index)
            return defect()

    async def _decided(self, text: str, budget_s: float, deadline: float) -> Response:
        came = time.monotonic()
        async with self._queue.turn(deadline):
            waited_ms = (time.monotonic() - came) * 1000
            read = await read_goal(text, self._runtime.goal_limits)
            until = min(deadline, time.monotonic() + budget_s - read.parse_s)
            verdict = await self._queue.decide_in_turn(read.goal, deadline=until, parse_ms=read.parse_s * 1000, waited_ms=waited_ms)
        return verdict_response(verdict, prove_document)


def _goal_text(index: int, given: object) -> str:
    if isinstance(given, str):
        return given
    message = f"a goal is a string, not {type(given).__name__}"
    raise InvalidFields(f"goals.{index}: {message}", [{"field": f"goals.{index}", "message": message}])


def _line(index: int, response: Response) -> bytes:
    key = b',"result":' if response.status_code == _OK else b',"problem":'
    return to_json({"index": index, "status": response.status_code})[:-1] + key + bytes(response.body) + b"}\n"

"""POST /prove and POST /countermodel."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from logos_pxl.errors import TimeoutTooLong
from logos_pxl.goals import Goal
from logos_pxl.proving import Verdict
from logos_pxl.proving.documents import countermodel_document, prove_document
from logos_pxl.runtime import Runtime
from logos_pxl.service.answers import verdict_response
from logos_pxl.service.bodies import read_json
from logos_pxl.service.disconnects import while_connected
from logos_pxl.service.ending import cut_off
from logos_pxl.service.schemas import ProveRequest

# Texts up to this length are parsed on the event loop: the parser takes less time than a change of threads.
_INLINE_CHARACTERS = 4_096
_CLIENT_CLOSED_REQUEST = 499


class VerdictEndpoints:
    """The two doors to a verdict."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._settings = runtime.settings
        self._limits = runtime.goal_limits

    async def prove(self, request: Request) -> Response:
        """Decide a goal."""
        return await self._answer(request, prove_document)

    async def countermodel(self, request: Request) -> Response:
        """Look for a countermodel to a goal."""
        return await self._answer(request, countermodel_document)

    async def _answer(self, request: Request, document_of: Callable[[Verdict], dict[str, Any]]) -> Response:
        settings = self._settings
        try:
            asked = await read_json(request, ProveRequest, max_bytes=settings.max_request_bytes, timeout_s=settings.connection_timeout_s)
            timeout_s = self._timeout_s(asked.timeout_ms)
            verdict = await while_connected(request, self._decide(asked.goal, timeout_s))
        except ClientDisconnect:
            # Nobody reads this; the status is for the logs.
            return Response(status_code=_CLIENT_CLOSED_REQUEST)
        except asyncio.CancelledError:
            if not self._runtime.draining.active:
                raise
            return cut_off()
        return verdict_response(verdict, document_of)

    async def _decide(self, text: str, timeout_s: float) -> Verdict:
        started = time.monotonic()
        if len(text) <= _INLINE_CHARACTERS:
            goal = Goal.parse(text, limits=self._limits)
        else:
            goal = await asyncio.to_thread(Goal.parse, text, limits=self._limits)
        parse_s = time.monotonic() - started
        return await self._runtime.decider.decide(goal, timeout_s=timeout_s - parse_s, parse_ms=parse_s * 1000)

    def _timeout_s(self, asked_ms: int | None) -> float:
        settings = self._settings
        if asked_ms is None:
            return min(settings.default_timeout_ms, settings.max_timeout_ms) / 1000
        if asked_ms > settings.max_timeout_ms:
            raise TimeoutTooLong(f"timeout_ms is {asked_ms}; this server allows at most {settings.max_timeout_ms} (PXL_MAX_TIMEOUT_MS)")
        return asked_ms / 1000

"""POST /prove and POST /countermodel."""

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from logos_pxl.proving import Verdict
from logos_pxl.proving.documents import countermodel_document, prove_document
from logos_pxl.runtime import Runtime
from logos_pxl.service.answers import DocumentOf, verdict_response
from logos_pxl.service.bodies import decoded, json_body
from logos_pxl.service.budgets import request_budget_s
from logos_pxl.service.context import RequestContext
from logos_pxl.service.disconnects import while_connected
from logos_pxl.service.ending import cut_off
from logos_pxl.service.jobs import accept_job
from logos_pxl.service.preferences import preferences_of
from logos_pxl.service.reading import read_goal
from logos_pxl.service.service import Service
from logos_pxl.wire.verdicts import ProveRequest

_CLIENT_CLOSED_REQUEST = 499


async def prove(service: Service, request: Request) -> Response:
    """Decide a goal."""
    return await _answer(service, request, prove_document)


async def countermodel(service: Service, request: Request) -> Response:
    """Look for a countermodel to a goal."""
    return await _answer(service, request, countermodel_document)


async def _answer(service: Service, request: Request, document_of: DocumentOf) -> Response:
    runtime, settings = service.runtime, service.runtime.settings
    try:
        body = await json_body(request, max_bytes=settings.max_request_bytes, timeout_s=settings.connection_timeout_s)
        known = service.fast_path.answer(runtime.prover, RequestContext.of(request.scope), body, document_of)
        if known is not None:
            return known
        asked = decoded(body, ProveRequest)
        preferences = preferences_of(request)
        if preferences.respond_async:
            return await accept_job(service, request, asked, preferences, document_of)
        timeout_s = request_budget_s(asked.timeout_ms, settings)
        verdict = await _verdict(runtime, request, asked.goal, timeout_s)
    except ClientDisconnect:
        # Nobody receives this; the status is for the logs.
        return Response(status_code=_CLIENT_CLOSED_REQUEST)
    except asyncio.CancelledError:
        if not runtime.draining.active:
            raise
        return cut_off()
    service.fast_path.remember(body, verdict)
    return verdict_response(verdict, document_of)


async def _verdict(runtime: Runtime, request: Request, text: str, timeout_s: float) -> Verdict:
    read = await read_goal(text, runtime.goal_limits)
    work = runtime.prover.decide(read.goal, timeout_s=timeout_s - read.parse_s, parse_ms=read.parse_s * 1000)
    return await while_connected(request, work)

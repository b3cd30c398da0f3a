"""The endpoints for one goal: POST /prove, POST /countermodel and POST /parse."""

import asyncio
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from logos_pxl.goals import Goal
from logos_pxl.proving import Verdict
from logos_pxl.proving.documents import countermodel_document, prove_document
from logos_pxl.runtime import Runtime
from logos_pxl.service.answers import DocumentOf, json_response, verdict_response
from logos_pxl.service.bodies import decoded, json_body, read_json
from logos_pxl.service.context import RequestContext
from logos_pxl.service.disconnects import while_connected
from logos_pxl.service.ending import cut_off
from logos_pxl.service.jobs import accept_job
from logos_pxl.service.reading import preferences_of, read_goal, request_budget_s
from logos_pxl.service.service import Service
from logos_pxl.wire.verdicts import ProveRequest
from logos_pxl.wire.work import ParseRequest

MAX_SHOWN_NODES = 2_000
"""POST /parse lists the subformulas of goals up to this many connectives and atoms, and prints these in every notation."""

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


async def parse(service: Service, request: Request) -> Response:
    """Read a goal, and describe it."""
    settings = service.runtime.settings
    try:
        asked = await read_json(request, ParseRequest, max_bytes=settings.max_request_bytes, timeout_s=settings.connection_timeout_s)
    except ClientDisconnect:
        return Response(status_code=_CLIENT_CLOSED_REQUEST)
    goal = (await read_goal(asked.goal, service.runtime.goal_limits)).goal
    # Even measuring and printing a large goal once takes long enough to need a thread.
    return json_response(await asyncio.to_thread(parsed, goal) if goal.formula.nodes > MAX_SHOWN_NODES else parsed(goal))


def parsed(goal: Goal) -> dict[str, Any]:
    """The answer for a goal."""
    formula = goal.formula
    shown = formula.nodes <= MAX_SHOWN_NODES
    return {
        "goal": goal.text,
        "size": formula.nodes,
        "depth": formula.depth,
        "modal_depth": formula.modal_depth,
        "notations": {name: goal.printed(name) for name in ("manual", "ascii", "unicode", "latex")} if shown else None,
        "subformulas": goal.subformulas if shown else None,
    }

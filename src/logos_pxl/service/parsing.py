"""POST /parse: how a goal is understood, without deciding it."""

import asyncio
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from logos_pxl.goals import Goal
from logos_pxl.service.answers import json_response
from logos_pxl.service.bodies import read_json
from logos_pxl.service.reading import read_goal
from logos_pxl.service.service import Service
from logos_pxl.wire.work import ParseRequest

MAX_SHOWN_NODES = 2_000
"""Connectives and atoms of the largest goal whose subformulas are listed and which is printed in every notation."""

_CLIENT_CLOSED_REQUEST = 499


async def parse(service: Service, request: Request) -> Response:
    """Read a goal, and describe it."""
    settings = service.runtime.settings
    try:
        asked = await read_json(request, ParseRequest, max_bytes=settings.max_request_bytes, timeout_s=settings.connection_timeout_s)
    except ClientDisconnect:
        return Response(status_code=_CLIENT_CLOSED_REQUEST)
    goal = (await read_goal(asked.goal, service.runtime.goal_limits)).goal
    # A large goal is only measured and repeated, but that takes time too.
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

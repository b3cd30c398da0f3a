"""POST /parse: how a goal is understood, without deciding it."""

import asyncio
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from logos_pxl.goals import Goal
from logos_pxl.runtime import Runtime
from logos_pxl.service.answers import json_response
from logos_pxl.service.bodies import read_json
from logos_pxl.service.reading import read_goal
from logos_pxl.wire.work import ParseRequest

MAX_SHOWN_NODES = 2_000
"""Connectives and atoms of the largest goal whose subformulas are listed and which is printed in every notation."""

_CLIENT_CLOSED_REQUEST = 499


class ParseEndpoint:
    """The door to the parser."""

    def __init__(self, runtime: Runtime) -> None:
        self._settings = runtime.settings
        self._limits = runtime.goal_limits

    async def post(self, request: Request) -> Response:
        """Read a goal, and tell what it is."""
        settings = self._settings
        try:
            asked = await read_json(request, ParseRequest, max_bytes=settings.max_request_bytes, timeout_s=settings.connection_timeout_s)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_CLOSED_REQUEST)
        read = await read_goal(asked.goal, self._limits)
        # A large goal is only measured and repeated, but that takes time too.
        return json_response(await asyncio.to_thread(parsed, read.goal) if read.goal.formula.nodes > MAX_SHOWN_NODES else parsed(read.goal))


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

"""Requests to their endpoints: most directly, the others by way of Starlette.

Starlette's layers and its router take as long as the answer to a goal that is known. So a request whose method and path are an endpoint's,
letter for letter, goes to it directly. All else, such as paths with parameters, methods that an endpoint does not take, and paths that
nobody has, is Starlette's.

Invariant: what an endpoint raises is answered by the same handlers on either way, and what nobody foresaw is raised again, for the log.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from logos_pxl.errors import PxlError
from logos_pxl.service.rejections import CountedRefusals

Endpoint = Callable[[Request], Awaitable[Response]]


class Dispatch:
    """The ASGI application of ``routes``, whose errors ``refusals`` answers."""

    def __init__(self, routes: Sequence[Route], refusals: CountedRefusals) -> None:
        self._refusals = refusals
        self._endpoints: dict[tuple[str, str], Endpoint] = {
            (method, route.path): route.endpoint for route in routes if "{" not in route.path for method in route.methods or ()
        }
        handlers: dict[Any, Any] = {
            PxlError: refusals.on_pxl_error,
            HTTPException: refusals.on_http_exception,
            Exception: refusals.on_defect,
        }
        self._otherwise = Starlette(routes=routes, exception_handlers=handlers)
        self._otherwise.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises what nobody foresaw, after it has been answered."""
        endpoint = self._endpoints.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if endpoint is None:
            await self._otherwise(scope, receive, send)
            return
        request = Request(scope, receive, send)
        response: Response | None = None
        try:
            response = await self._answer(endpoint, request)
            await response(scope, receive, send)
        except Exception as error:
            apology = await self._refusals.on_defect(request, error)
            # An answer that has begun cannot become another one.
            if response is None:
                await apology(scope, receive, send)
            raise

    async def _answer(self, endpoint: Endpoint, request: Request) -> Response:
        try:
            return await endpoint(request)
        except PxlError as error:
            return await self._refusals.on_pxl_error(request, error)
        except HTTPException as error:
            return await self._refusals.on_http_exception(request, error)

"""The HTTP application: calls the handler of a request's endpoint, and answers errors.

It is plain ASGI: see docs/decisions/http-framework.md.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from logos_pxl.errors import PxlError
from logos_pxl.service.context import RequestContext
from logos_pxl.service.gate import AccessLog, Gate
from logos_pxl.service.metrics.endpoints import EndpointMetrics
from logos_pxl.service.problems import defect, problem_of
from logos_pxl.service.routes import Routes
from logos_pxl.service.service import Service


def build_app(service: Service, gate: Gate) -> AccessLog:
    """The application behind ``gate``."""
    routes = Routes()
    metrics = service.metrics
    request_metrics = EndpointMetrics(metrics.instruments, metrics.endpoints, metrics.condition)
    return gate.outside(gate.inside(Application(service, routes)), routes, request_metrics)


class Application:
    """The innermost ASGI application."""

    def __init__(self, service: Service, routes: Routes) -> None:
        self._service = service
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises unexpected errors after they have been answered, so that they are logged."""
        response: Response | None = None
        try:
            response = await self._answer(Request(scope, receive, send))
            await response(scope, receive, send)
        except Exception:
            self._service.runtime.observer.rejected("internal")
            # A response that has begun cannot be replaced by another.
            if response is None:
                await defect()(scope, receive, send)
            raise

    async def _answer(self, request: Request) -> Response:
        scope = request.scope
        match = RequestContext.of(scope).match
        try:
            if match is None:
                raise self._routes.refusal(scope["method"], scope["path"])
            scope["path_params"] = match.parameters
            return await match.endpoint.handler(self._service, request)
        except PxlError as error:
            self._service.runtime.observer.rejected(error.code)
            return problem_of(error)

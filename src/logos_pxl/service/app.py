"""The HTTP application: which path leads where.

Starlette without a framework above it, and routes without middleware: see docs/decisions/http-framework.md.
"""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from logos_pxl.errors import PxlError
from logos_pxl.runtime import Runtime
from logos_pxl.service.answers import json_response
from logos_pxl.service.certificates import CertificateEndpoint
from logos_pxl.service.health import HealthEndpoint
from logos_pxl.service.openapi import openapi_document
from logos_pxl.service.problems import on_defect, on_http_exception, on_pxl_error
from logos_pxl.service.verdicts import VerdictEndpoints


def build_app(runtime: Runtime) -> Starlette:
    """The application over an open runtime."""
    verdicts = VerdictEndpoints(runtime)
    health = HealthEndpoint(runtime)
    document = openapi_document(max_timeout_ms=runtime.settings.max_timeout_ms)

    async def openapi(_: Request) -> Response:
        return json_response(document)

    routes = [
        Route("/prove", verdicts.prove, methods=["POST"]),
        Route("/countermodel", verdicts.countermodel, methods=["POST"]),
        Route("/health", health.get, methods=["GET"]),
        Route("/openapi.json", openapi, methods=["GET"]),
    ]
    if runtime.certificates is not None:
        certificates = CertificateEndpoint(runtime.certificates)
        routes.append(Route("/certificates/{name}", certificates.get, methods=["GET"]))
    handlers = {PxlError: on_pxl_error, HTTPException: on_http_exception, Exception: on_defect}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return app

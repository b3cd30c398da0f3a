"""The HTTP application: which path leads where.

Starlette without a framework above it, and routes without middleware: see docs/decisions/http-framework.md.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from logos_pxl.proving.canaries import Canaries
from logos_pxl.runtime import Runtime
from logos_pxl.service.answers import json_response
from logos_pxl.service.batches import BatchEndpoint
from logos_pxl.service.certificates import CertificateEndpoint
from logos_pxl.service.dispatch import Dispatch
from logos_pxl.service.gate import AccessLog, Gate
from logos_pxl.service.health import HealthEndpoints
from logos_pxl.service.jobs import JobEndpoints
from logos_pxl.service.metrics import Metrics
from logos_pxl.service.metrics.endpoints import EndpointMetrics
from logos_pxl.service.metrics.exposition import MetricsEndpoint
from logos_pxl.service.openapi import openapi_document
from logos_pxl.service.page import Page
from logos_pxl.service.parsing import ParseEndpoint
from logos_pxl.service.rejections import CountedRefusals
from logos_pxl.service.verdicts import VerdictEndpoints


def build_app(runtime: Runtime, metrics: Metrics, canaries: Canaries, gate: Gate, page: Page | None) -> AccessLog:
    """The application over an open runtime, which ``metrics`` watches, behind ``gate``; it serves ``page``, where there is one."""
    jobs = JobEndpoints(runtime)
    verdicts = VerdictEndpoints(runtime, jobs)
    batches = BatchEndpoint(runtime)
    parsing = ParseEndpoint(runtime)
    health = HealthEndpoints(runtime, canaries, metrics.condition)
    figures = MetricsEndpoint(metrics.registry)
    refusals = CountedRefusals(metrics.recorder)
    document = openapi_document(runtime.settings)

    async def openapi(_: Request) -> Response:
        return json_response(document)

    routes = [
        Route("/prove", verdicts.prove, methods=["POST"]),
        Route("/prove/batch", batches.post, methods=["POST"]),
        Route("/countermodel", verdicts.countermodel, methods=["POST"]),
        Route("/parse", parsing.post, methods=["POST"]),
        Route("/jobs/{id}", jobs.answer, methods=["GET", "DELETE"]),
        Route("/health", health.health, methods=["GET"]),
        Route("/health/live", health.live, methods=["GET"]),
        Route("/health/ready", health.ready, methods=["GET"]),
        Route("/health/proof_server", health.proof_server, methods=["GET"]),
        Route("/metrics", figures.get, methods=["GET"]),
        Route("/metrics/performance", metrics.performance.get, methods=["GET"]),
        Route("/openapi.json", openapi, methods=["GET"]),
    ]
    if runtime.certificates is not None:
        certificates = CertificateEndpoint(runtime.certificates)
        routes.append(Route("/certificates/{name}", certificates.get, methods=["GET"]))
    if page is not None:
        routes.extend(page.routes())
    request_metrics = EndpointMetrics(metrics.instruments, metrics.endpoints, metrics.condition)
    return gate.outside(gate.inside(Dispatch(routes, refusals)), routes, request_metrics)

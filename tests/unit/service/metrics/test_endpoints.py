"""The figures of endpoints: what is counted, and under which name."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from clocks import Clock
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Scope

from logos_pxl.observing import NullObserver
from logos_pxl.service.app import Application
from logos_pxl.service.condition import Condition
from logos_pxl.service.gate import AccessLog, Clients
from logos_pxl.service.metrics.endpoints import WINDOW_S, EndpointMetrics, EndpointStatistics
from logos_pxl.service.metrics.instruments import Instruments
from logos_pxl.service.routes import Access, Endpoint, Routes
from logos_pxl.service.service import Service


class Layer:
    """The layer over an application whose answers the test chooses by path."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.clock = Clock()
        self.statistics = EndpointStatistics(self.clock)
        self.condition = Condition(self.clock)
        routes = [
            Endpoint("POST", "/prove", Access.CLIENTS, self._answer),
            Endpoint("GET", "/certificates/{id}", Access.CLIENTS, self._answer),
            Endpoint("GET", "/health/ready", Access.OPEN, self._answer),
        ]
        self.answer: Callable[[], Awaitable[Response]] = self.well
        metrics = EndpointMetrics(Instruments(self.registry), self.statistics, self.condition)
        service: Any = SimpleNamespace(runtime=SimpleNamespace(observer=NullObserver()))
        self.app = AccessLog(Application(service, Routes(routes)), None, Clients(()), Routes(routes), metrics)

    async def well(self) -> Response:
        """The answer of an endpoint that works."""
        return Response("well")

    async def ask(self, method: str, path: str) -> int:
        """The status that a request gets."""
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        scope: Scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "http_version": "1.1",
            "headers": [],
            "query_string": b"",
        }
        await self.app(scope, receive, send)
        return int(sent[0]["status"])

    def requests(self) -> dict[tuple[str, str], float]:
        """The counts, by endpoint and status."""
        return {
            (sample.labels["endpoint"], sample.labels["status"]): sample.value
            for metric in self.registry.collect()
            for sample in metric.samples
            if sample.name == "logos_pxl_http_requests_total"
        }

    async def _answer(self, _service: Service, _request: Request) -> Response:
        return await self.answer()


@pytest.fixture
def layer() -> Layer:
    return Layer()


@pytest.mark.parametrize(
    ("method", "path", "name", "status"),
    [
        ("POST", "/prove", "POST /prove", 200),
        ("GET", "/certificates/0123", "GET /certificates/{id}", 200),
        ("HEAD", "/certificates/0123", "GET /certificates/{id}", 200),
        ("HEAD", "/health/ready", "GET /health/ready", 200),
        ("GET", "/prove", "other", 405),
        ("GET", "/nothing/../here", "other", 404),
        ("BREW", "/\x00'\"{}", "other", 404),
    ],
)
async def test_names_come_from_routes_only(layer: Layer, method: str, path: str, name: str, status: int) -> None:
    """No client can make a new series."""
    assert await layer.ask(method, path) == status
    assert layer.requests() == {(name, str(status)): 1}
    assert [(figures.name, figures.call_count) for figures in layer.statistics.figures()] == [(name, 1)]


async def test_a_server_error_is_an_error(layer: Layer) -> None:
    """500 and above count as errors, and health hears of them; what the client did wrong does not."""
    for status in (200, 400, 429, 500, 503):

        async def answer(status: int = status) -> Response:
            return Response(status_code=status)

        layer.answer = answer
        assert await layer.ask("POST", "/prove") == status
        assert layer.condition.failing == ("POST /prove answered " + str(status) if status >= 500 else "")
    (figures,) = layer.statistics.figures()
    assert (figures.call_count, figures.error_count) == (5, 2)


async def test_an_unready_answer_is_no_error(layer: Layer) -> None:
    """Health tells of failures; telling is not failing."""

    async def answer() -> Response:
        return Response(status_code=503)

    layer.answer = answer
    await layer.ask("GET", "/health/ready")
    assert layer.statistics.figures()[0].error_count == 0
    assert layer.condition.failing == ""


async def test_a_defect_counts_as_500(layer: Layer) -> None:
    """Once, whoever answers it."""

    async def answer() -> Response:
        raise ZeroDivisionError

    layer.answer = answer
    assert await layer.ask("POST", "/prove") == 500
    assert layer.requests() == {("POST /prove", "500"): 1}


async def test_a_client_that_left_is_no_error(layer: Layer) -> None:
    """A cancelled request is counted once, with a status of its own, and nothing stays in flight."""

    async def answer() -> Response:
        await asyncio.sleep(60)
        raise AssertionError

    layer.answer = answer
    asking = asyncio.create_task(layer.ask("POST", "/prove"))
    await asyncio.sleep(0.01)
    assert layer.registry.get_sample_value("logos_pxl_http_requests_in_flight") == 1
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert layer.requests() == {("POST /prove", "499"): 1}
    assert layer.registry.get_sample_value("logos_pxl_http_requests_in_flight") == 0
    assert layer.statistics.figures()[0].error_count == 0


def test_percentiles_are_those_of_the_last_day(layer: Layer) -> None:
    """What is older than the window is gone, calls and errors alike."""
    layer.statistics.answered("POST /prove", 5.0, error=True)
    layer.clock.now += WINDOW_S
    for number in range(1, 101):
        layer.statistics.answered("POST /prove", number / 1000, error=False)
    (figures,) = layer.statistics.figures()
    found = (figures.p50_duration_ms, figures.p90_duration_ms, figures.p95_duration_ms, figures.p99_duration_ms)
    assert found == pytest.approx((50, 90, 95, 99), rel=0.011)
    assert (figures.call_count, figures.error_count) == (100, 0)
    layer.clock.now += WINDOW_S
    assert layer.statistics.figures() == []

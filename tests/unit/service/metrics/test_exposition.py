"""One registry, three forms."""

import json
import math

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from logos_pxl.service.metrics.exposition import MetricsEndpoint, flat
from logos_pxl.service.problems import NotAcceptable


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("logos_pxl_verdicts_total", "By kind.", ["verdict"], registry=registry).labels("valid").inc(3)
    Gauge("logos_pxl_session_pool_total", "A gauge, whatever its name says.", registry=registry).set(5)
    Gauge("logos_pxl_p95_latency_ms", "Not whole.", registry=registry).set(1.5)
    Histogram("logos_pxl_stage_duration_seconds", "Buckets.", ["stage"], registry=registry).labels("search").observe(0.25)
    return registry


async def ask(registry: CollectorRegistry, *accept: str) -> Response:
    headers = [(b"accept", value.encode()) for value in accept]
    scope = {"type": "http", "method": "GET", "path": "/metrics", "headers": headers, "query_string": b"", "app": Starlette()}
    return await MetricsEndpoint(registry).get(Request(scope))


@pytest.mark.parametrize("accept", [(), ("*/*",), ("application/json",)])
async def test_curl_gets_flat_json(registry: CollectorRegistry, accept: tuple[str, ...]) -> None:
    """Every member is a number, under the series' name."""
    response = await ask(registry, *accept)
    assert response.headers["content-type"] == "application/json"
    assert json.loads(bytes(response.body)) == {
        'logos_pxl_verdicts_total{verdict="valid"}': 3,
        "logos_pxl_session_pool_total": 5,
        "logos_pxl_p95_latency_ms": 1.5,
        'logos_pxl_stage_duration_seconds_count{stage="search"}': 1,
        'logos_pxl_stage_duration_seconds_sum{stage="search"}': 0.25,
    }


async def test_openmetrics_is_openmetrics(registry: CollectorRegistry) -> None:
    """The text parses as what its Content-Type says, and ends with its end mark."""
    response = await ask(registry, "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
    assert response.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    text = bytes(response.body).decode()
    assert text.endswith("# EOF\n")
    assert {family.name for family in openmetrics(text)} >= {"logos_pxl_verdicts", "logos_pxl_stage_duration_seconds"}


@pytest.mark.parametrize("accept", ["text/plain", "text/plain;version=0.0.4", "text/*", "text/plain, application/openmetrics-text;q=0.1"])
async def test_text_is_text(registry: CollectorRegistry, accept: str) -> None:
    """Whoever asks for plain text gets Prometheus' first format."""
    response = await ask(registry, accept)
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {family.name: family for family in prometheus(bytes(response.body).decode())}
    assert families["logos_pxl_session_pool_total"].type == "gauge"
    assert [sample.value for sample in families["logos_pxl_verdicts"].samples] == [3]


async def test_several_accept_fields_are_one_list(registry: CollectorRegistry) -> None:
    """RFC 9110 says so."""
    response = await ask(registry, "image/png", "text/plain")
    assert response.headers["content-type"].startswith("text/plain")


async def test_what_metrics_do_not_have_is_refused(registry: CollectorRegistry) -> None:
    """And the refusal names what they have."""
    with pytest.raises(NotAcceptable, match=r"application/json, application/openmetrics-text or text/plain"):
        await ask(registry, "image/png")


async def test_no_form_tells_when_a_counter_was_made(registry: CollectorRegistry) -> None:
    """It would double the series."""
    for accept in ("*/*", "text/plain", "application/openmetrics-text"):
        assert b"_created" not in bytes((await ask(registry, accept)).body)


def test_json_has_no_word_for_infinity() -> None:
    """What JSON cannot say is null, not a document that no reader accepts."""
    registry = CollectorRegistry()
    for number, odd in enumerate((math.inf, -math.inf, math.nan)):
        Gauge(f"odd_{number}", "Odd.", registry=registry).set(odd)
    assert set(flat(registry.collect()).values()) == {None}

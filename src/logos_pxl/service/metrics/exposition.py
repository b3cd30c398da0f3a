"""GET /metrics: as flat JSON for people and scripts, and in Prometheus' formats."""

import math
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from logos_pxl.service.problems import NotAcceptable
from logos_pxl.service.reading import best_form

_JSON = "application/json"
_OPENMETRICS = "application/openmetrics-text"
_TEXT = "text/plain"


class MetricsEndpoint:
    """The endpoint over a registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = _WithoutCreated(registry)

    async def get(self, request: Request) -> Response:
        """JSON to ``*/*``, no ``Accept``, or ``application/json``; OpenMetrics or Prometheus text to whoever asks for it by name."""
        accept = ",".join(request.headers.getlist("accept"))
        form = best_form(accept, (_JSON, _OPENMETRICS, _TEXT))
        if form is None:
            raise NotAcceptable(f"metrics come as {_JSON}, {_OPENMETRICS} or {_TEXT}, and Accept names none: {accept[:200]!r}")
        if form == _JSON:
            return Response(to_json(flat(self._registry.collect())), media_type=_JSON, headers=_HEADERS)
        # The client library knows the versions of the two formats; it is shown only what the client prefers.
        encode, content_type = choose_encoder(accept if form == _OPENMETRICS else _only(accept, _TEXT))
        return Response(encode(self._registry), headers={"Content-Type": content_type, **_HEADERS})


_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept"}


def flat(metrics: Iterable[Metric]) -> dict[str, float | int | None]:
    """One member for each series, under its name in Prometheus' notation; histograms by their sum and count."""
    return {
        _key(sample): _number(sample.value)
        for metric in metrics
        for sample in metric.samples
        if not (metric.type == "histogram" and sample.name.endswith("_bucket"))
    }


def _key(sample: Sample) -> str:
    if not sample.labels:
        return sample.name
    labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
    return f"{sample.name}{{{labels}}}"


def _number(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else value


def _only(accept: str, media_type: str) -> str:
    return ",".join(part for part in accept.split(",") if part.split(";")[0].strip().lower() == media_type)


class _WithoutCreated(Collector):
    """A registry's metrics without the ``_created`` series, which would double the number of series."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterable[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric

"""Figures from Prometheus' HTTP API, where ``PXL_PROMETHEUS_URL`` says that it runs."""

import json
import math
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from logos_pxl.ops.errors import OperationFailed

_TIMEOUT_S = 30.0


def query(url: str, expression: str) -> float | None:
    """The value of an instant query with one result; ``None`` without data. Raises OperationFailed."""
    found = _ask(url, "query", query=expression)
    value = float(found[0]["value"][1]) if found else math.nan
    return None if math.isnan(value) else value


def query_days(url: str, expression: str, *, start_s: int, end_s: int) -> list[tuple[float, float]]:
    """The value at the end of each day: day numbers since 1970, and values. Raises OperationFailed."""
    found = _ask(url, "query_range", query=expression, start=str(start_s), end=str(end_s), step="86400")
    points = [(float(at) / 86_400, float(value)) for at, value in (found[0]["values"] if found else [])]
    return [point for point in points if not math.isnan(point[1])]


def _ask(url: str, endpoint: str, **parameters: str) -> list[dict[str, Any]]:
    asked = f"{url.rstrip('/')}/api/v1/{endpoint}?{urllib.parse.urlencode(parameters)}"
    try:
        # The settings allow http and https only.
        with urllib.request.urlopen(asked, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            return list(json.load(answer)["data"]["result"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        detail = error.read()[:200].decode(errors="replace") if isinstance(error, urllib.error.HTTPError) else ""
        raise OperationFailed(f"PXL_PROMETHEUS_URL={url!r} does not answer a query: {error} {detail}") from error

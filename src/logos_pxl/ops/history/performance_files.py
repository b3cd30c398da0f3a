"""performance.json of other days, and of now."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from logos_pxl.ops.history.archive import PERFORMANCE, archived

_MAX_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class EndpointDay:
    """One endpoint in the 24 hours before ``at``."""

    at: datetime
    endpoint: str
    calls: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    errors: int


def performance_history(log_dir: Path, *, since: datetime, unreadable: list[str]) -> list[EndpointDay]:
    """All endpoints of all documents of the span, in order; sentences about those that cannot be read go to ``unreadable``."""
    # A document of the first day tells of the day before it.
    paths = [one.path for one in archived(log_dir, PERFORMANCE, since=(since + timedelta(days=1)).date())]
    current = log_dir / f"{PERFORMANCE}.json"
    found: list[EndpointDay] = []
    for path in (*paths, *([current] if current.exists() else [])):
        try:
            found.extend(_read(_document(path)))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            unreadable.append(f"{path} is no performance document: {type(error).__name__}: {error}")
    return sorted(found, key=lambda one: (one.at, one.endpoint))


def _document(path: Path) -> Any:
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"it has more than {_MAX_BYTES} bytes")
    return json.loads(path.read_bytes())


def _read(document: Any) -> Iterator[EndpointDay]:
    # The manual's rotation leaves {} until the service writes again.
    if document == {}:
        return
    at = datetime.fromisoformat(document["timestamp"]).astimezone(UTC)
    for endpoint in document["endpoints"]:
        yield EndpointDay(
            at,
            str(endpoint["name"]),
            int(endpoint["call_count"]),
            float(endpoint["p50_duration_ms"]),
            float(endpoint["p95_duration_ms"]),
            float(endpoint["p99_duration_ms"]),
            int(endpoint["error_count"]),
        )

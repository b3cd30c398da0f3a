"""The open parts of a serving process that handlers use."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from logos_pxl.proving.canaries import Canaries
from logos_pxl.runtime import Runtime
from logos_pxl.service.fast_path import FastPath
from logos_pxl.service.metrics import Metrics
from logos_pxl.service.page import Page


@dataclass(frozen=True, slots=True)
class Service:
    """Passed to every handler.

    ``openapi`` is the OpenAPI document; ``page`` is ``None`` when no page is served; ``started`` is in ``time.monotonic()`` seconds.
    """

    runtime: Runtime
    metrics: Metrics
    canaries: Canaries
    openapi: Mapping[str, Any]
    page: Page | None
    fast_path: FastPath = field(default_factory=FastPath)
    started: float = field(default_factory=time.monotonic)

"""Waiting until a service is ready."""

import time

from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.service import ServiceReader

_LOOK_S = 0.25


def wait_until_ready(service: ServiceReader, *, within_s: float) -> float:
    """Seconds until ``/health`` says that goals can be decided. Raises OperationFailed after ``within_s``, with what it said last."""
    started = time.monotonic()
    said = "nothing"
    while True:
        try:
            health = service.health()
            if health.get("ready"):
                return time.monotonic() - started
            said = "; ".join(map(str, health.get("problems", []))) or str(health.get("status"))
        except ServiceUnreachable as error:
            said = str(error)
        if time.monotonic() - started > within_s:
            raise OperationFailed(f"{service.url} is not ready after {within_s:g} s: {said}")
        time.sleep(_LOOK_S)

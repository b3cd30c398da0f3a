"""GET /health."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from logos_pxl import __version__
from logos_pxl.runtime import Runtime
from logos_pxl.service.answers import json_response


class HealthEndpoint:
    """The state of the service, told without touching Coq."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def get(self, _: Request) -> Response:
        """200 while there is a live session, else 503."""
        pool = self._runtime.pool.stats()
        alarms = self._runtime.prover.stats().soundness_alarms
        ready = pool.active_sessions > 0
        if not ready:
            status = "unavailable"
        elif alarms or pool.last_start_failure:
            status = "degraded"
        else:
            status = "ok"
        document = {
            "status": status,
            "ready": ready,
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "kernel_hash": self._runtime.identity.kernel_hash,
            "version": __version__,
            "session_pool": {
                "total_sessions": pool.total_sessions,
                "active_sessions": pool.active_sessions,
                "busy_sessions": pool.busy_sessions,
                "max_pool_size": pool.max_pool_size,
                "utilization_rate": pool.utilization_rate,
            },
            "soundness_alarms": alarms,
        }
        return json_response(document, status=200 if ready else 503)

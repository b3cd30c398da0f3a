"""The endpoints under /health, and those of metrics and the OpenAPI document. None of them uses Coq or Redis.

Invariant: ``ok`` means that goals are decided now: the kernel recently checked both canaries, sessions start, no recent request failed
because of the service, and search and kernel have never disagreed. ``problems`` lists what is wrong.
"""

import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from logos_pxl.kernel import PoolStats
from logos_pxl.service.answers import json_response
from logos_pxl.service.metrics.exposition import MetricsEndpoint
from logos_pxl.service.service import Service
from logos_pxl.version import __version__

_UNAVAILABLE = 503


async def health(service: Service, _: Request) -> Response:
    """The state of the service: 200 while goals can be decided, else 503."""
    obstacles, defects = list(_obstacles(service)), list(_defects(service))
    status = "unavailable" if obstacles else "degraded" if defects else "ok"
    document = {
        "status": status,
        "ready": not obstacles,
        "problems": obstacles + defects,
        "timestamp": _now(),
        "uptime_s": _uptime_s(service),
        "kernel_hash": service.runtime.identity.kernel_hash,
        "version": __version__,
        "session_pool": _pool_members(service.runtime.pool.stats()),
        "shared_state": service.metrics.condition.redis_state,
        "soundness_alarms": service.runtime.alarms.count,
        "authentication": "hmac" if service.runtime.settings.hmac_auth_enabled else "off",
    }
    return _answer(document, well=not obstacles)


async def live(service: Service, _: Request) -> Response:
    """Liveness: this process answers. For a process supervisor."""
    return _answer({"status": "ok", "timestamp": _now(), "uptime_s": _uptime_s(service)}, well=True)


async def ready(service: Service, _: Request) -> Response:
    """Readiness: whether to send goals here. For a load balancer."""
    obstacles = list(_obstacles(service))
    document = {
        "ready": not obstacles,
        "problems": obstacles,
        "draining": service.runtime.draining.active,
        "timestamp": _now(),
        "canaries": [asdict(canary) for canary in service.canaries.state().canaries],
    }
    return _answer(document, well=not obstacles)


async def proof_server(service: Service, _: Request) -> Response:
    """Details of the kernel and its sessions."""
    pool, identity = service.runtime.pool, service.runtime.identity
    stats, alarms = pool.stats(), service.runtime.alarms
    obstacles = list(_kernel_obstacles(service))
    document = {
        "status": "unavailable" if obstacles else "degraded" if stats.last_start_failure or alarms.count else "ok",
        "problems": obstacles,
        "timestamp": _now(),
        "kernel_hash": identity.kernel_hash,
        "coq_version": identity.coq_version,
        "theory_version": identity.theory_version,
        "session_pool": {
            **_pool_members(stats),
            "spare_sessions": stats.spare_sessions,
            "waiting_checks": stats.waiting_checks,
            "replacements": dict(stats.replacements),
            "last_start_failure": stats.last_start_failure or None,
            "confinement": dict(stats.confinement),
        },
        "sessions": [{"session_id": session_id, **asdict(usage)} for session_id, usage in sorted(pool.usage().items())],
        "canaries": [asdict(canary) for canary in service.canaries.state().canaries],
        "soundness_alarms": alarms.count,
        "last_alarm": alarms.last,
    }
    return _answer(document, well=not obstacles)


def _obstacles(service: Service) -> Iterator[str]:
    """Why this service is not ready."""
    if service.runtime.draining.active:
        yield "the service is ending"
    yield from _kernel_obstacles(service)


def _kernel_obstacles(service: Service) -> Iterator[str]:
    stats = service.runtime.pool.stats()
    if not stats.active_sessions:
        yield f"no live session: {stats.last_start_failure or 'all are being started'}"
    for canary in service.canaries.state().canaries:
        if canary.failing:
            yield f"the {canary.name} canary: {canary.failing}"


def _defects(service: Service) -> Iterator[str]:
    """What is wrong with a service that is ready."""
    alarms = service.runtime.alarms.count
    start_failure = service.runtime.pool.stats().last_start_failure
    if alarms:
        yield f"search and kernel disagreed, times: {alarms}; look into the post-mortems"
    if start_failure:
        yield f"sessions do not start: {start_failure}"
    if service.metrics.condition.failing:
        yield f"requests failed lately: {service.metrics.condition.failing}"
    if service.metrics.condition.redis_state == "redis-lost":
        yield "Redis is away: cache, nonces and quotas are this process's own"


def _uptime_s(service: Service) -> float:
    return round(time.monotonic() - service.started, 3)


async def metrics(service: Service, request: Request) -> Response:
    """All metrics."""
    return await MetricsEndpoint(service.metrics.registry).get(request)


async def performance(service: Service, request: Request) -> Response:
    """Latencies of the endpoints."""
    return await service.metrics.performance.get(request)


async def openapi(service: Service, _: Request) -> Response:
    """The OpenAPI document."""
    return json_response(service.openapi)


def _pool_members(stats: PoolStats) -> dict[str, Any]:
    return {
        "total_sessions": stats.total_sessions,
        "active_sessions": stats.active_sessions,
        "busy_sessions": stats.busy_sessions,
        "max_pool_size": stats.max_pool_size,
        "utilization_rate": stats.utilization_rate,
    }


def _answer(document: dict[str, Any], *, well: bool) -> Response:
    response = json_response(document, status=200 if well else _UNAVAILABLE)
    response.headers["Cache-Control"] = "no-store"
    return response


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")

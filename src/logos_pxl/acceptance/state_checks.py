"""Health, metrics, the OpenAPI document."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from logos_pxl.acceptance.checks import Check, demand, document, member, number, shown
from logos_pxl.acceptance.service import Service
from logos_pxl.acceptance.verdict_checks import verdict

_OK = 200

INDICATORS: tuple[tuple[str, float, float], ...] = (
    ("logos_pxl_verification_ratio_percent", 0, 100),
    ("logos_pxl_p95_latency_ms", 0, float("inf")),
    ("logos_pxl_cache_hit_rate_percent", 0, 100),
    ("logos_pxl_uptime_seconds", 0, float("inf")),
    ("logos_pxl_session_pool_total", 1, float("inf")),
    ("logos_pxl_session_pool_busy", 0, float("inf")),
    ("logos_pxl_cache_size", 0, float("inf")),
    ("logos_pxl_cache_hits_total", 0, float("inf")),
    ("logos_pxl_cache_misses_total", 0, float("inf")),
    ("logos_pxl_cache_prefetch_hits_total", 0, float("inf")),
)
"""The operations manual's metrics, each with its range."""


def state_checks() -> Iterator[Check]:
    """All of them."""
    yield Check("health", "the service is ready, and says what it is", _health)
    for path in ("/health/live", "/health/ready", "/health/proof_server"):
        yield Check("health", f"{path} answers 200", partial(_answers, path))
    yield Check("metrics", "the manual's metrics are numbers in their ranges", _flat_metrics)
    yield Check("metrics", "a verdict is counted", _counted)
    yield Check("metrics", "Prometheus gets its own format", _prometheus)
    yield Check("metrics", "the endpoints' durations are ordered", _performance)
    yield Check("interface", "the OpenAPI document names the endpoints", _openapi)


def _health(service: Service) -> str:
    found = document(service.get("/health"))
    demand(member(found, "ready", bool), f"not ready: {found}")
    demand(member(found, "status", str) in ("ok", "degraded"), f"the status is {found['status']!r}")
    datetime.fromisoformat(member(found, "timestamp", str))
    pool = member(found, "session_pool", dict)
    total, busy = number(pool, "total_sessions", 1), number(pool, "busy_sessions")
    active, most = number(pool, "active_sessions", 1), number(pool, "max_pool_size", 1)
    demand(busy <= active <= total <= most, f"the pool's numbers do not fit each other: {pool}")
    demand(0 <= number(pool, "utilization_rate") <= 1, f"the utilization is {pool['utilization_rate']}")
    demand(number(found, "soundness_alarms", 0, 0) == 0, "there were soundness alarms")
    answered = verdict(service, "BOX(A -> A)", "valid")
    demand(answered["kernel_hash"] == member(found, "kernel_hash", str), "verdicts and /health name different kernels")
    return f"{found['status']}, version {member(found, 'version', str)}, kernel {found['kernel_hash'][:12]}"


def _answers(path: str, service: Service) -> str:
    document(service.get(path))
    return ""


def _metrics(service: Service) -> dict[str, Any]:
    return document(service.get("/metrics", headers={"Accept": "*/*"}))


def _flat_metrics(service: Service) -> str:
    verdict(service, "BOX(A -> A)", "valid")
    found = _metrics(service)
    for name, least, most in INDICATORS:
        number(found, name, least, most)
    busy, total = found["logos_pxl_session_pool_busy"], found["logos_pxl_session_pool_total"]
    demand(busy <= total, f"{busy} busy sessions of {total}")
    return ", ".join(f"{name.removeprefix('logos_pxl_')} {found[name]:g}" for name, _, _ in INDICATORS[:3])


def _counted(service: Service) -> str:
    name = 'logos_pxl_verdicts_total{verdict="valid"}'
    before = number(_metrics(service), name)
    for _ in range(3):
        verdict(service, "BOX(A -> A)", "valid")
    after = number(_metrics(service), name)
    demand(after >= before + 3, f"{name} was {before:g}, and after three more verdicts {after:g}; several replicas without one address?")
    return f"{before:g}, then {after:g}"


def _prometheus(service: Service) -> str:
    answer = service.get("/metrics", headers={"Accept": "text/plain;version=0.0.4"})
    demand(answer.status == _OK and answer.media_type == "text/plain", shown(answer))
    text = answer.body.decode()
    for name in ("logos_pxl_verification_ratio_percent", "logos_pxl_p95_latency_ms", "logos_pxl_session_pool_busy"):
        demand(re.search(rf"^# TYPE {name} gauge$", text, re.MULTILINE), f"no TYPE line for {name}")
        demand(re.search(rf"^{name} [-+.0-9e]+$", text, re.MULTILINE), f"no sample of {name}")
    openmetrics = service.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    demand(openmetrics.media_type == "application/openmetrics-text", shown(openmetrics))
    demand(openmetrics.body.endswith(b"# EOF\n"), "OpenMetrics text that does not end in # EOF")
    return f"{len(text.splitlines())} lines"


def _performance(service: Service) -> str:
    found = document(service.get("/metrics/performance"))
    endpoints = {member(one, "name", str): one for one in member(found, "endpoints", list)}
    demand(any("prove" in name for name in endpoints), f"no endpoint has prove in its name: {sorted(endpoints)}")
    for name, one in endpoints.items():
        ordered = [number(one, f"p{share}_duration_ms") for share in (50, 90, 95, 99)]
        demand(ordered == sorted(ordered), f"{name}: the quantiles are not in order: {ordered}")
        demand(number(one, "error_count") <= number(one, "call_count", 1), f"{name}: more errors than calls")
    return f"{len(endpoints)} endpoints"


def _openapi(service: Service) -> str:
    found = document(service.get("/openapi.json"))
    demand(str(found.get("openapi", "")).startswith("3."), f"openapi is {found.get('openapi')!r}")
    paths = member(found, "paths", dict)
    for path in ("/prove", "/countermodel", "/certificates/{id}", "/health", "/metrics", "/prove/batch", "/jobs/{id}"):
        demand(path in paths, f"{path} is missing among {sorted(paths)}")
    return f"{len(paths)} paths"

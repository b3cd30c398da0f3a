"""The part of the OpenAPI document that tells of health and metrics."""

from typing import Any

from pydantic import BaseModel

from logos_pxl.service.state_schemas import HealthAnswer, LiveAnswer, PerformanceAnswer, ProofServerAnswer, ReadyAnswer

MODELS: tuple[type[BaseModel], ...] = (HealthAnswer, LiveAnswer, ReadyAnswer, ProofServerAnswer, PerformanceAnswer)

_REFERENCE = "#/components/schemas/{model}"


def state_operations() -> dict[str, Any]:
    """The paths of health and metrics."""
    return {
        "/health": {"get": _state("health", "The state of the service", HealthAnswer, "Not ready: problems tells why.")},
        "/health/live": {"get": _state("live", "Whether the process answers", LiveAnswer, None)},
        "/health/ready": {"get": _state("ready", "Whether to send goals here", ReadyAnswer, "Not ready: problems tells why.")},
        "/health/proof_server": {
            "get": _state("proofServer", "The kernel and its sessions", ProofServerAnswer, "No goal can be kernel-checked now.")
        },
        "/metrics": {"get": _metrics()},
        "/metrics/performance": {"get": _state("performance", "How long the endpoints took", PerformanceAnswer, None)},
    }


def _state(operation: str, summary: str, answer: type[BaseModel], failing: str | None) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": _REFERENCE.format(model=answer.__name__)}}}
    responses = {"200": {"description": "The state.", "content": content}}
    if failing is not None:
        responses["503"] = {"description": failing, "content": content}
    return {"operationId": operation, "summary": summary, "responses": responses}


def _metrics() -> dict[str, Any]:
    text = {"schema": {"type": "string"}}
    number = {"schema": {"type": "object", "additionalProperties": {"type": ["number", "null"]}}}
    problem = {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}
    return {
        "operationId": "metrics",
        "summary": "All metrics, as flat JSON or in a format of Prometheus",
        "responses": {
            "200": {
                "description": "The metrics, in the form that Accept prefers.",
                "content": {"application/json": number, "application/openmetrics-text": text, "text/plain": text},
            },
            "406": {"description": "Accept names no form that metrics have.", "content": problem},
        },
    }

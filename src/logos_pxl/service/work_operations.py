"""The part of the OpenAPI document that tells of jobs and batches."""

from typing import Any

from pydantic import BaseModel

from logos_pxl.service.batches import LINES_MEDIA_TYPE
from logos_pxl.service.jobs import EVENTS_MEDIA_TYPE
from logos_pxl.service.problems import MEDIA_TYPE
from logos_pxl.service.work_schemas import BatchLine, BatchRequest, JobAnswer

MODELS: tuple[type[BaseModel], ...] = (BatchRequest, BatchLine, JobAnswer)

_REFERENCE = "#/components/schemas/{model}"
_PREFERENCE_APPLIED = {"description": "The preferences that were followed.", "schema": {"type": "string"}}

PREFER: dict[str, Any] = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`respond-async`: answer 202 with a job; with `wait=N` besides, only when there is no verdict in N seconds (RFC 7240).",
    "schema": {"type": "string"},
    "examples": {"job": {"value": "respond-async"}, "job after ten seconds": {"value": "respond-async, wait=10"}},
}
_WAIT = {
    **PREFER,
    "description": "`wait=N`: answer when the job has ended, or after N seconds.",
    "examples": {"wait": {"value": "wait=10"}},
}
_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The job's id, from the Location of the answer that made it.",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
}
_LAST_EVENT_ID = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The last event that the client has seen; only later ones are sent.",
    "schema": {"type": "string"},
}


def work_operations(refusals: dict[str, Any]) -> dict[str, Any]:
    """The paths of jobs and batches; ``refusals`` are the problems that a batch as a whole can meet."""
    return {
        "/prove/batch": {"post": _batch(refusals)},
        "/jobs/{id}": {"get": _get(), "delete": _delete()},
    }


def accepted() -> dict[str, Any]:
    """The answer 202 of an endpoint that can make jobs."""
    return {
        "description": "The goal became a job (only with `Prefer: respond-async`).",
        "headers": {
            "Location": {"description": "Where the job can be asked for and cancelled.", "schema": {"type": "string"}},
            "Preference-Applied": _PREFERENCE_APPLIED,
        },
        "content": _json(JobAnswer),
        "links": {"job": {"operationId": "job", "parameters": {"id": "$response.body#/job"}}},
    }


def _batch(refusals: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": "batch",
        "summary": "Decide many goals",
        "description": "The lines come in the order in which the goals are done, one JSON object each; `BatchLine` is their type.",
        "requestBody": {"required": True, "content": _json(BatchRequest)},
        "responses": {
            "200": {"description": "One line for each goal.", "content": {LINES_MEDIA_TYPE: {"schema": {"type": "string"}}}},
            **refusals,
        },
    }


def _get() -> dict[str, Any]:
    events = {EVENTS_MEDIA_TYPE: {"schema": {"type": "string"}}}
    return {
        "operationId": "job",
        "summary": "How a job stands, or the stream of its events",
        "description": "Each event has the state as its name and the job as its data; the stream ends with the job.",
        "parameters": [_ID, _WAIT, _LAST_EVENT_ID],
        "responses": {
            "200": {
                "description": "The job.",
                "headers": {"Preference-Applied": _PREFERENCE_APPLIED},
                "content": {**_json(JobAnswer), **events},
            },
            "204": {"description": "The client has seen the last event: it need not connect again."},
            "404": _problem("No job has this id (any more)."),
            "406": _problem("Accept names no form that a job has."),
        },
    }


def _delete() -> dict[str, Any]:
    return {
        "operationId": "cancel",
        "summary": "Cancel a job; forget one that has ended",
        "parameters": [_ID],
        "responses": {
            "200": {"description": "The job had not ended: it is cancelled, and its search has stopped.", "content": _json(JobAnswer)},
            "204": {"description": "The job had ended: it is forgotten."},
            "404": _problem("No job has this id (any more)."),
        },
    }


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}}}

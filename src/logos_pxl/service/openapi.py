"""The OpenAPI document, made from the wire contract (``logos_pxl.wire``); tests hold the answers to it."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from logos_pxl.service.gate import OpenPaths
from logos_pxl.settings import Settings
from logos_pxl.version import __version__
from logos_pxl.wire.http import CERTIFICATE_FORMS, COQ, EVENTS, JSON, LATEX, LINES, PROBLEM
from logos_pxl.wire.ids import JOB_ID_PATTERN, SHA256_PATTERN
from logos_pxl.wire.problems import Problem
from logos_pxl.wire.state import Health, Live, Performance, ProofServer, Ready
from logos_pxl.wire.verdicts import Certificate, CountermodelSearch, ProveRequest, Verdict
from logos_pxl.wire.work import BatchLine, BatchRequest, Job, Parsed, ParseRequest

_MODELS: tuple[type[BaseModel], ...] = (
    *(ProveRequest, Verdict, CountermodelSearch, ParseRequest, Parsed, Certificate, Problem),
    *(Health, Live, Ready, ProofServer, Performance, BatchRequest, BatchLine, Job),
)
_REFERENCE = "#/components/schemas/{model}"
_REFUSALS = {
    400: "The body or the goal is malformed; a malformed goal comes with its position.",
    408: "The body came too slowly.",
    413: "The body or the goal is too large.",
    415: "The body is not application/json in UTF-8.",
    500: "A defect of the service; with the reason kernel_rejected, the kernel refused what the search had found.",
    503: "The service has no capacity now; Retry-After tells when to try again.",
}
_BODY_REFUSALS = (400, 408, 413, 415, 500)
_TEXT = {"schema": {"type": "string"}}
_APPLIED = {"Preference-Applied": {"description": "The preferences that were followed.", **_TEXT}}
_NO_JOB = "No job has this id (any more)."
_NOT_READY = "Not ready: problems tells why."


def openapi_document(settings: Settings) -> dict[str, Any]:
    """The document (OpenAPI 3.1), with the limits of this service."""
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "LOGOS PXL Core",
            "version": __version__,
            "description": "Verdicts on goals of the modal logic S5, each of them checked by the Coq kernel.",
        },
        "paths": _paths(),
        "components": {"schemas": _schemas(settings)},
    }
    _add_refusals_of_the_gate(document, OpenPaths(settings.open_paths))
    return document


def _schemas(settings: Settings) -> dict[str, Any]:
    _, found = models_json_schema([(model, "validation") for model in _MODELS], ref_template=_REFERENCE)
    schemas: dict[str, Any] = found["$defs"]
    for name, schema in schemas.items():
        # Clients take members that they do not know; this version of the service sends none. Problems may have members of their own.
        schema["additionalProperties"] = name == Problem.__name__
    _limit_timeout(schemas["ProveRequest"], max(settings.max_timeout_ms, settings.job_max_timeout_ms))
    _limit_timeout(schemas["BatchRequest"], settings.max_timeout_ms)
    schemas["BatchRequest"]["properties"]["goals"]["maxItems"] = settings.batch_max_goals
    return schemas


def _limit_timeout(request: dict[str, Any], most_ms: int) -> None:
    for option in request["properties"]["timeout_ms"]["anyOf"]:
        if option["type"] == "integer":
            option["maximum"] = most_ms


def _add_refusals_of_the_gate(document: dict[str, Any], open_paths: OpenPaths) -> None:
    """The refusals that every request can meet before it reaches its endpoint."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            responses.setdefault("400", _problem("The request is ambiguous."))
            if not open_paths.allow({"method": method.upper(), "path": path}):
                responses["401"] = _problem("The request is not signed as it must be.")
                responses["429"] = _problem("The client made more requests than it may; Retry-After tells when it may go on.")


def _paths() -> dict[str, Any]:
    return {
        "/prove": {"post": _verdict("prove", "Decide a goal", Verdict, "The verdict: valid, invalid or unknown.")},
        "/countermodel": {
            "post": _verdict("countermodel", "Look for a countermodel to a goal", CountermodelSearch, "Whether there is one, and which.")
        },
        "/parse": {
            "post": _operation(
                "parse",
                "Read a goal without deciding it: its notations and its subformulas",
                {"200": _answer("How the goal was understood.", _json(Parsed)), **_problems(*_BODY_REFUSALS)},
                body=ParseRequest,
            )
        },
        "/certificates/{id}": {"get": _certificate()},
        "/prove/batch": {"post": _batch()},
        "/jobs/{id}": {"get": _job(), "delete": _cancel()},
        "/health": {"get": _state("health", "The state of the service", Health, _NOT_READY)},
        "/health/live": {"get": _state("live", "Whether the process answers", Live)},
        "/health/ready": {"get": _state("ready", "Whether to send goals here", Ready, _NOT_READY)},
        "/health/proof_server": {
            "get": _state("proofServer", "The kernel and its sessions", ProofServer, "No goal can be kernel-checked now.")
        },
        "/metrics": {"get": _metrics()},
        "/metrics/performance": {"get": _state("performance", "How long the endpoints took", Performance)},
        "/openapi.json": {
            "get": _operation("openapi", "This document", {"200": _answer("OpenAPI 3.1.", {JSON: {"schema": {"type": "object"}}})})
        },
    }


def _verdict(name: str, summary: str, answer: type[BaseModel], description: str) -> dict[str, Any]:
    accepted = {
        **_answer("The goal became a job (only with `Prefer: respond-async`).", _json(Job)),
        "headers": {"Location": {"description": "Where the job can be asked for and cancelled.", **_TEXT}, **_APPLIED},
        "links": {"job": {"operationId": "job", "parameters": {"id": "$response.body#/job"}}},
    }
    decided = {
        **_answer(description, _json(answer)),
        "links": {"certificate": {"operationId": "certificate", "parameters": {"id": "$response.body#/id"}}},
    }
    prefer = _prefer(
        "`respond-async`: answer 202 with a job; with `wait=N` besides, only when there is no verdict in N seconds (RFC 7240).",
        {"job": {"value": "respond-async"}, "job after ten seconds": {"value": "respond-async, wait=10"}},
    )
    return _operation(name, summary, {"200": decided, "202": accepted, **_problems(*_REFUSALS)}, parameters=[prefer], body=ProveRequest)


def _certificate() -> dict[str, Any]:
    suffix = f"(\\.({'|'.join(CERTIFICATE_FORMS)}))?"
    name = _path_id("The certificate's id; the suffix .json, .v or .tex chooses the form.", f"{SHA256_PATTERN[:-1]}{suffix}$")
    form = {"name": "format", "in": "query", "required": False, "schema": {"type": "string", "enum": list(CERTIFICATE_FORMS)}}
    responses = {
        "200": _answer("The certificate.", {**_json(Certificate), COQ: _TEXT, LATEX: _TEXT}),
        "404": _problem("No certificate is kept under this id."),
        "406": _problem("Accept names no form that a certificate has, or it is too large to be set in LaTeX."),
        **_problems(400, 500),
    }
    summary = "A kept certificate: as JSON, as a file that coqc accepts, or as a LaTeX document"
    return _operation("certificate", summary, responses, parameters=[name, form])


def _batch() -> dict[str, Any]:
    description = "The lines come in the order in which the goals are done, one JSON object each; `BatchLine` is their type."
    responses = {"200": _answer("One line for each goal.", {LINES: _TEXT}), **_problems(*_BODY_REFUSALS)}
    return {**_operation("batch", "Decide many goals", responses, body=BatchRequest), "description": description}


def _job() -> dict[str, Any]:
    last_event = {
        "name": "Last-Event-ID",
        "in": "header",
        "required": False,
        "description": "The last event that the client has seen; only later ones are sent.",
        **_TEXT,
    }
    wait = _prefer("`wait=N`: answer when the job has ended, or after N seconds.", {"wait": {"value": "wait=10"}})
    responses = {
        "200": {**_answer("The job.", {**_json(Job), EVENTS: _TEXT}), "headers": _APPLIED},
        "204": {"description": "The client has seen the last event: it need not connect again."},
        "404": _problem(_NO_JOB),
        "406": _problem("Accept names no form that a job has."),
    }
    description = "Each event has the state as its name and the job as its data; the stream ends with the job."
    operation = _operation("job", "The state of a job, or the stream of its events", responses, parameters=[_job_id(), wait, last_event])
    return {**operation, "description": description}


def _cancel() -> dict[str, Any]:
    responses = {
        "200": _answer("The job had not ended: it is cancelled, and its search has stopped.", _json(Job)),
        "204": {"description": "The job had ended: it is forgotten."},
        "404": _problem(_NO_JOB),
    }
    return _operation("cancel", "Cancel a job; forget one that has ended", responses, parameters=[_job_id()])


def _state(name: str, summary: str, answer: type[BaseModel], failing: str | None = None) -> dict[str, Any]:
    responses = {"200": _answer("The state.", _json(answer))}
    if failing is not None:
        responses["503"] = _answer(failing, _json(answer))
    return _operation(name, summary, responses)


def _metrics() -> dict[str, Any]:
    number = {"schema": {"type": "object", "additionalProperties": {"type": ["number", "null"]}}}
    forms = {JSON: number, "application/openmetrics-text": _TEXT, "text/plain": _TEXT}
    responses = {
        "200": _answer("The metrics, in the form that Accept prefers.", forms),
        "406": _problem("Accept names no form that metrics have."),
    }
    return _operation("metrics", "All metrics, as flat JSON or in a format of Prometheus", responses)


def _operation(
    name: str, summary: str, responses: dict[str, Any], *, parameters: list[Any] | None = None, body: type[BaseModel] | None = None
) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": name, "summary": summary}
    if parameters is not None:
        operation["parameters"] = parameters
    if body is not None:
        operation["requestBody"] = {"required": True, "content": _json(body)}
    return {**operation, "responses": responses}


def _prefer(description: str, examples: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Prefer", "in": "header", "required": False, "description": description, **_TEXT, "examples": examples}


def _job_id() -> dict[str, Any]:
    return _path_id("The job's id, from the Location of the answer that made it.", JOB_ID_PATTERN)


def _path_id(description: str, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": pattern}
    return {"name": "id", "in": "path", "required": True, "description": description, "schema": schema}


def _problems(*statuses: int) -> dict[str, Any]:
    return {str(status): _problem(_REFUSALS[status]) for status in statuses}


def _problem(description: str) -> dict[str, Any]:
    return _answer(description, {PROBLEM: _json(Problem)[JSON]})


def _answer(description: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": content}


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {JSON: {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}}

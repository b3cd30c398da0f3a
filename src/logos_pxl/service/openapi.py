"""The OpenAPI document, made from the types in ``schemas.py``; tests hold the answers to it."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from logos_pxl.service.certificates import COQ_MEDIA_TYPE, LATEX_MEDIA_TYPE
from logos_pxl.service.gate import OpenPaths
from logos_pxl.service.problems import MEDIA_TYPE
from logos_pxl.service.schemas import (
    CertificateAnswer,
    CountermodelSearchAnswer,
    ParseAnswer,
    ParseRequest,
    Problem,
    ProveAnswer,
    ProveRequest,
)
from logos_pxl.service.state_operations import MODELS, state_operations
from logos_pxl.service.work_operations import MODELS as WORK_MODELS
from logos_pxl.service.work_operations import PREFER, accepted, work_operations
from logos_pxl.settings import Settings
from logos_pxl.version import __version__

_REFERENCE = "#/components/schemas/{model}"
_REFUSALS = {
    400: "The body or the goal is malformed; a malformed goal comes with its position.",
    408: "The body came too slowly.",
    413: "The body or the goal is too large.",
    415: "The body is not application/json in UTF-8.",
    500: "A defect of the service; with the reason kernel_rejected, the kernel refused what the search had found.",
    503: "The service has no capacity now; Retry-After tells when to try again.",
}


def openapi_document(settings: Settings) -> dict[str, Any]:
    """The document (OpenAPI 3.1), with the limits of this service."""
    own: list[type[BaseModel]] = [
        ProveRequest,
        ProveAnswer,
        CountermodelSearchAnswer,
        ParseRequest,
        ParseAnswer,
        CertificateAnswer,
        Problem,
    ]
    models = [*own, *MODELS, *WORK_MODELS]
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REFERENCE)
    definitions = schemas["$defs"]
    _limit_timeout(definitions["ProveRequest"], max(settings.max_timeout_ms, settings.job_max_timeout_ms))
    _limit_timeout(definitions["BatchRequest"], settings.max_timeout_ms)
    definitions["BatchRequest"]["properties"]["goals"]["maxItems"] = settings.batch_max_goals
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "LOGOS PXL Core",
            "version": __version__,
            "description": "Verdicts on goals of the modal logic S5, each of them checked by the Coq kernel.",
        },
        "paths": {
            "/prove": {"post": _verdict("prove", "Decide a goal", ProveAnswer, "The verdict: valid, invalid or unknown.")},
            "/countermodel": {
                "post": _verdict(
                    "countermodel", "Look for a countermodel to a goal", CountermodelSearchAnswer, "Whether there is one, and which."
                )
            },
            "/parse": {"post": _parse()},
            "/certificates/{id}": {"get": _certificates()},
            **work_operations(_problems(400, 408, 413, 415, 500)),
            **state_operations(),
            "/openapi.json": {
                "get": {
                    "operationId": "openapi",
                    "summary": "This document",
                    "responses": {"200": {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}}},
                }
            },
        },
        "components": {"schemas": definitions},
    }
    _add_refusals_of_the_gate(document, OpenPaths(settings.open_paths))
    return document


def _add_refusals_of_the_gate(document: dict[str, Any], open_paths: OpenPaths) -> None:
    """What every request may be told before it reaches its endpoint."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            responses.setdefault("400", _problem("The request is ambiguous."))
            if not open_paths.allow({"method": method.upper(), "path": path}):
                responses["401"] = _problem("The request is not signed as it must be.")
                responses["429"] = _problem("The client made more requests than it may; Retry-After tells when it may go on.")


def _limit_timeout(request: dict[str, Any], most_ms: int) -> None:
    for option in request["properties"]["timeout_ms"]["anyOf"]:
        if option["type"] == "integer":
            option["maximum"] = most_ms


def _verdict(operation: str, summary: str, answer: type[BaseModel], description: str) -> dict[str, Any]:
    return {
        "operationId": operation,
        "summary": summary,
        "parameters": [PREFER],
        "requestBody": {"required": True, "content": _content("application/json", ProveRequest)},
        "responses": {
            "200": {
                "description": description,
                "content": _content("application/json", answer),
                "links": {"certificate": {"operationId": "certificate", "parameters": {"id": "$response.body#/id"}}},
            },
            "202": accepted(),
            **_problems(*_REFUSALS),
        },
    }


def _parse() -> dict[str, Any]:
    return {
        "operationId": "parse",
        "summary": "Read a goal without deciding it: its notations and its subformulas",
        "requestBody": {"required": True, "content": _content("application/json", ParseRequest)},
        "responses": {
            "200": {"description": "How the goal was understood.", "content": _content("application/json", ParseAnswer)},
            **_problems(400, 408, 413, 415, 500),
        },
    }


def _certificates() -> dict[str, Any]:
    texts = {media_type: {"schema": {"type": "string"}} for media_type in (COQ_MEDIA_TYPE, LATEX_MEDIA_TYPE)}
    return {
        "operationId": "certificate",
        "summary": "A kept certificate: as JSON, as a file that coqc accepts, or as a LaTeX document",
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": True,
                "description": "The certificate's id; the suffix .json, .v or .tex chooses the form.",
                "schema": {"type": "string", "pattern": "^[0-9a-f]{64}(\\.(json|v|tex))?$"},
            },
            {"name": "format", "in": "query", "required": False, "schema": {"type": "string", "enum": ["json", "v", "tex"]}},
        ],
        "responses": {
            "200": {"description": "The certificate.", "content": {**_content("application/json", CertificateAnswer), **texts}},
            "404": _problem("No certificate is kept under this id."),
            "406": _problem("Accept names no form that a certificate has, or it is too large to be set in LaTeX."),
            **_problems(400, 500),
        },
    }


def _problems(*statuses: int) -> dict[str, Any]:
    return {str(status): _problem(_REFUSALS[status]) for status in statuses}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": _content(MEDIA_TYPE, Problem)}


def _content(media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}}

"""The OpenAPI document is true: real answers fit its schemas."""

from typing import Any

import pytest
from e2e.running import HARD, Server
from jsonschema import Draft202012Validator


@pytest.fixture(scope="module")
def document(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = server.client.get("/openapi.json").json()
    return found


def check(document: dict[str, Any], path: str, method: str, response: Any) -> None:
    """The response's status is declared, its media type too, and its body fits."""
    declared = document["paths"][path][method]["responses"][str(response.status_code)]
    content = declared["content"][response.headers["content-type"].partition(";")[0]]
    schema = {**content["schema"], "components": document["components"]}
    if response.headers["content-type"].endswith("json"):
        Draft202012Validator(schema).validate(response.json())


@pytest.mark.parametrize("path", ["/prove", "/countermodel"])
@pytest.mark.parametrize(
    "body",
    [
        {"goal": "BOX(A -> A)"},
        {"goal": "A -> BOX(A)"},
        {"goal": "A -> BOX(A)", "timeout_ms": None},
        {"goal": HARD, "timeout_ms": 100},
        {"goal": "BOX(A -> )"},
        {"goal": "~" * 10_001 + "A"},
        {"gaol": "A"},
        {"goal": "A", "timeout_ms": 10**9},
    ],
)
def test_answers_fit_the_document(server: Server, document: dict[str, Any], path: str, body: dict[str, Any]) -> None:
    """Verdicts of every kind and refusals, at both doors."""
    check(document, path, "post", server.client.post(path, json=body))


def test_the_other_endpoints_fit_too(server: Server, document: dict[str, Any]) -> None:
    """Certificates of both kinds in both forms, their refusals, and health."""
    for goal in ("BOX(A -> A)", "A -> BOX(A)"):
        certificate = server.prove(goal).json()["id"]
        for suffix in ("", ".v", ".json", ".tex"):
            check(document, "/certificates/{id}", "get", server.client.get(f"/certificates/{certificate}{suffix}"))
    check(document, "/certificates/{id}", "get", server.client.get(f"/certificates/{'0' * 64}"))
    check(document, "/certificates/{id}", "get", server.client.get(f"/certificates/{certificate}", headers={"Accept": "image/png"}))
    check(document, "/certificates/{id}", "get", server.client.get(f"/certificates/{certificate}?format=x"))
    for path in ("/health", "/health/live", "/health/ready", "/health/proof_server", "/metrics", "/metrics/performance"):
        check(document, path, "get", server.client.get(path))
    for accept in ("text/plain", "application/openmetrics-text", "image/png"):
        check(document, "/metrics", "get", server.client.get("/metrics", headers={"Accept": accept}))


def test_the_cap_on_budgets_is_declared(server: Server, document: dict[str, Any]) -> None:
    """A client that reads the document knows the largest timeout_ms."""
    schemas = document["components"]["schemas"]
    for request, most in (("ProveRequest", 600_000), ("BatchRequest", 60_000)):  # the larger of those for requests and for jobs
        assert {"type": "integer", "minimum": 1, "maximum": most} in schemas[request]["properties"]["timeout_ms"]["anyOf"]
    assert schemas["BatchRequest"]["properties"]["goals"]["maxItems"] == 1000


def test_every_path_of_the_document_exists(server: Server, document: dict[str, Any]) -> None:
    """And answers to no other method than those declared."""
    for path, operations in document["paths"].items():
        allowed = server.client.request("PATCH", path.replace("{id}", "0" * 64)).headers["allow"]
        assert {method.strip() for method in allowed.split(",")} - {"HEAD"} == {method.upper() for method in operations}


def test_health_tells_what_the_manual_reads(server: Server) -> None:
    """The fields of the operations manual, with numbers that fit each other."""
    health = server.client.get("/health").json()
    assert (health["status"], health["ready"]) == ("ok", True)
    pool = health["session_pool"]
    assert pool["max_pool_size"] == 2
    assert 0 <= pool["busy_sessions"] <= pool["active_sessions"] <= pool["total_sessions"] <= 2
    assert pool["utilization_rate"] == pool["busy_sessions"] / 2
    assert len(health["kernel_hash"]) == 64
    assert health["timestamp"].startswith("20")

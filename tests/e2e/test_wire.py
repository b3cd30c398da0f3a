"""The wire contract against a real service: every answer fits its declared type, and no member is undeclared."""

from collections.abc import Iterator
from typing import Any

import pytest
from e2e.running import HARD, Server, running_server
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from logos_pxl.client import JobCancelled, PxlClient
from logos_pxl.wire.base import Answer
from logos_pxl.wire.problems import PROBLEMS, Problem
from logos_pxl.wire.state import Health, Live, Performance, ProofServer, Ready
from logos_pxl.wire.verdicts import Certificate, CountermodelSearch, Verdict
from logos_pxl.wire.work import BatchLine, Job, Parsed

REPLICA = "8088"
VALID, INVALID = "BOX(A -> A)", "A -> BOX(A)"


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service with a replica's name, as every deployment of several has it."""
    with running_server(tmp_path_factory.mktemp("replica"), PXL_REPLICA=REPLICA, PXL_POOL_SIZE="1") as started:
        yield started


def undeclared(answer: BaseModel, place: str = "") -> list[str]:
    """The members of an answer, and of what is in it, that its types do not declare."""
    found = [f"{place}{name}" for name in answer.model_extra or {}]
    for name in answer.model_fields_set & type(answer).model_fields.keys():
        value = getattr(answer, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel):
                found += undeclared(part, f"{place}{name}.")
    return found


def fits(text: bytes | str, kind: type[Answer]) -> None:
    """The answer validates as the client validates it, and holds nothing that the contract does not declare."""
    assert undeclared(kind.model_validate_json(text)) == []


@pytest.mark.parametrize(("path", "kind"), [("/prove", Verdict), ("/countermodel", CountermodelSearch)])
@pytest.mark.parametrize(
    "body", [{"goal": VALID}, {"goal": INVALID}, {"goal": HARD, "timeout_ms": 100}], ids=["valid", "invalid", "unknown"]
)
def test_verdicts_are_declared(replica: Server, path: str, kind: type[Answer], body: dict[str, Any]) -> None:
    """Each kind of verdict, when it is found and when it is cached."""
    for _ in range(2):
        fits(replica.client.post(path, json=body).content, kind)


def test_certificates_and_parsed_goals_are_declared(replica: Server) -> None:
    """Both kinds of certificates; a goal in its notations."""
    for goal in (VALID, INVALID):
        fits(replica.client.get(f"/certificates/{replica.prove(goal).json()['id']}").content, Certificate)
        fits(replica.client.post("/parse", json={"goal": goal}).content, Parsed)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/health", Health),
        ("/health/live", Live),
        ("/health/ready", Ready),
        ("/health/proof_server", ProofServer),
        ("/metrics/performance", Performance),
    ],
)
def test_states_are_declared(replica: Server, path: str, kind: type[Answer]) -> None:
    """Health and performance."""
    fits(replica.client.get(path).content, kind)


def test_batches_and_jobs_are_declared(replica: Server) -> None:
    """A line with a result and one with a problem; a job of either question from its beginning to its end."""
    for line in replica.client.post("/prove/batch", json={"goals": [VALID, INVALID, "p ->", 7]}).text.splitlines():
        fits(line, BatchLine)
    for path in ("/prove", "/countermodel"):
        accepted = replica.client.post(path, json={"goal": INVALID}, headers={"Prefer": "respond-async"})
        fits(accepted.content, Job)
        ended = replica.client.get(accepted.headers["location"], headers={"Prefer": "wait=20"})
        fits(ended.content, Job)
        assert Job.model_validate_json(ended.content).over


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "/prove", {"goal": "BOX(A -> )"}, "malformed-goal"),
        ("POST", "/prove", {"goal": "~" * 10_001 + "A"}, "goal-too-large"),
        ("POST", "/prove", {"goal": "A", "timeout_ms": 10**9}, "timeout-too-long"),
        ("GET", "/nowhere", None, "not-found"),
        ("PATCH", "/prove", None, "method-not-allowed"),
        ("GET", "/jobs/" + "0" * 32, None, "job-not-found"),
        ("GET", "/certificates/" + "0" * 64, None, "certificate-not-found"),
    ],
)
def test_problems_are_declared(replica: Server, method: str, path: str, body: object, code: str) -> None:
    """Status and title are those of the table of codes; no member is undeclared."""
    answer = replica.client.request(method, path, json=body)
    problem = Problem.model_validate_json(answer.content)
    assert (problem.code, undeclared(problem)) == (code, [])
    assert (problem.status, problem.title) == (answer.status_code, PROBLEMS[code].title) == PROBLEMS[code]


def test_jobs_of_a_replica_are_submitted_waited_for_and_cancelled(replica: Server) -> None:
    """Their ids hold the replica's name; the client takes them, and so does the OpenAPI document."""
    document = replica.client.get("/openapi.json").json()
    [declared] = [one for one in document["paths"]["/jobs/{id}"]["get"]["parameters"] if one["name"] == "id"]
    with PxlClient(str(replica.client.base_url)) as client:
        job = client.submit(VALID)
        assert job.job.startswith(f"{REPLICA}-")
        assert client.wait(job).valid
        for schema in (declared["schema"], document["components"]["schemas"]["Job"]["properties"]["job"]):
            Draft202012Validator(schema).validate(job.job)
        assert [state.status for state in client.watch(job)][-1] == "done"
        long = client.submit(HARD)
        client.cancel(long)
        with pytest.raises(JobCancelled):
            client.wait(long)

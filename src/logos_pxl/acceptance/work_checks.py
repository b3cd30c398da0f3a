"""Long goals and batches."""

import json
import time
from collections.abc import Iterator
from typing import Any

from logos_pxl.acceptance import goals
from logos_pxl.acceptance.checks import Check, demand, document, member, problem, shown
from logos_pxl.acceptance.service import Service
from logos_pxl.acceptance.verdict_checks import fresh_name

_ACCEPTED = 202
_NO_CONTENT = 204
_PATIENCE_S = 20.0


def work_checks() -> Iterator[Check]:
    """All of them."""
    yield Check("long goals", "respond-async makes a job, which ends with the verdict", _job)
    yield Check("long goals", "events end with the verdict", _events)
    yield Check("long goals", "DELETE cancels, and then forgets", _cancel)
    yield Check("long goals", "an unknown job is 404", _unknown_job)
    yield Check("batches", "each goal has its line, and a bad one spoils no other", _batch)


def _submit(service: Service, goal: str, **members: object) -> str:
    answer = service.post("/prove", {"goal": goal, **members}, headers={"Prefer": "respond-async"})
    demand(answer.status == _ACCEPTED, f"expected status 202, found {shown(answer)}")
    demand("respond-async" in answer.headers.get("preference-applied", ""), "Preference-Applied does not tell of respond-async")
    location = answer.headers.get("location", "")
    demand(location.startswith("/jobs/"), f"Location is {location!r}")
    return location


def _ended(service: Service, job: str) -> dict[str, Any]:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        found = document(service.get(job, headers={"Prefer": "wait=2"}))
        if found.get("status") not in ("queued", "running"):
            return found
        time.sleep(0.05)
    demand(holds=False, found=f"the job did not end within {_PATIENCE_S:g} s")
    return {}


def _job(service: Service) -> str:
    name = fresh_name()
    job = _submit(service, f"BOX({name} -> {name})")
    found = _ended(service, job)
    demand(found.get("status") == "done", f"the job ended as {found.get('status')!r}")
    demand(member(found, "result", dict).get("verdict") == "valid", f"its result is {found['result']}")
    service.ask("DELETE", job)
    return ""


def _events(service: Service) -> str:
    name = fresh_name()
    job = _submit(service, f"{name} -> BOX({name})")
    answer = service.get(job, headers={"Accept": "text/event-stream"})
    demand(answer.media_type == "text/event-stream", shown(answer))
    events = [dict(line.partition(": ")[::2] for line in event.splitlines()) for event in answer.body.decode().split("\n\n") if event]
    last = events[-1]
    demand(last.get("event") == "done", f"the last event is {last.get('event')!r}")
    demand(json.loads(last["data"])["result"]["verdict"] == "invalid", f"the last event's data: {last['data'][:200]}")
    service.ask("DELETE", job)
    return f"{len(events)} events"


def _cancel(service: Service) -> str:
    job = _submit(service, goals.hard(1), timeout_ms=20_000)
    found = document(service.ask("DELETE", job))
    demand(found.get("status") == "cancelled", f"after DELETE the job is {found.get('status')!r}")
    demand(document(service.get(job)).get("status") == "cancelled", "asked again, it is something else")
    answer = service.ask("DELETE", job)
    demand(answer.status == _NO_CONTENT, f"a second DELETE: {shown(answer)}")
    problem(service.get(job), 404, "job-not-found")
    return ""


def _unknown_job(service: Service) -> str:
    problem(service.get("/jobs/" + "0" * 32), 404, "job-not-found")
    problem(service.get("/jobs"), 404, "not-found")
    return ""


def _batch(service: Service) -> str:
    asked = ["BOX(A -> A)", "BOX(A -> ", "A -> BOX(A)", ""]
    answer = service.post("/prove/batch", {"goals": asked})
    demand(answer.media_type == "application/x-ndjson", shown(answer))
    lines = {line["index"]: line for line in map(json.loads, answer.body.splitlines())}
    demand(sorted(lines) == list(range(len(asked))), f"there are lines for {sorted(lines)}")
    verdicts = {index: line["result"]["verdict"] for index, line in lines.items() if "result" in line}
    demand(verdicts == {0: "valid", 2: "invalid"}, f"the verdicts are {verdicts}")
    refused = {index: line["problem"]["type"] for index, line in lines.items() if "problem" in line}
    demand(set(refused.values()) == {"urn:pxl:problem:malformed-goal"}, f"the refusals are {refused}")
    return f"{len(lines)} lines"

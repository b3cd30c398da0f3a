"""Long goals: ``Prefer: respond-async``, and the resource under ``/jobs/{id}``."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import datetime

from pydantic_core import to_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from logos_pxl.proving import Verdict
from logos_pxl.proving.jobs import Job, JobResult, Jobs
from logos_pxl.service.answers import DocumentOf, verdict_response
from logos_pxl.service.disconnects import StreamedResponse, while_connected
from logos_pxl.service.ending import cut_off
from logos_pxl.service.problems import NotAcceptable, defect
from logos_pxl.service.reading import Preferences, best_form, job_budget_s, preferences_of, read_goal
from logos_pxl.service.service import Service
from logos_pxl.wire.http import EVENTS
from logos_pxl.wire.verdicts import ProveRequest

_JSON = "application/json"
_SERVER_ERROR = 500
_NO_STORE = {"Cache-Control": "no-store"}
_KEEP_ALIVE = b": keep-alive\n\n"
# Milliseconds after which a client that lost its connection connects again.
_RETRY = b"retry: 1000\n\n"


async def accept_job(
    service: Service, request: Request, asked: ProveRequest, preferences: Preferences, document_of: DocumentOf
) -> Response:
    """Make a job of a goal: 202, or the answer itself when the client would wait and the verdict is there in time.

    Raises MalformedGoal, GoalTooLarge, TimeoutTooLong, Overloaded; ClientDisconnect when the client went away while it waited.
    """
    runtime, jobs = service.runtime, service.runtime.jobs
    timeout_s = job_budget_s(asked.timeout_ms, runtime.settings)
    read = await read_goal(asked.goal, runtime.goal_limits)
    answers: list[Response] = []

    def render(verdict: Verdict | None) -> JobResult:
        response = defect() if verdict is None else verdict_response(verdict, document_of)
        answers.append(response)
        return JobResult(bytes(response.body), failed=response.status_code >= _SERVER_ERROR)

    new = jobs.submit(read.goal, render, size_bytes=len(asked.goal), timeout_s=timeout_s - read.parse_s, parse_ms=read.parse_s * 1000)
    if preferences.wait_s:
        await _wait_or_cancel(jobs, request, new, preferences.wait_s)
    if not new.state.ended:
        applied = "respond-async" + (f", wait={preferences.wait_s}" if preferences.wait_s else "")
        headers = {**_NO_STORE, "Location": f"/jobs/{new.id}", "Preference-Applied": applied}
        return Response(job_document(new), status_code=202, media_type=_JSON, headers=headers)
    jobs.forget(new)
    if not answers:
        return cut_off()
    answers[0].headers["Preference-Applied"] = f"wait={preferences.wait_s}"
    return answers[0]


async def job(service: Service, request: Request) -> Response:
    """The state of a job: as JSON, at once or after ``Prefer: wait``; or its events until it ends. Raises JobNotFound, NotAcceptable."""
    found = service.runtime.jobs.get(request.path_params["id"])
    accept = ",".join(request.headers.getlist("accept"))
    form = best_form(accept, (_JSON, EVENTS))
    if form is None:
        raise NotAcceptable(f"a job comes as {_JSON} or {EVENTS}, and Accept names neither: {accept[:200]!r}")
    if form == EVENTS and request.method == "GET":
        return _events_response(service, request, found)
    headers = dict(_NO_STORE)
    wait_s = preferences_of(request).wait_s
    if wait_s:
        headers["Preference-Applied"] = f"wait={wait_s}"
        try:
            await _wait(request, found, wait_s)
        except asyncio.CancelledError:
            if not service.runtime.draining.active:
                raise
    return Response(job_document(found), media_type=_JSON, headers=headers)


async def cancel(service: Service, request: Request) -> Response:
    """Cancel a job, and answer when its search has stopped; forget a job that has ended. Raises JobNotFound."""
    jobs = service.runtime.jobs
    found = jobs.get(request.path_params["id"])
    if found.state.ended:
        jobs.forget(found)
        return Response(status_code=204)
    await jobs.cancel(found)
    return Response(job_document(found), media_type=_JSON, headers=_NO_STORE)


async def _wait_or_cancel(jobs: Jobs, request: Request, new: Job, wait_s: int) -> None:
    try:
        await _wait(request, new, wait_s)
    except (ClientDisconnect, asyncio.CancelledError):
        # The client never learned the job's id.
        await jobs.cancel(new)
        jobs.forget(new)
        raise


def _events_response(service: Service, request: Request, found: Job) -> Response:
    seen = _last_seen(request)
    if found.state.ended and seen == found.number:
        # The client has seen the last event: 204 tells it not to connect again.
        return Response(status_code=204)
    settings = service.runtime.settings
    pieces = _events(found, seen if seen < found.number else 0, settings.event_interval_s)
    return StreamedResponse(request, pieces, media_type=EVENTS, send_timeout_s=settings.connection_timeout_s)


def job_document(job: Job) -> bytes:
    """The job as JSON: ``result`` is the answer that the request would have had, ``problem`` the refusal."""
    members = {
        "job": job.id,
        "status": job.state,
        "timeout_ms": round(job.timeout_s * 1000),
        "created": _time(job.created),
        "started": _time(job.started),
        "ended": _time(job.ended),
        "expires": _time(job.expires),
    }
    result = job.result
    if result is None:
        return to_json(members)
    return to_json(members)[:-1] + (b',"problem":' if result.failed else b',"result":') + result.document + b"}"


async def _wait(request: Request, job: Job, wait_s: int) -> None:
    async def ended() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await job.until_ended()

    await while_connected(request, ended())


async def _events(job: Job, seen: int, interval_s: float) -> AsyncGenerator[bytes, None]:
    yield _RETRY
    while True:
        if job.number > seen:
            seen = job.number
            ended = job.state.ended
            yield b"event: %b\nid: %d\ndata: %b\n\n" % (job.state.encode(), seen, job_document(job))
            if ended:
                return
        try:
            async with asyncio.timeout(interval_s):
                await job.after(seen)
        except TimeoutError:
            yield _KEEP_ALIVE


def _last_seen(request: Request) -> int:
    """The number in ``Last-Event-ID``; 0 when there is none."""
    given = request.headers.get("last-event-id", "")
    return int(given[:9]) if given.isascii() and given.isdecimal() else 0


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds")

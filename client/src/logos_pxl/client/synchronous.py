"""The client for ordinary code: one call, one answer."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

import httpx2

from logos_pxl.client import calls, jobs
from logos_pxl.client.batches import BatchItem, BatchState
from logos_pxl.client.calls import Call, Reply, T
from logos_pxl.client.connecting import Body, Endpoint
from logos_pxl.client.refusals import refusal
from logos_pxl.client.retrying import Retrying
from logos_pxl.wire.errors import PxlError
from logos_pxl.wire.state import Health
from logos_pxl.wire.verdicts import Certificate, CountermodelSearch, Verdict
from logos_pxl.wire.work import Job

Progress = Callable[[int, int], None]
"""Is told how many goals of how many are done."""

_OK = 200


class PxlClient:
    """Asks a PXL service. May be shared by threads; close it, or use it in a ``with`` block.

    >>> with PxlClient(URL) as client:
    ...     verdict = client.prove("BOX(p -> q) -> (BOX p -> BOX q)")
    >>> verdict.valid, verdict.verified
    (True, True)
    """

    def __init__(self, url: str, *, key: str | None = None, retrying: Retrying | None = None, default_s: float = 60.0) -> None:
        """``key`` is the service's ``HMAC_SECRET_KEY`` when requests must be signed.

        ``default_s``: how many seconds a goal without a ``timeout_ms`` is waited for. Raises RequestError for an address or a key that is
        none.
        """
        self._endpoint = Endpoint(url, key, retrying or Retrying(), default_s)
        self._http = httpx2.Client(base_url=url, auth=self._endpoint.auth)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def prove(self, goal: str, *, timeout_ms: int | None = None) -> Verdict:
        """Decide a goal, in any notation; ``timeout_ms`` is the service's whole budget for it.

        Raises MalformedGoal, GoalTooLarge, TimeoutTooLong; NotAuthorised, QuotaExceeded, Overloaded, ServiceUnavailable, ServiceFailed,
        SoundnessAlarm, ConnectionFailed, ProtocolError.

        >>> client.prove("p -> BOX p").countermodel.failing_world
        'w0'
        >>> client.prove("BOX(p -> )")
        Traceback (most recent call last):
        ...
        logos_pxl.wire.errors.MalformedGoal: line 1, column 10: expected an atom, `(`, `~`, `[]`, `<>`, `true` or `false`; found `)`
        BOX(p -> )
                 ^
        """
        return self._ask(calls.prove(goal, timeout_ms, default_s=self._endpoint.default_s))

    def countermodel(self, goal: str, *, timeout_ms: int | None = None) -> CountermodelSearch:
        """Look for a countermodel: the same question from the other side, and the same errors.

        >>> client.countermodel("DIA p -> p").exists
        True
        """
        return self._ask(calls.countermodel(goal, timeout_ms, default_s=self._endpoint.default_s))

    def prove_many(
        self, goals: Iterable[str], *, timeout_ms: int | None = None, size: int = 200, progress: Progress | None = None
    ) -> Iterator[BatchItem]:
        """Decide many goals; results come as they are done, in no fixed order, each with its goal's ``index``.

        ``timeout_ms`` is for each goal; ``size`` goals go into one request. A goal that is refused spoils no other: its item has ``error``.
        A stream that breaks is taken up where it broke. Raises what concerns all goals, as ``prove`` does.

        >>> items = client.prove_many(["p -> p", "p", "p ->"], progress=lambda done, total: None)
        >>> [item.error.code if item.error else item.verdict.verdict for item in sorted(items, key=lambda item: item.index)]
        ['valid', 'invalid', 'malformed-goal']
        """
        tell = progress or (lambda _done, _total: None)
        state = BatchState(list(goals), timeout_ms, size=size, default_s=self._endpoint.default_s)
        while (call := state.next_call()) is not None:
            for item in self._stream(state, call):
                tell(state.done, state.total)
                yield item
        for index in state.postponed:
            try:
                item = state.asked_again(index, self.prove(state.goal(index), timeout_ms=timeout_ms), None)
            except PxlError as error:
                item = state.asked_again(index, None, error)
            tell(state.done, state.total)
            yield item

    def submit(self, goal: str, *, timeout_ms: int | None = None) -> Job:
        """Make a long goal a job, which goes on when nobody waits for it; ``job`` and ``wait`` ask for it. Raises as ``prove``.

        >>> job = client.submit("BOX p -> p")
        >>> client.wait(job).valid
        True
        """
        return self._ask(calls.submit(goal, timeout_ms))

    def job(self, job: Job | str, *, wait_s: int = 0) -> Job:
        """How a job stands, at its end or after ``wait_s`` seconds. Raises JobNotFound."""
        return self._ask(calls.job(jobs.id_of(job), wait_s=wait_s))

    def wait(self, job: Job | str, *, progress: Callable[[Job], None] | None = None) -> Verdict:
        """A job's verdict, when it is there; ``progress`` is told each time the service says how it stands.

        Raises JobNotFound, JobCancelled, and what ``prove`` raises of the goal. Goes on for as long as the job may take.
        """
        while True:
            standing = self.job(job, wait_s=jobs.POLL_S)
            if progress is not None:
                progress(standing)
            if standing.over:
                return jobs.verdict_of(standing)

    def watch(self, job: Job | str) -> Iterator[Job]:
        """How a job stands now, and each change until its end, as the service tells it (server-sent events)."""
        watching = jobs.Watching(jobs.id_of(job))
        while not watching.over:
            try:
                with self._opened(watching.next_call()) as response:
                    for event in httpx2.EventSource(response):
                        if event.data:  # others tell when to connect again
                            yield watching.take(event.id, event.data)
            except httpx2.TransportError as error:
                watching.ended(self._endpoint.failed(error))
            else:
                watching.ended(None)

    def cancel(self, job: Job | str) -> None:
        """Cancel a job, or have one forgotten that has ended. Raises JobNotFound."""
        self._ask(calls.cancel(jobs.id_of(job)))

    def prove_long(self, goal: str, *, timeout_ms: int | None = None, progress: Callable[[Job], None] | None = None) -> Verdict:
        """Decide a goal as a job, and wait for it; interrupted, it cancels the job. Raises as ``wait``."""
        job = self.submit(goal, timeout_ms=timeout_ms)
        try:
            return calls.about(self.wait(job, progress=progress), goal)
        except BaseException:
            with suppress(PxlError):
                self.cancel(job)
            raise

    def certificate(self, verdict: Verdict | CountermodelSearch | str) -> Certificate:
        """The certificate of a verdict, or of an id. Raises CertificateNotFound, and ProtocolError when it is another goal's.

        >>> certificate = client.certificate(client.prove("BOX p -> p"))
        >>> certificate.kind, certificate.goal
        ('proof', 'BOX(p) -> p')
        """
        return jobs.fitting(self._ask(calls.certificate(jobs.certificate_id_of(verdict))), verdict)

    def coq_file(self, verdict: Verdict | CountermodelSearch | str) -> str:
        """The certificate as a file that ``coqc`` checks. Raises CertificateNotFound.

        >>> "Theorem goal_is_provable" in client.coq_file(client.prove("BOX p -> p"))
        True
        """
        return self._ask(calls.coq_file(jobs.certificate_id_of(verdict)))

    def health(self) -> Health:
        """The service's state.

        >>> client.health().ready
        True
        """
        return self._ask(calls.health())

    def _ask(self, call: Call[T]) -> T:
        deadline = self._endpoint.deadline(call)
        for attempt in self._endpoint.retrying.tries(deadline):
            with attempt:
                return call.read(self._reply(call, deadline))
        raise AssertionError("unreachable: the last attempt raises")

    def _reply(self, call: Call[T], deadline: float) -> Reply:
        body = Body(deadline)
        try:
            with self._http.stream(
                call.method, call.target, content=call.body, headers=call.headers, timeout=self._endpoint.timeout(call, deadline)
            ) as response:
                for piece in response.iter_bytes():
                    body.add(piece)
                return Reply(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body.whole())
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise self._endpoint.failed(error) from error

    def _stream(self, state: BatchState, call: Call[None]) -> Iterator[BatchItem]:
        try:
            with self._opened(call) as response:
                for piece in response.iter_bytes():
                    yield from state.feed(piece)
        except httpx2.TransportError as error:
            state.ended(self._endpoint.failed(error))
        else:
            state.ended()

    @contextmanager
    def _opened(self, call: Call[T]) -> Iterator[httpx2.Response]:
        """A stream whose head has come and is 200; opening it is tried again, reading it is not."""
        deadline = self._endpoint.deadline(call)
        for attempt in self._endpoint.retrying.tries(deadline):
            with attempt:
                response = self._open(call, deadline)
        try:
            yield response
        finally:
            response.close()

    def _open(self, call: Call[T], deadline: float) -> httpx2.Response:
        try:
            request = self._http.build_request(
                call.method, call.target, content=call.body, headers=call.headers, timeout=self._endpoint.timeout(call, deadline)
            )
            response = self._http.send(request, stream=True)
            if response.status_code == _OK:
                return response
            body = Body(deadline)
            try:
                for piece in response.iter_bytes():
                    body.add(piece)
            finally:
                response.close()
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise self._endpoint.failed(error) from error
        raise refusal(response.status_code, {name.lower(): value for name, value in response.headers.items()}, body.whole())

"""The blocking client."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

import httpx2

from logos_pxl.client import calls
from logos_pxl.client.calls import Call, Reply, T
from logos_pxl.client.connecting import Body, Endpoint, Retrying
from logos_pxl.client.errors import reply_error
from logos_pxl.client.streams import BatchItem, BatchState, Watching
from logos_pxl.wire.errors import PxlError
from logos_pxl.wire.state import Health
from logos_pxl.wire.verdicts import Certificate, CountermodelSearch, Verdict
from logos_pxl.wire.work import Job

Progress = Callable[[int, int], None]
"""Called with the number of goals that are done, and of all goals."""

_OK = 200


class PxlClient:
    """A client of a PXL service. Threads may share it. Close it, or use it in a ``with`` block.

    >>> with PxlClient(URL) as client:
    ...     verdict = client.prove("BOX(p -> q) -> (BOX p -> BOX q)")
    >>> verdict.valid, verdict.verified
    (True, True)
    """

    def __init__(self, url: str, *, key: str | None = None, retrying: Retrying | None = None, default_s: float = 60.0) -> None:
        """``key`` is the service's ``HMAC_SECRET_KEY`` when requests must be signed.

        ``default_s`` is the time for a goal without a ``timeout_ms``, in seconds. Raises RequestError for a malformed address or key.
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
        """Decide a goal, in any notation. ``timeout_ms`` is the service's whole budget for it.

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
        """Look for a countermodel. Raises as ``prove``.

        >>> client.countermodel("DIA p -> p").exists
        True
        """
        return self._ask(calls.countermodel(goal, timeout_ms, default_s=self._endpoint.default_s))

    def prove_many(
        self, goals: Iterable[str], *, timeout_ms: int | None = None, size: int = 200, progress: Progress | None = None
    ) -> Iterator[BatchItem]:
        """Decide many goals. Results come as they are done, in no fixed order, each with its goal's ``index``.

        ``timeout_ms`` is for each goal; one request holds at most ``size`` goals. An item of a refused goal has ``error``. After a broken
        stream the goals without a result are sent again. Raises errors that concern all goals, as ``prove`` does.

        >>> items = client.prove_many(["p -> p", "p", "p ->"], progress=lambda done, total: None)
        >>> [item.error.code if item.error else item.verdict.verdict for item in sorted(items, key=lambda item: item.index)]
        ['valid', 'invalid', 'malformed-goal']
        """
        report = progress or (lambda _done, _total: None)
        state = BatchState(list(goals), timeout_ms, size=size, default_s=self._endpoint.default_s)
        while (call := state.next_call()) is not None:
            for item in self._stream(state, call):
                report(state.done, state.total)
                yield item
        for index in state.postponed:
            try:
                item = state.asked_again(index, self.prove(state.goal(index), timeout_ms=timeout_ms), None)
            except PxlError as error:
                item = state.asked_again(index, None, error)
            report(state.done, state.total)
            yield item

    def submit(self, goal: str, *, timeout_ms: int | None = None) -> Job:
        """Create a job for a long goal, which runs in the background; see ``job`` and ``wait``. Raises as ``prove``.

        >>> job = client.submit("BOX p -> p")
        >>> client.wait(job).valid
        True
        """
        return self._ask(calls.submit(goal, timeout_ms))

    def job(self, job: Job | str, *, wait_s: int = 0) -> Job:
        """A job's state, at its end or after ``wait_s`` seconds. Raises JobNotFound."""
        return self._ask(calls.job(job, wait_s=wait_s))

    def wait(self, job: Job | str, *, progress: Callable[[Job], None] | None = None) -> Verdict:
        """Wait for a job's verdict, as long as the job may take; ``progress`` is called with each state that arrives.

        Raises JobNotFound, JobCancelled, and the errors of ``prove``.
        """
        while True:
            state = self.job(job, wait_s=calls.POLL_S)
            if progress is not None:
                progress(state)
            if state.over:
                return calls.job_verdict(state)

    def watch(self, job: Job | str) -> Iterator[Job]:
        """A job's state now and at each change until its end (server-sent events)."""
        watching = Watching(job)
        while not watching.over:
            with self._opened(watching.next_call()) as response, self._endpoint.reading(watching):
                for event in httpx2.EventSource(response):
                    if event.data:  # other events set the time to reconnect
                        yield watching.take(event.id, event.data)

    def cancel(self, job: Job | str) -> None:
        """Cancel a job, or delete one that has ended. Raises JobNotFound."""
        self._ask(calls.cancel(job))

    def prove_long(self, goal: str, *, timeout_ms: int | None = None, progress: Callable[[Job], None] | None = None) -> Verdict:
        """Decide a goal as a job. Cancels the job when it is interrupted. Raises as ``wait``."""
        job = self.submit(goal, timeout_ms=timeout_ms)
        try:
            return calls.about(self.wait(job, progress=progress), goal)
        except BaseException:
            with suppress(PxlError):
                self.cancel(job)
            raise

    def certificate(self, verdict: Verdict | CountermodelSearch | str) -> Certificate:
        """The certificate of a verdict or an id. Raises CertificateNotFound, and ProtocolError when it is for another goal.

        >>> certificate = client.certificate(client.prove("BOX p -> p"))
        >>> certificate.kind, certificate.goal
        ('proof', 'BOX(p) -> p')
        """
        return self._ask(calls.certificate(verdict))

    def coq_file(self, verdict: Verdict | CountermodelSearch | str) -> str:
        """The certificate as a file for ``coqc``. Raises CertificateNotFound.

        >>> "Theorem goal_is_provable" in client.coq_file(client.prove("BOX p -> p"))
        True
        """
        return self._ask(calls.coq_file(verdict))

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
        with self._endpoint.errors():
            return self._read(self._send(call, deadline), deadline)

    def _stream(self, state: BatchState, call: Call[None]) -> Iterator[BatchItem]:
        with self._opened(call) as response, self._endpoint.reading(state):
            for piece in response.iter_bytes():
                yield from state.feed(piece)

    @contextmanager
    def _opened(self, call: Call[T]) -> Iterator[httpx2.Response]:
        """A stream whose status is 200. Opening it is retried, reading it is not."""
        deadline = self._endpoint.deadline(call)
        for attempt in self._endpoint.retrying.tries(deadline):
            with attempt:
                response = self._open(call, deadline)
        try:
            yield response
        finally:
            response.close()

    def _open(self, call: Call[T], deadline: float) -> httpx2.Response:
        with self._endpoint.errors():
            response = self._send(call, deadline)
            if response.status_code == _OK:
                return response
            reply = self._read(response, deadline)
        raise reply_error(reply.status, reply.headers, reply.body)

    def _send(self, call: Call[T], deadline: float) -> httpx2.Response:
        return self._http.send(self._http.build_request(**self._endpoint.options(call, deadline)), stream=True)

    def _read(self, response: httpx2.Response, deadline: float) -> Reply:
        body = Body(response, deadline)
        try:
            for piece in response.iter_bytes():
                body.add(piece)
        finally:
            response.close()
        return body.reply()

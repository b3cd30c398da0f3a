"""Jobs and certificates as the clients handle them, without I/O."""

from logos_pxl.client import calls
from logos_pxl.client.calls import Call
from logos_pxl.client.errors import ConnectionFailed, JobCancelled, ProtocolError, RequestError
from logos_pxl.client.refusals import refusal_of
from logos_pxl.wire.errors import CertificateNotFound
from logos_pxl.wire.verdicts import Certificate, CountermodelSearch, Verdict
from logos_pxl.wire.work import Job

POLL_S = 20
"""How long the service holds one question for a job, in seconds."""

# Streams of events that may break one after the other without a new event.
_IDLE_STREAMS = 3
_SILENCE_S = 60.0


def id_of(job: Job | str) -> str:
    """A job's id."""
    return job if isinstance(job, str) else job.job


def verdict_of(job: Job) -> Verdict:
    """The verdict of a job that has ended. Raises JobCancelled, and the error of a goal that failed.

    Raises RequestError for a job that looks for a countermodel.
    """
    if isinstance(job.result, CountermodelSearch):
        raise RequestError(f"the job {job.job} looks for a countermodel: its answer is the member result of client.job")
    if job.result is not None:
        return job.result
    if job.problem is not None:
        raise refusal_of(job.problem, job.problem.status)
    raise JobCancelled(f"the job {job.job} was cancelled before it had a verdict")


def certificate_id_of(verdict: Verdict | CountermodelSearch | str) -> str:
    """The id of a verdict's certificate. Raises CertificateNotFound when it has none, or the service kept none."""
    if isinstance(verdict, str):
        return verdict
    if verdict.id is None:
        raise CertificateNotFound("an unknown verdict has no certificate")
    if not verdict.certificate_stored:
        raise CertificateNotFound("the service did not keep this verdict's certificate (PXL_CERTIFICATES_MAX, its disk): ask once more")
    return verdict.id


def fitting(certificate: Certificate, asked: Verdict | CountermodelSearch | str) -> Certificate:
    """``certificate``, when it is the one that was asked for. Raises ProtocolError."""
    if certificate.id != (asked if isinstance(asked, str) else asked.id):
        raise ProtocolError(f"the service gave the certificate {certificate.id}, which is another one than was asked for")
    if not isinstance(asked, str):
        kind = "proof" if asked.verdict == "valid" else "countermodel"
        if (certificate.kind, certificate.goal) != (kind, asked.goal):
            raise ProtocolError(f"the certificate is a {certificate.kind} for {certificate.goal[:200]}, and not what the verdict said")
    return certificate


class Watching:
    """A job's events over as many streams as it takes. Raises ConnectionFailed when too many in a row bring nothing."""

    def __init__(self, job_id: str) -> None:
        self.over = False
        self._job_id = job_id
        self._last = ""
        self._idle = 0

    def next_call(self) -> Call[None]:
        """The request for the events that are not known yet."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self._last} if self._last else {})
        target = calls.job(self._job_id, wait_s=0).target
        return Call("GET", target, lambda _: None, _SILENCE_S, headers=headers)

    def take(self, event_id: str, data: str) -> Job:
        """The job as an event tells it. Raises ProtocolError."""
        job = calls.decoded(data, Job)
        if job.job != self._job_id:
            raise ProtocolError(f"an event of the job {self._job_id} tells of another one")
        self._last, self._idle, self.over = event_id, 0, job.over
        return job

    def ended(self, broke: ConnectionFailed | None) -> None:
        """The stream ended, the job perhaps not."""
        self._idle += 1
        if not self.over and self._idle >= _IDLE_STREAMS:
            raise broke or ConnectionFailed(f"the events of the job {self._job_id} ended before it did, {self._idle} times")

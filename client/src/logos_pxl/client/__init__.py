"""Python client of the proof service: ``PxlClient``, and ``AsyncPxlClient`` for asyncio. Needs neither the engine nor Coq.

Invariant: only an answer with ``verified: true`` that does not contradict itself becomes a valid or invalid verdict.
"""

from logos_pxl.client.asynchronous import AsyncPxlClient
from logos_pxl.client.connecting import NEVER, Retrying
from logos_pxl.client.errors import (
    ConnectionFailed,
    JobCancelled,
    NotAuthorised,
    ProtocolError,
    QuotaExceeded,
    ServiceFailed,
    ServiceUnavailable,
)
from logos_pxl.client.streams import BatchItem
from logos_pxl.client.synchronous import PxlClient
from logos_pxl.wire.errors import (
    BatchTooLarge,
    CertificateNotFound,
    GoalTooLarge,
    JobNotFound,
    MalformedGoal,
    Overloaded,
    PxlError,
    RequestError,
    SoundnessAlarm,
    TimeoutTooLong,
)
from logos_pxl.wire.state import Health
from logos_pxl.wire.verdicts import Certificate, Countermodel, CountermodelSearch, Verdict
from logos_pxl.wire.work import Job

__all__ = [
    "NEVER",
    "AsyncPxlClient",
    "BatchItem",
    "BatchTooLarge",
    "Certificate",
    "CertificateNotFound",
    "ConnectionFailed",
    "Countermodel",
    "CountermodelSearch",
    "GoalTooLarge",
    "Health",
    "Job",
    "JobCancelled",
    "JobNotFound",
    "MalformedGoal",
    "NotAuthorised",
    "Overloaded",
    "ProtocolError",
    "PxlClient",
    "PxlError",
    "QuotaExceeded",
    "RequestError",
    "Retrying",
    "ServiceFailed",
    "ServiceUnavailable",
    "SoundnessAlarm",
    "TimeoutTooLong",
    "Verdict",
]

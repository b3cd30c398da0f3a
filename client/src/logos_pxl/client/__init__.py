"""A client of the proof service: ``PxlClient``, and ``AsyncPxlClient`` for asyncio. Needs no engine and no Coq.

Invariant: nothing but an answer with ``verified: true`` that does not contradict itself becomes a verdict of valid or invalid.
"""

from logos_pxl.client.asynchronous import AsyncPxlClient
from logos_pxl.client.batches import BatchItem
from logos_pxl.client.errors import (
    ConnectionFailed,
    JobCancelled,
    NotAuthorised,
    Overloaded,
    ProtocolError,
    PxlError,
    QuotaExceeded,
    RequestError,
    ServiceFailed,
    ServiceUnavailable,
)
from logos_pxl.client.retrying import NEVER, Retrying
from logos_pxl.client.synchronous import PxlClient
from logos_pxl.wire.errors import (
    BatchTooLarge,
    CertificateNotFound,
    GoalTooLarge,
    JobNotFound,
    MalformedGoal,
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

"""Certificates checked again: by the kernel of this process, or by what a service says of them.

Invariant: ``accepted`` is true only when a kernel accepted this very evidence for this very goal: here and now, or, as a service confirms,
when it stored the certificate under the id of its parts.
"""

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from logos_pxl.agents.answers import CheckAnswer
from logos_pxl.client import AsyncPxlClient, Certificate, CertificateNotFound
from logos_pxl.client.calls import decoded
from logos_pxl.client.errors import ProtocolError
from logos_pxl.errors import MalformedCertificate, SessionError

if TYPE_CHECKING:
    from logos_pxl.local import LocalProver

Check = Callable[[Certificate, float], Awaitable[CheckAnswer]]
"""Check a certificate within so many seconds."""


def certificate_of(given: Mapping[str, Any] | str) -> Certificate:
    """The certificate in a JSON object, or in its text. Raises MalformedCertificate."""
    try:
        return decoded(given if isinstance(given, str) else json.dumps(given), Certificate)
    except (ProtocolError, ValueError) as error:
        raise MalformedCertificate(f"this is no certificate of the format pxl-certificate/1: {error}") from error


def by_service(client: AsyncPxlClient, url: str) -> Check:
    """Ask a service whether its kernel accepted exactly this; a service can only confirm certificates that it issued."""

    async def check(certificate: Certificate, _seconds: float) -> CheckAnswer:
        common = {"kind": certificate.kind, "goal": certificate.goal, "checker": f"the kernel of {url}, when it made this certificate"}
        try:
            kept = await client.certificate(certificate.id)
        except CertificateNotFound:
            reason = (
                "the service keeps no such certificate and can only confirm certificates that it issued: "
                "check it with 'pxl verify' where Coq is installed"
            )
            return CheckAnswer(accepted=None, statement=None, reason=reason, **common)
        return CheckAnswer(accepted=True, statement=kept.statement, reason="", **common)

    return check


def by_kernel(prover: "LocalProver") -> Check:
    """Ask one of the prover's sessions. The check raises MalformedCertificate and MalformedGoal."""
    from logos_pxl.proving import Certificate as LocalCertificate  # noqa: PLC0415 - they need the engine
    from logos_pxl.proving.recheck import by_kernel as recheck  # noqa: PLC0415

    async def check(certificate: Certificate, seconds: float) -> CheckAnswer:
        common = {"kind": certificate.kind, "goal": certificate.goal, "checker": "Coq's kernel, now"}
        try:
            local = LocalCertificate.from_json(certificate.as_json())
            result = await recheck(local, prover.runtime.pool, deadline=time.monotonic() + seconds)
        except SessionError as error:
            return CheckAnswer(accepted=None, statement=None, reason=str(error), **common)
        return CheckAnswer(accepted=result.accepted, statement=result.statement, reason=result.reason, **common)

    return check

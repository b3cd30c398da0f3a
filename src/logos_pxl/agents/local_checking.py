"""Certificates checked again by the kernel of this process."""

import time

from logos_pxl.agents.answers import CheckAnswer
from logos_pxl.agents.checking import Check
from logos_pxl.client import Certificate
from logos_pxl.errors import SessionError
from logos_pxl.local import LocalProver
from logos_pxl.proving import Certificate as LocalCertificate
from logos_pxl.proving.recheck import by_kernel as recheck


def by_kernel(prover: LocalProver) -> Check:
    """Ask one of the prover's sessions. The check raises MalformedCertificate and MalformedGoal."""

    async def check(certificate: Certificate, seconds: float) -> CheckAnswer:
        common = {"kind": certificate.kind, "goal": certificate.goal, "checker": "Coq's kernel, now"}
        try:
            local = LocalCertificate.from_json(certificate.as_json())
            result = await recheck(local, prover.runtime.pool, deadline=time.monotonic() + seconds)
        except SessionError as error:
            return CheckAnswer(accepted=None, statement=None, reason=str(error), **common)
        return CheckAnswer(accepted=result.accepted, statement=result.statement, reason=result.reason, **common)

    return check

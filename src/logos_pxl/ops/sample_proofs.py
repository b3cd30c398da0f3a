"""Test proofs: a goal that is valid and one that is not, decided by the running service.

Invariant: the atoms are new each time, so that no stored verdict of the same goal can answer: the kernel is at work on every one.
"""

import secrets
import time
from dataclasses import dataclass

from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.report import Check, Status
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.thresholds import P95_LATENCY

_PATTERNS = (("valid", "BOX({0} -> {0})"), ("invalid", "{0} -> BOX({0})"))
_ADVICE = "pxl ops diagnose"


@dataclass(frozen=True, slots=True)
class SampleProof:
    """What came of one test proof. ``verdict`` is empty when there was none, and ``detail`` says why."""

    expected: str
    verdict: str
    verified: bool
    latency_ms: float
    method: str
    detail: str

    @property
    def right(self) -> bool:
        """The expected verdict, by the kernel."""
        return self.verdict == self.expected and self.verified

    @property
    def wrong(self) -> bool:
        """The opposite verdict: what must never be."""
        return self.verdict in ("valid", "invalid") and self.verdict != self.expected

    def check(self) -> Check:
        """As a check of the latency and of the verdict."""
        name = f"test proof, expected {self.expected}"
        if self.wrong:
            advice = f"WRONG VERDICT: stop the service, and keep PXL_DATA_DIR and the logs: {self.detail}"
            return Check(name, Status.CRITICAL, self.verdict, threshold=self.expected, advice=advice)
        if not self.right:
            return Check(name, Status.CRITICAL, self.verdict or "none", threshold=self.expected, advice=f"{self.detail}; {_ADVICE}")
        status = P95_LATENCY.status(self.latency_ms)
        advice = "" if status is Status.FINE else _ADVICE
        return Check(name, status, round(self.latency_ms, 1), "ms", f"{self.expected}, {P95_LATENCY.wanted}", advice)


def sample_proofs(service: ServiceReader, *, timeout_ms: int) -> tuple[SampleProof, ...]:
    """One proof each way. Raises ServiceUnreachable."""
    return tuple(_decided(service, expected, pattern, timeout_ms) for expected, pattern in _PATTERNS)


def _decided(service: ServiceReader, expected: str, pattern: str, timeout_ms: int) -> SampleProof:
    goal = pattern.format(f"check_{secrets.token_hex(6)}")
    started = time.monotonic()
    try:
        answer = service.prove(goal, timeout_ms=timeout_ms)
    except ServiceUnreachable:
        raise
    except OperationFailed as error:
        return SampleProof(expected, "", verified=False, latency_ms=0.0, method="", detail=str(error))
    latency_ms = (time.monotonic() - started) * 1000
    verdict, verified = str(answer["verdict"]), bool(answer.get("verified"))
    detail = str(answer.get("detail") or answer.get("statement") or "")
    return SampleProof(expected, verdict, verified, latency_ms, str(answer.get("proof_method", "")), detail)

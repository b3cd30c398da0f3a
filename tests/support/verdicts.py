"""Verdicts as the kernel's acceptance would make them, for tests of what is done with verdicts."""

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind, KernelVerdict
from logos_pxl.proving import Certificate, ProofMethod, Timings, UnknownReason, Verdict, Versions

VERSIONS = Versions(coq="8.16.1", theory="1", engine="1", service="1")
KERNEL = "0" * 64


def accepted(text: str, *, evidence: bytes = b"evidence", kernel_hash: str = KERNEL) -> Verdict:
    """A valid verdict on the goal."""
    goal = Goal.parse(text)
    return Verdict.checked(
        goal,
        Certificate(CheckKind.PROOF, goal.text, evidence, kernel_hash, VERSIONS, None, "2026-01-01T00:00:00.000+00:00"),
        KernelVerdict(accepted=True, statement=None, reason="", kernel_ms=0.1, queue_ms=0.0, session_id=1),
        stored=False,
        countermodel=None,
        timings=Timings(),
        proof_method=ProofMethod.SEARCH,
    )


def undecided(text: str) -> Verdict:
    """An unknown verdict on the goal."""
    return Verdict.unknown(
        Goal.parse(text), UnknownReason.TIMEOUT, "the deadline passed", kernel_hash=KERNEL, versions=VERSIONS, timings=Timings()
    )

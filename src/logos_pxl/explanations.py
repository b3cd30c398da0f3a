"""A goal decided and explained: the prover is asked for the verdict and, for a valid goal, for the proof's description."""

from dataclasses import dataclass
from typing import Any

from logos_pxl.client.interface import AsyncProver
from logos_pxl.errors import CertificateNotFound
from logos_pxl.explaining import Derivation, Refutation, TooLarge, derivation, refutation
from logos_pxl.wire.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Explained:
    """A verdict and why. ``why_not``: why there is no explanation."""

    verdict: Verdict
    explanation: Derivation | Refutation | None
    why_not: str = ""

    def as_json(self) -> dict[str, Any]:
        """The verdict's document with ``explanation`` (null when there is none, ``why_not`` tells why)."""
        explanation = None if self.explanation is None else self.explanation.as_json()
        return {**self.verdict.as_json(), "explanation": explanation, "why_not": self.why_not or None}


async def explained(prover: AsyncProver, goal: str, timeout_ms: int | None) -> Explained:
    """Decide and explain. Raises what ``prove`` raises."""
    verdict = await prover.prove(goal, timeout_ms=timeout_ms)
    if verdict.unknown:
        return Explained(verdict, None, f"it is not known: {verdict.reason}, {verdict.detail}")
    if verdict.invalid:
        return _refuted(verdict)
    try:
        certificate = await prover.certificate(verdict)
    except CertificateNotFound as error:
        return Explained(verdict, None, str(error))
    if certificate.description is None:
        return Explained(verdict, None, "the proof is too large to be described; 'pxl export' has all of it")
    try:
        return Explained(verdict, derivation(certificate.description))
    except TooLarge as error:
        return Explained(verdict, None, f"{error}; 'pxl export --to json' has all of the proof")


def _refuted(verdict: Verdict) -> Explained:
    model = verdict.countermodel
    if model is None or model.valuation is None:
        return Explained(verdict, None, "the countermodel is too large to be explained; 'pxl export --to json' has all of it")
    try:
        return Explained(verdict, refutation(verdict.goal, model.worlds, model.failing_world, model.valuation))
    except TooLarge as error:
        return Explained(verdict, None, f"{error}; 'pxl countermodel' has the worlds")

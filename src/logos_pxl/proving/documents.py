"""The JSON forms of verdicts and certificates, as every door hands them out."""

from typing import Any

import logos_pxl_engine as engine

from logos_pxl.goals import LOGIC
from logos_pxl.kernel import CheckKind
from logos_pxl.proving.certificate import Certificate
from logos_pxl.proving.verdict import Countermodel, Timings, Verdict, VerdictKind

# What a description is made from; building a larger one would hold up every other request.
MAX_DESCRIBED_PROOF_BYTES = 1 << 18
MAX_DESCRIBED_MODEL_BYTES = 1 << 14


def described(certificate: Certificate) -> dict[str, Any]:
    """The certificate with a description of its evidence for people.

    ``description`` holds the nodes and steps of a proof, or the worlds of a countermodel, and is ``None`` when it would be too large. It
    is no evidence itself: whoever checks reads the bytes.
    """
    return {**certificate.as_json(), "description": _description(certificate)}


def verdict_members(verdict: Verdict) -> dict[str, Any]:
    """What every answer with a verdict holds."""
    certificate = verdict.certificate
    members: dict[str, Any] = {
        "verdict": verdict.kind,
        "id": certificate.id if certificate else None,
        "goal": verdict.goal.text,
        "logic": LOGIC,
        "kernel_hash": verdict.kernel_hash,
        "proof_method": verdict.proof_method,
        "verified": verdict.verified,
        "cache_hit": verdict.cache_hit,
        "latency_ms": round(verdict.timings.total_ms, 3),
        **stage_members(verdict.timings),
        "statement": certificate.statement if certificate else None,
        "certificate_stored": verdict.certificate_stored,
        "timings_ms": timings_members(verdict.timings),
        "versions": verdict.versions.as_json(),
    }
    if verdict.reason is not None:
        members |= {"reason": verdict.reason, "detail": verdict.detail}
    return members


def countermodel_members(model: Countermodel) -> dict[str, Any]:
    """A countermodel."""
    return {
        "worlds": model.worlds,
        "failing_world": model.failing_world,
        "relation": {"kind": "universal", "pairs": model.pairs},
        "valuation": model.valuation,
    }


def stage_members(timings: Timings) -> dict[str, float]:
    """What a client most wants to tell apart: waiting, searching, checking."""
    return {
        "queue_ms": round(timings.queue_ms, 3),
        "search_ms": round(timings.search_ms, 3),
        "kernel_ms": round(timings.kernel_ms, 3),
    }


def timings_members(timings: Timings) -> dict[str, float]:
    """The timings, to the microsecond."""
    return {
        "parse": round(timings.parse_ms, 3),
        "cache": round(timings.cache_ms, 3),
        "queue": round(timings.queue_ms, 3),
        "search": round(timings.search_ms, 3),
        "kernel": round(timings.kernel_ms, 3),
        "store": round(timings.store_ms, 3),
        "total": round(timings.total_ms, 3),
    }


def prove_document(verdict: Verdict) -> dict[str, Any]:
    """The answer to "is it provable?". ``ok`` is true exactly when the kernel accepted a proof."""
    document = {"ok": verdict.kind is VerdictKind.VALID, **verdict_members(verdict)}
    if verdict.countermodel is not None:
        document["countermodel"] = countermodel_members(verdict.countermodel)
    return document


def countermodel_document(verdict: Verdict) -> dict[str, Any]:
    """The answer to "is there a countermodel?". ``ok`` is true exactly when the kernel accepted either answer."""
    exists = None if verdict.kind is VerdictKind.UNKNOWN else verdict.kind is VerdictKind.INVALID
    model = None if verdict.countermodel is None else countermodel_members(verdict.countermodel)
    return {"ok": verdict.verified, "exists": exists, "countermodel": model, **verdict_members(verdict)}


def _description(certificate: Certificate) -> dict[str, Any] | None:
    size = len(certificate.evidence)
    if certificate.kind is CheckKind.PROOF:
        return engine.describe_proof(certificate.evidence) if size <= MAX_DESCRIBED_PROOF_BYTES else None
    return engine.describe_model(certificate.evidence) if size <= MAX_DESCRIBED_MODEL_BYTES else None

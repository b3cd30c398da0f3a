"""Goal in, verdict out. Independent of HTTP."""

from logos_pxl.proving.admission import Admission, AdmissionStats
from logos_pxl.proving.certificate import Certificate, Versions
from logos_pxl.proving.certificate_store import CertificateStore
from logos_pxl.proving.judging import Judge
from logos_pxl.proving.proof_cache import CacheStats, ProofCache
from logos_pxl.proving.prover import Prover, ProverStats
from logos_pxl.proving.search import Find, Finding, NotFound, SearchBudget, SearchThreads, find
from logos_pxl.proving.soundness import PostMortems, SoundnessAlarms
from logos_pxl.proving.verdict import Countermodel, Timings, Verdict, VerdictKind
from logos_pxl.wire.verdicts import ProofMethod, UnknownReason

__all__ = [
    "Admission",
    "AdmissionStats",
    "CacheStats",
    "Certificate",
    "CertificateStore",
    "Countermodel",
    "Find",
    "Finding",
    "Judge",
    "NotFound",
    "PostMortems",
    "ProofCache",
    "ProofMethod",
    "Prover",
    "ProverStats",
    "SearchBudget",
    "SearchThreads",
    "SoundnessAlarms",
    "Timings",
    "UnknownReason",
    "Verdict",
    "VerdictKind",
    "Versions",
    "find",
]

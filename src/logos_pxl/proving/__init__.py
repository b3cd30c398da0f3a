"""Goal in, verdict out. Knows nothing of HTTP."""

from logos_pxl.proving.admission import Admission, AdmissionStats
from logos_pxl.proving.cache import CacheStats, VerdictCache
from logos_pxl.proving.certificate import Certificate, Versions
from logos_pxl.proving.certificate_store import CertificateStore
from logos_pxl.proving.judging import Judge
from logos_pxl.proving.post_mortem import PostMortems
from logos_pxl.proving.prover import Prover, ProverStats
from logos_pxl.proving.recollection import Recollection
from logos_pxl.proving.search import Find, Finding, NotFound, SearchBudget, SearchThreads, find
from logos_pxl.proving.verdict import Countermodel, ProofMethod, Timings, UnknownReason, Verdict, VerdictKind

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
    "ProofMethod",
    "Prover",
    "ProverStats",
    "Recollection",
    "SearchBudget",
    "SearchThreads",
    "Timings",
    "UnknownReason",
    "Verdict",
    "VerdictCache",
    "VerdictKind",
    "Versions",
    "find",
]

"""Goal in, verdict out. Knows nothing of HTTP."""

from logos_pxl.proving.admission import Admission, AdmissionStats
from logos_pxl.proving.certificate import Certificate, Versions
from logos_pxl.proving.certificate_store import CertificateStore
from logos_pxl.proving.post_mortem import PostMortems
from logos_pxl.proving.prover import Prover, ProverStats
from logos_pxl.proving.search import Find, Finding, NotFound, SearchBudget, SearchThreads, find
from logos_pxl.proving.verdict import PROOF_METHOD, Countermodel, Timings, UnknownReason, Verdict, VerdictKind

__all__ = [
    "PROOF_METHOD",
    "Admission",
    "AdmissionStats",
    "Certificate",
    "CertificateStore",
    "Countermodel",
    "Find",
    "Finding",
    "NotFound",
    "PostMortems",
    "Prover",
    "ProverStats",
    "SearchBudget",
    "SearchThreads",
    "Timings",
    "UnknownReason",
    "Verdict",
    "VerdictKind",
    "Versions",
    "find",
]

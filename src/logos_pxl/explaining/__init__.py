"""Why a goal is valid or not, in words: taken from the countermodel or the proof that Coq's kernel accepted. No I/O.

Invariant: every claim of an explanation is true. Claims about a countermodel are computed from its worlds. Steps of a proof are steps that
the kernel replayed, with the premises that the proof uses. The evidence is the certificate, not the explanation.
"""

from logos_pxl.explaining.claims import Claim, Refutation, refutation
from logos_pxl.explaining.outline import Derivation, Step, derivation
from logos_pxl.explaining.printing import TooLarge, shown

__all__ = ["Claim", "Derivation", "Refutation", "Step", "TooLarge", "derivation", "refutation", "shown"]

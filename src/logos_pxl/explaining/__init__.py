"""Why a goal is valid or not, in words: taken from the countermodel or the proof that Coq's kernel accepted. No I/O.

Invariant: an explanation claims nothing that is not so. Each claim about a countermodel is worked out from its worlds; each step of a proof
is one that the kernel replayed, and what it is said to follow from is what the proof derives it from. An explanation is no evidence all the
same: that is the certificate.
"""

from logos_pxl.explaining.claims import Claim, Refutation, refutation
from logos_pxl.explaining.outline import Derivation, Step, derivation
from logos_pxl.explaining.printing import TooLarge, shown

__all__ = ["Claim", "Derivation", "Refutation", "Step", "TooLarge", "derivation", "refutation", "shown"]

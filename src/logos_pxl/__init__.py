"""PXL: verdicts on goals of the modal logic S5, each of them checked by the Coq kernel."""

__version__ = "0.5.0"

"""What ``AsyncPxlClient`` and the prover of this process (``logos_pxl.local``) have in common."""

from typing import Protocol

from logos_pxl.wire.verdicts import Certificate, CountermodelSearch, Verdict


class AsyncProver(Protocol):
    """Decides goals, with the answers and errors of the client."""

    async def prove(self, goal: str, *, timeout_ms: int | None = None) -> Verdict:
        """Decide a goal."""

    async def countermodel(self, goal: str, *, timeout_ms: int | None = None) -> CountermodelSearch:
        """Look for a countermodel."""

    async def certificate(self, verdict: Verdict | CountermodelSearch | str) -> Certificate:
        """The certificate of a verdict, with its description."""

    async def coq_file(self, verdict: Verdict | CountermodelSearch | str) -> str:
        """The certificate as a file for ``coqc``."""

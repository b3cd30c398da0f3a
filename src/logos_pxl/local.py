"""The engine and Coq of this process behind the interface of ``AsyncPxlClient``: the same methods, answers and errors.

Invariant: every answer passes the client's types, so that it keeps the same promises as a service's answer.
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from pydantic_core import to_json

from logos_pxl.client import calls
from logos_pxl.errors import CertificateNotFound
from logos_pxl.goals import Goal
from logos_pxl.proving import Certificate as LocalCertificate
from logos_pxl.proving import Verdict as LocalVerdict
from logos_pxl.proving.documents import countermodel_document, described, prove_document
from logos_pxl.proving.export import coq_file
from logos_pxl.runtime import Runtime
from logos_pxl.settings import Settings
from logos_pxl.wire.base import Answer
from logos_pxl.wire.verdicts import Certificate, CountermodelSearch, Verdict

A = TypeVar("A", bound=Answer)

# More than can be decided at once (--jobs), so that a verdict's certificate is still kept when it is requested.
_KEPT = 512


class LocalProver:
    """An ``AsyncProver`` on an open runtime. The certificates of the last verdicts can be asked for; nothing is written anywhere."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._certificates: OrderedDict[str, LocalCertificate] = OrderedDict()

    async def prove(self, goal: str, *, timeout_ms: int | None = None) -> Verdict:
        """Decide a goal. Raises MalformedGoal and GoalTooLarge."""
        return await self._decided(goal, timeout_ms, prove_document, Verdict)

    async def countermodel(self, goal: str, *, timeout_ms: int | None = None) -> CountermodelSearch:
        """Look for a countermodel. Raises MalformedGoal and GoalTooLarge."""
        return await self._decided(goal, timeout_ms, countermodel_document, CountermodelSearch)

    async def certificate(self, verdict: Verdict | CountermodelSearch | str) -> Certificate:
        """The certificate of one of the last verdicts. Raises CertificateNotFound."""
        return calls.fitting(calls.decoded(to_json(described(self._kept(verdict))), Certificate), verdict)

    async def coq_file(self, verdict: Verdict | CountermodelSearch | str) -> str:
        """The certificate as a file for ``coqc``. Raises CertificateNotFound."""
        return coq_file(self._kept(verdict))

    async def _decided(self, text: str, timeout_ms: int | None, document: Callable[[LocalVerdict], dict[str, Any]], kind: type[A]) -> A:
        goal = Goal.parse(text, limits=self.runtime.goal_limits)
        timeout_s = (timeout_ms or self.runtime.settings.default_timeout_ms) / 1000
        verdict = await self.runtime.prover.decide(goal, timeout_s=timeout_s)
        if verdict.certificate is not None:
            self._certificates[verdict.certificate.id] = verdict.certificate
            self._certificates.move_to_end(verdict.certificate.id)
            if len(self._certificates) > _KEPT:
                self._certificates.popitem(last=False)
        return calls.decoded(to_json(document(verdict)), kind)

    def _kept(self, verdict: Verdict | CountermodelSearch | str) -> LocalCertificate:
        wanted = verdict if isinstance(verdict, str) else verdict.id
        if wanted is None or wanted not in self._certificates:
            raise CertificateNotFound("there is no such certificate here; decide its goal again")
        return self._certificates[wanted]


@asynccontextmanager
async def local_prover(*, sessions: int = 1, **overrides: Any) -> AsyncIterator[LocalProver]:
    """A prover with its own Coq sessions, ``sessions`` of them at once; ``overrides`` are settings by their field names.

    Raises ConfigurationError, KernelUnavailable.
    """
    settings = Settings.load(pool_size=sessions, pool_spares=0, threads=sessions, **overrides)
    async with Runtime.open(settings, keep=False) as runtime:
        yield LocalProver(runtime)

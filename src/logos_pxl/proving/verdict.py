"""What is answered to a goal.

Invariant: a verdict says ``valid`` or ``invalid`` only when it holds a certificate, and ``Verdict.checked`` makes such a verdict only
from the kernel's own acceptance of that certificate. Everything else is ``unknown``, with a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product

from logos_pxl.errors import SoundnessAlarm
from logos_pxl.goals import Goal, leb128_numbers
from logos_pxl.kernel import CheckKind, KernelVerdict
from logos_pxl.proving.certificate import Certificate, Versions
from logos_pxl.wire.verdicts import ProofMethod, UnknownReason

# A readable countermodel has a valuation and pairs only within these bounds.
MAX_SHOWN_BYTES = 1 << 16
MAX_VALUATION_ENTRIES = 100_000
MAX_PAIR_WORLDS = 32


class VerdictKind(StrEnum):
    """The three answers."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time went, in milliseconds.

    ``cache_ms`` is the look-up of what is known already, in this process and in Redis, and the wait for another request that decides the
    same goal. ``queue_ms`` is the wait for a search thread and for a session, ``kernel_ms`` what Coq's kernel itself reports, ``store_ms``
    the writing of the certificate. ``total_ms`` runs from the parsing to the verdict and is more than the sum: the way between the parts is
    in it.
    """

    parse_ms: float = 0.0
    cache_ms: float = 0.0
    queue_ms: float = 0.0
    search_ms: float = 0.0
    kernel_ms: float = 0.0
    store_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Countermodel:
    """A finite model over a universal frame in which the goal is false at ``failing_world``.

    Worlds are named ``w0``, ``w1`` ...; ``valuation`` gives each atom of the goal the worlds where it is true. ``pairs`` spells the
    relation out when it is small. Either is ``None`` when it is too large to print; the certificate always holds all of it.
    """

    worlds: tuple[str, ...]
    failing_world: str
    valuation: Mapping[str, tuple[str, ...]] | None
    pairs: tuple[tuple[str, str], ...] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one goal. Made by ``checked`` or ``unknown`` only.

    ``certificate`` is there exactly when the kind is valid or invalid; ``certificate_stored`` tells whether it can be fetched by its id.
    ``reason``, ``detail`` and ``retry_after_s`` belong to unknown verdicts.
    """

    kind: VerdictKind
    goal: Goal
    kernel_hash: str
    versions: Versions
    timings: Timings
    proof_method: ProofMethod = ProofMethod.SEARCH
    certificate: Certificate | None = None
    certificate_stored: bool = False
    countermodel: Countermodel | None = None
    reason: UnknownReason | None = None
    detail: str = ""
    retry_after_s: float | None = None

    @classmethod
    def checked(
        cls,
        goal: Goal,
        certificate: Certificate,
        acceptance: KernelVerdict,
        *,
        stored: bool,
        countermodel: Countermodel | None,
        timings: Timings,
        proof_method: ProofMethod,
    ) -> "Verdict":
        """The verdict that the kernel's acceptance of ``certificate`` amounts to.

        Raises SoundnessAlarm when there was no acceptance of this goal.
        """
        if not acceptance.accepted or certificate.goal != goal.text:
            raise SoundnessAlarm(f"no acceptance by the kernel for the goal {goal.text}")
        return cls(
            kind=VerdictKind.VALID if certificate.kind is CheckKind.PROOF else VerdictKind.INVALID,
            goal=goal,
            kernel_hash=certificate.kernel_hash,
            versions=certificate.versions,
            timings=timings,
            proof_method=proof_method,
            certificate=certificate,
            certificate_stored=stored,
            countermodel=countermodel,
        )

    @classmethod
    def unknown(
        cls,
        goal: Goal,
        reason: UnknownReason,
        detail: str,
        *,
        kernel_hash: str,
        versions: Versions,
        timings: Timings,
        retry_after_s: float | None = None,
    ) -> "Verdict":
        """No answer; ``detail`` is a sentence for people, ``retry_after_s`` tells when another try makes sense."""
        return cls(
            kind=VerdictKind.UNKNOWN,
            goal=goal,
            kernel_hash=kernel_hash,
            versions=versions,
            timings=timings,
            reason=reason,
            detail=detail,
            retry_after_s=retry_after_s,
        )

    def timed(self, timings: Timings) -> "Verdict":
        """The same verdict, for another request for the same goal, which took another time."""
        return replace(self, timings=timings)

    def remembered(self, timings: Timings, *, stored: bool) -> "Verdict":
        """The same verdict, given again from the cache. ``stored`` tells whether its certificate can be fetched now."""
        # Spelled out, for this is the way of most answers, and ``replace`` takes several times as long.
        return Verdict(
            kind=self.kind,
            goal=self.goal,
            kernel_hash=self.kernel_hash,
            versions=self.versions,
            timings=timings,
            proof_method=ProofMethod.CACHE,
            certificate=self.certificate,
            certificate_stored=stored,
            countermodel=self.countermodel,
        )

    @property
    def cache_hit(self) -> bool:
        """Whether a certificate was there already, and nothing had to be searched."""
        return self.proof_method is not ProofMethod.SEARCH

    @property
    def verified(self) -> bool:
        """Whether Coq's kernel has accepted this verdict."""
        return self.certificate is not None


def readable_countermodel(goal: Goal, evidence: bytes) -> Countermodel:
    """Name the worlds and list, for each of the goal's atoms, where it is true.

    ``evidence`` are the bytes of a countermodel that the kernel accepted (docs/certificate-format.md). They are decoded here and not by the
    engine: they list each atom with its worlds, as the answer does, so that a large countermodel costs only what is shown of it.
    """
    worlds = tuple(f"w{index}" for index in range(next(leb128_numbers(evidence))))
    return Countermodel(
        worlds=worlds,
        failing_world=worlds[0],
        valuation=_valuation(goal, evidence, worlds) if len(evidence) <= MAX_SHOWN_BYTES else None,
        pairs=tuple(product(worlds, worlds)) if len(worlds) <= MAX_PAIR_WORLDS else None,
    )


def _valuation(goal: Goal, evidence: bytes, worlds: tuple[str, ...]) -> dict[str, tuple[str, ...]] | None:
    truths = _truths(evidence)
    atoms = goal.atoms
    if len(atoms) + sum(truths.get(atom, 0).bit_count() for atom in atoms) > MAX_VALUATION_ENTRIES:
        return None
    return {atom: tuple(world for index, world in enumerate(worlds) if truths.get(atom, 0) >> index & 1) for atom in atoms}


def _truths(evidence: bytes) -> dict[str, int]:
    """For each listed atom the number whose i-th bit is its truth in world i."""
    spelled = leb128_numbers(evidence)
    _, count = next(spelled), next(spelled)
    truths: dict[str, int] = {}
    for _ in range(count):
        name = bytes(next(spelled) for _ in range(next(spelled))).decode("utf-8", "replace")
        # Of two entries for one name the first counts.
        truths.setdefault(name, next(spelled))
    return truths

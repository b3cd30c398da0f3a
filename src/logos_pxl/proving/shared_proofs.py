"""The shared part of the proof cache: certificates that replicas exchange in shared state.

Invariant: what is read there is untrusted. An entry is JSON of a fixed shape and size, or it is refused; its certificate is put into
the asked goal's own atoms, has to pass the Rust checker, and then goes to this process's kernel like any other (docs/decisions/cache.md).
An entry is found by kernel hash and canonical form, so replicas with another kernel do not meet it.
"""

import asyncio
import base64
import binascii
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import logos_pxl_engine as engine
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from logos_pxl.errors import MalformedCertificate
from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind
from logos_pxl.observing import NullObserver, Observer
from logos_pxl.proving.renaming import renamed
from logos_pxl.proving.search import Finding
from logos_pxl.proving.verdict import Verdict
from logos_pxl.shared_state import SharedState

_log = logging.getLogger(__name__)

MAX_ENTRY_BYTES = 1 << 20
"""Larger entries are neither left nor read."""

_INLINE_BYTES = 4_096

_KINDS: Mapping[str, CheckKind] = {kind.name.lower(): kind for kind in CheckKind}


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    format: Literal["pxl-shared/1"] = "pxl-shared/1"
    kernel_hash: str
    kind: Literal["proof", "countermodel"]
    atoms: tuple[Annotated[str, Field(max_length=65_536)], ...]
    certificate: str


class EntryRefused(MalformedCertificate):
    """What was found in shared state is not used, and why."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry's certificate in the asked goal's atoms; ``same_goal`` tells whether it was found for this very goal."""

    finding: Finding
    same_goal: bool


def key_of(goal: Goal, kernel_hash: str) -> str:
    """Where an entry for the goal, or for an equivalent one, is found."""
    return f"{kernel_hash}:{goal.canonical.digest.hex()}"


def entry_of(verdict: Verdict) -> bytes | None:
    """What to leave for the replicas; ``None`` when there is nothing, or it is too large."""
    certificate = verdict.certificate
    if certificate is None or len(certificate.evidence) > MAX_ENTRY_BYTES * 3 // 4:
        return None
    entry = _Entry(
        kernel_hash=certificate.kernel_hash,
        kind="proof" if certificate.kind is CheckKind.PROOF else "countermodel",
        atoms=verdict.goal.canonical.names,
        certificate=base64.b64encode(certificate.evidence).decode("ascii"),
    )
    encoded = entry.model_dump_json().encode()
    return encoded if len(encoded) <= MAX_ENTRY_BYTES else None


def read_entry(data: bytes, goal: Goal, kernel_hash: str) -> Found:
    """What an entry offers for ``goal``. Raises EntryRefused."""
    if len(data) > MAX_ENTRY_BYTES:
        raise EntryRefused(f"it has more than {MAX_ENTRY_BYTES} bytes")
    try:
        entry = _Entry.model_validate_json(data)
        evidence = base64.b64decode(entry.certificate, validate=True)
    except (ValidationError, binascii.Error) as error:
        raise EntryRefused(f"it is not of the format pxl-shared/1: {type(error).__name__}") from error
    if entry.kernel_hash != kernel_hash:
        raise EntryRefused("it is another kernel's")
    own = goal.canonical.names
    if len(entry.atoms) != len(own) or len(set(entry.atoms)) != len(own):
        raise EntryRefused(f"it names {len(set(entry.atoms))} atoms, and the goal has {len(own)}")
    finding = in_atoms_of(own, Finding(_KINDS[entry.kind], evidence), entry.atoms)
    check = engine.check_proof if finding.kind is CheckKind.PROOF else engine.check_model
    result = check(goal.formula, finding.evidence)
    if not result.ok:
        raise EntryRefused(f"the Rust checker refuses its certificate: {result.reason}")
    return Found(finding, same_goal=entry.atoms == own)


def in_atoms_of(own: tuple[str, ...], finding: Finding, names: tuple[str, ...]) -> Finding:
    """``finding``, whose atoms are called ``names``, with ``own`` in their places. Raises EntryRefused."""
    if names == own:
        return finding
    try:
        return Finding(finding.kind, renamed(finding.kind, finding.evidence, dict(zip(names, own, strict=True))))
    except MalformedCertificate as error:
        raise EntryRefused(str(error)) from error


class SharedProofs:
    """The entries in ``shared``, those of one kernel. Without replicas there are none."""

    def __init__(self, shared: SharedState, *, kernel_hash: str, observer: Observer | None = None) -> None:
        self._shared = shared
        self._kernel_hash = kernel_hash
        self._observer = observer or NullObserver()

    async def get(self, goal: Goal) -> Found | None:
        """The certificate that a replica found for the goal or an equivalent one. An invalid entry is deleted."""
        if not self._has_replicas:
            return None
        data = await self._shared.get(key_of(goal, self._kernel_hash))
        if data is None:
            return None
        try:
            if len(data) <= _INLINE_BYTES:
                return read_entry(data, goal, self._kernel_hash)
            return await asyncio.to_thread(read_entry, data, goal, self._kernel_hash)
        except EntryRefused as error:
            await self.refuse(goal, str(error))
            return None

    async def put(self, verdict: Verdict, *, ttl_s: float) -> None:
        """Share the certificate of a verdict for ``ttl_s`` seconds."""
        if self._has_replicas and (entry := entry_of(verdict)) is not None:
            await self._shared.put(key_of(verdict.goal, self._kernel_hash), entry, ttl_s)

    async def refuse(self, goal: Goal, reason: str) -> None:
        """Delete the goal's entry, which is not what it claims to be."""
        _log.warning("invalid entry of the shared cache deleted: %s", reason)
        self._observer.cache_entry_refused()
        await self._shared.delete(key_of(goal, self._kernel_hash))

    @property
    def _has_replicas(self) -> bool:
        return self._shared.state() != "local"


async def moved(known: Verdict, goal: Goal) -> Finding:
    """The certificate of an equivalent goal, with the atoms of ``goal``."""
    certificate = known.certificate
    if certificate is None:
        raise ValueError("an unknown verdict was cached")
    finding = Finding(certificate.kind, certificate.evidence)
    if len(finding.evidence) <= _INLINE_BYTES:
        return in_atoms_of(goal.canonical.names, finding, known.goal.canonical.names)
    return await asyncio.to_thread(in_atoms_of, goal.canonical.names, finding, known.goal.canonical.names)

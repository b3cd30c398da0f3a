"""Coq, the compiled kernel, its plugin, the confinement of sessions, and a goal decided both ways."""

import asyncio
import json
import re
import subprocess
import sys
import time
from pathlib import Path

from logos_pxl.doctor.findings import Finding, attention, fine, missing
from logos_pxl.doctor.parts import works
from logos_pxl.errors import PxlError
from logos_pxl.kernel import KernelIdentity
from logos_pxl.kernel.identity import kernel_files
from logos_pxl.settings import Settings, find_coq_dir

_COQ = "8.16"
_PATIENCE_S = 30.0
_CONFINE = "import json, logos_pxl_engine; print(json.dumps(logos_pxl_engine.confine()))"
_NOT_ASKED = "not asked: the engine is missing"
_BUILD = "make build, in the project's folder"


def coq(settings: Settings) -> Finding:
    """The program, its version, and ``coqc`` beside it."""
    try:
        coqtop = settings.session().coqtop if _has_kernel_folder(settings) else None
        ran = subprocess.run([coqtop or settings.coqtop, "--version"], capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except (PxlError, OSError, subprocess.TimeoutExpired) as error:
        return missing("coq", str(error), "apt-get install coq (8.16), or name the program in PXL_COQTOP")
    version = re.search(r"version (\S+)", ran.stdout)
    if ran.returncode != 0 or version is None:
        return missing("coq", f"{settings.coqtop} --version says {ran.stdout[:200] or ran.stderr[:200]!r}", "install Coq 8.16")
    if not version[1].startswith(_COQ):
        return attention("coq", version[1], f"the kernel and its plugin are made for Coq {_COQ}; they may not compile with another")
    if coqtop is not None and not coqtop.with_name(coqtop.name.replace("coqtop", "coqc")).exists():
        return attention("coq", f"{version[1]}, without coqc", "'pxl verify FILE.v' needs coqc: apt-get install coq")
    return fine("coq", f"{version[1]} at {coqtop or settings.coqtop}")


def kernel_files_found(settings: Settings) -> Finding:
    """The compiled theories, whole and not older than their sources."""
    try:
        folder = find_coq_dir(settings.coq_dir)
        files = kernel_files(folder)
    except PxlError as error:
        return missing("kernel", str(error), _BUILD)
    stale = [file for file in files if _older_than_source(file)]
    if stale:
        return attention("kernel", f"{stale[0].relative_to(folder)} is older than its source", _BUILD)
    return fine("kernel", f"{len(files)} files in {folder}")


def confinement(engine: Finding) -> Finding:
    """What a session can give up on this machine."""
    if not works(engine):
        return attention("confinement", _NOT_ASKED, _BUILD)
    try:
        ran = subprocess.run([sys.executable, "-c", _CONFINE], capture_output=True, text=True, timeout=_PATIENCE_S, check=True)
        applied: dict[str, str] = json.loads(ran.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return attention("confinement", f"it cannot be told: {error}", "look at docs/decisions/session-confinement.md")
    told = ", ".join(f"{mechanism}: {what}" for mechanism, what in sorted(applied.items()))
    whole = applied.get("seccomp") == "applied" and applied.get("landlock", "").startswith("fully")
    if whole:
        return fine("confinement", told)
    return attention(
        "confinement", told, "Coq sessions give up less than they could: Linux 5.13 or later with Landlock, and seccomp allowed"
    )


def plugin(settings: Settings, engine: Finding) -> Finding:
    """Whether a session starts and speaks."""
    if not works(engine):
        return missing("session", _NOT_ASKED, _BUILD)
    try:
        identity = KernelIdentity.of(settings.session())
    except (PxlError, OSError) as error:
        return missing("session", str(error), _BUILD)
    return fine("session", f"theory {identity.theory_version}, kernel {identity.kernel_hash}")


def decision(engine: Finding) -> Finding:
    """One goal of each kind, from its text to Coq's word."""
    if not works(engine):
        return missing("decision", _NOT_ASKED, _BUILD)
    try:
        began = time.monotonic()
        verdicts = asyncio.run(_decide(["BOX(A -> A)", "A -> BOX(A)"]))
        elapsed_ms = (time.monotonic() - began) * 1000
    except (PxlError, OSError) as error:
        return missing("decision", str(error), "see the findings above")
    if verdicts != ["valid", "invalid"]:
        return missing("decision", f"the verdicts are {' and '.join(verdicts)}, and should be valid and invalid", "see the findings above")
    return fine("decision", f"both kinds of goals are decided ({elapsed_ms:.0f} ms with the start of a session)")


async def _decide(goals: list[str]) -> list[str]:
    from logos_pxl.local import local_prover  # noqa: PLC0415 - it needs the engine

    async with local_prover() as prover:
        return [(await prover.prove(goal, timeout_ms=10_000)).verdict for goal in goals]


def _has_kernel_folder(settings: Settings) -> bool:
    try:
        find_coq_dir(settings.coq_dir)
    except PxlError:
        return False
    return True


def _older_than_source(file: Path) -> bool:
    source = file.with_suffix(".v")
    return source.is_file() and source.stat().st_mtime > file.stat().st_mtime

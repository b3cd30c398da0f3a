"""Checks certificates again: with Coq's kernel, with the Rust checker, or, for an exported ``.v`` file, with plain ``coqc``.

Invariant: of a certificate only the goal and the evidence are used, and nothing else that it says. The acceptance of the Rust checker is
no verdict.

The output of a ``.v`` file is not used. ``coqc`` compiles it; then a second ``coqc`` loads the result and a probe of ours, which prints
whether the theorem is about this kernel's ``Prov``, which goal it is about, and on which axioms it rests. A ``.v`` file is a program for
Coq: it runs in a temporary folder and until a deadline, but without the confinement of a session.
"""

import os
import re
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import logos_pxl_engine as engine

from logos_pxl.errors import KernelTimeout, MalformedCertificate
from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind
from logos_pxl.proving.certificate import Certificate
from logos_pxl.proving.judging import Kernel, objection_to
from logos_pxl.proving.search import Finding
from logos_pxl.settings import SessionSettings

_THEOREMS = {"goal_is_provable": "Prov goal", "goal_is_not_provable": "~ Prov goal"}
_PROBE = """\
From PXL Require Import Kernel.Syntax Kernel.Provability.
Require Exported.
Open Scope formula_scope.
Open Scope name_scope.
Set Printing Depth 1000000.
Definition goal_of (goal : formula) (_ : {statement}) : formula := goal.
Eval cbv in goal_of _ Exported.{theorem}.
Print Assumptions Exported.{theorem}.
"""
_CLOSED = "Closed under the global context"
_SHOWN_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class Recheck:
    """The result. ``reason`` says why the certificate was refused; ``statement`` is the theorem as Coq prints it, if Coq was asked."""

    accepted: bool
    statement: str | None
    reason: str


def goal_of(certificate: Certificate) -> Goal:
    """The certificate's goal, whatever its size. Raises MalformedGoal."""
    size = len(certificate.goal.encode()) + 1
    return Goal.parse(certificate.goal, limits=engine.Limits(max_bytes=size, max_depth=size, max_atoms=size, max_nodes=size))


async def by_kernel(certificate: Certificate, kernel: Kernel, *, deadline: float) -> Recheck:
    """Ask Coq's kernel, until ``deadline`` (``time.monotonic()`` seconds). Raises MalformedGoal and what ``Kernel.check`` raises."""
    goal = goal_of(certificate)
    judgement = await kernel.check(certificate.kind, goal.wire, certificate.evidence, deadline=deadline, statement=True)
    objection = objection_to(judgement, Finding(certificate.kind, certificate.evidence), goal)
    return Recheck(not objection, judgement.statement, judgement.reason if not judgement.accepted else objection)


def by_rust(certificate: Certificate) -> Recheck:
    """Ask the Rust checker. Raises MalformedGoal."""
    goal = goal_of(certificate)
    check = engine.check_proof if certificate.kind is CheckKind.PROOF else engine.check_model
    result = check(goal.formula, certificate.evidence)
    return Recheck(result.ok, None, result.reason)


def recheck_coq_file(path: Path, settings: SessionSettings, *, timeout_s: float) -> Recheck:
    """Check the theorem in the file at ``path``. Raises MalformedCertificate when there is none, KernelTimeout, OSError."""
    source = path.read_bytes()
    theorem = next((name for name in _THEOREMS if re.search(rb"\bTheorem\s+%b\b" % name.encode(), source)), None)
    if theorem is None:
        raise MalformedCertificate(f"{path} states no theorem {' or '.join(_THEOREMS)}: it is no exported certificate")
    deadline = time.monotonic() + timeout_s
    with tempfile.TemporaryDirectory(prefix="pxl-verify-") as folder:
        Path(folder, "Exported.v").write_bytes(source)
        Path(folder, "Probe.v").write_text(_PROBE.format(theorem=theorem, statement=_THEOREMS[theorem]))
        status, output = _coqc(folder, "Exported.v", settings, deadline)
        if status != 0:
            return Recheck(accepted=False, statement=None, reason=f"coqc refuses the file: {output}")
        status, output = _coqc(folder, "Probe.v", settings, deadline)
    if status != 0:
        return Recheck(accepted=False, statement=None, reason=f"the theorem is not about this kernel's Prov: {output}")
    answer, _, assumptions = output.partition("\n     : formula\n")
    if assumptions.strip() != _CLOSED:
        return Recheck(accepted=False, statement=None, reason=f"the theorem rests on axioms: {assumptions.strip()}")
    goal = " ".join(answer.split()).removeprefix("= ")
    return Recheck(accepted=True, statement=_THEOREMS[theorem].replace("goal", f"({goal})"), reason="")


def _coqc(folder: str, name: str, settings: SessionSettings, deadline: float) -> tuple[int, str]:
    """The exit status, and the end of standard output, or of standard error when it failed."""
    coqc = settings.coqtop.with_name(settings.coqtop.name.replace("coqtop", "coqc"))
    process = subprocess.Popen(
        [coqc, "-q", "-Q", settings.coq_dir / "theories", "PXL", "-Q", ".", "", name],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise KernelTimeout("the deadline passed before coqc had checked the file", waiting=False) from None
    return process.returncode, output if process.returncode == 0 else errors[-_SHOWN_CHARACTERS:].strip()

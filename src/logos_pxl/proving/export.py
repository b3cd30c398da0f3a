"""A certificate as a file for Coq, which plain ``coqc`` checks with nothing but ``coq/theories`` on its load path.

Invariant: nothing in the file depends on this service. The theorem's statement and its proof stand in it as Coq terms, the proof by the
soundness theorem of the checker and one computation in Coq's virtual machine; the comment at its head is for people, and cannot end
early.
"""

import logos_pxl_engine as engine

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind
from logos_pxl.proving.certificate import Certificate

_SHOWN_CHARACTERS = 2_000

_FILE = """\
(* {title}

   Goal:         {goal}
   Logic:        S5
   Verdict:      {verdict}
   Coq:          {coq}
   Theory:       {theory}
   Engine:       {engine}
   Service:      {service}
   Kernel hash:  {kernel_hash}
   Certificate:  {id}
   Made:         {created}

   Check it, in the folder that holds coq/, with

     coqc -q -Q coq/theories PXL {file_name}

   The last command must answer: Closed under the global context. *)

From PXL Require Import Kernel.Syntax Kernel.Provability Checker.Certificate Checker.Numerals Checker.{checker}.

Open Scope name_scope.

Definition goal : formula :=
  {goal_term}.

Definition certificate : {type} :=
  {certificate_term}.

Theorem {theorem} : {statement}.
Proof. exact ({sound} goal certificate (eq_refl true <: {check} goal certificate = true)). Qed.

Print Assumptions {theorem}.
"""


def file_name(certificate: Certificate) -> str:
    """A name that Coq takes for a module."""
    return f"pxl_{certificate.id[:16]}.v"


def coq_file(certificate: Certificate) -> str:
    """The file's text. Raises MalformedGoal or CertificateError (the engine's) when the certificate was not made by this service."""
    proof = certificate.kind is CheckKind.PROOF
    goal = kept_goal(certificate)
    return _FILE.format(
        title="A theorem of the modal logic S5." if proof else "The modal logic S5 does not prove the goal.",
        goal=_comment(certificate.goal),
        verdict="valid" if proof else "invalid",
        coq=_comment(certificate.versions.coq),
        theory=_comment(certificate.versions.theory),
        engine=_comment(certificate.versions.engine),
        service=_comment(certificate.versions.service),
        kernel_hash=_comment(certificate.kernel_hash),
        id=certificate.id,
        created=_comment(certificate.created),
        file_name=file_name(certificate),
        checker="Replay" if proof else "CheckModel",
        goal_term=goal.printed("coq"),
        type="proof" if proof else "countermodel",
        certificate_term=engine.coq_proof(certificate.evidence) if proof else engine.coq_model(certificate.evidence),
        theorem="goal_is_provable" if proof else "goal_is_not_provable",
        statement="Prov goal" if proof else "~ Prov goal",
        sound="check_proof_sound" if proof else "check_model_sound",
        check="check_proof" if proof else "check_model",
    )


def _comment(text: str) -> str:
    """``text`` such that it can stand in a comment: Coq reads strings and nested comments there too."""
    shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]} ... ({len(text)} characters)"
    return shown.replace('"', "'").replace("(*", "( *").replace("*)", "* )")


def kept_goal(certificate: Certificate) -> Goal:
    """The goal of a kept certificate, which was within the limits of its day. Raises MalformedGoal."""
    size = len(certificate.goal.encode()) + 1
    return Goal.parse(certificate.goal, limits=engine.Limits(max_bytes=size, max_depth=size, max_atoms=size, max_nodes=size))

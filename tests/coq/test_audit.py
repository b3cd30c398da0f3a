"""The axiom audit can fail: each thing that it looks for, put into a copy of the theories, turns it red."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from logos_pxl.settings import Settings

BORROWED = """From Coq Require Import ProofIrrelevance.
Lemma leans (P : Prop) (x y : P) : x = y.
Proof. apply proof_irrelevance. Qed.
Theorem uniform"""


@pytest.fixture
def copy_of_coq(tmp_path: Path) -> Path:
    """The compiled theories, free to be spoilt."""
    copy = tmp_path / "coq"
    shutil.copytree(Settings.load().session().coq_dir, copy, symlinks=True)
    return copy


def audit(coq: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "-C", coq, "audit"], capture_output=True, text=True, timeout=120, check=False)


def test_the_theories_pass(copy_of_coq: Path) -> None:
    """No claim and no theorem rests on an axiom, and coqchk agrees."""
    done = audit(copy_of_coq)
    assert done.returncode == 0, done.stderr
    assert re.search(r"\d+ theorems and \d+ claims rest on no axiom; coqchk agrees", done.stdout)


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        (
            "Meta/Substitution.v",
            "Theorem uniform",
            "Axiom trust_me : forall f, Prov f.\nTheorem uniform",
            "would weaken the kernel",
        ),
        (
            "Meta/Substitution.v",
            "exact (modus_ponens _ _ IHab IHa).\n  - exact IHa.\nQed.",
            "exact (modus_ponens _ _ IHab IHa).\n  - exact IHa.\nAdmitted.",
            "would weaken the kernel",
        ),
        (
            "Claims.v",
            "Theorem claim_consistency : ~ Prov Bot.\nProof. exact consistency. Qed.",
            "Theorem claim_consistency : Prov Top.\nProof. exact top_intro. Qed.",
            "differ from audit/claims.ref",
        ),
        (
            "Checker/Replay.v",
            "From PXL Require Import Kernel",
            "From Coq Require Import Lists.List.\nFrom PXL Require Import Kernel",
            "modules that a session loads differ",
        ),
        (
            "Meta/Substitution.v",
            "Theorem uniform",
            BORROWED,
            "theorems are closed under the global context",
        ),
    ],
    ids=["axiom", "admitted", "changed claim", "heavier closure", "borrowed axiom"],
)
def test_what_weakens_the_kernel_is_refused(copy_of_coq: Path, file: str, old: str, new: str, complaint: str) -> None:
    """An axiom, an admitted proof, a changed claim, a heavier session, an axiom borrowed from the library: each is named."""
    source = copy_of_coq / "theories" / file
    text = source.read_text()
    assert text.count(old) >= 1
    source.write_text(text.replace(old, new, 1))
    done = audit(copy_of_coq)
    assert done.returncode != 0
    assert complaint in done.stderr

"""The file for Coq. That coqc accepts it is shown in tests/e2e."""

import re
from dataclasses import replace

import logos_pxl_engine as engine
import pytest

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind
from logos_pxl.proving import Certificate, Versions
from logos_pxl.proving.export import coq_file, file_name


def certificate(text: str) -> Certificate:
    goal = Goal.parse(text)
    found = engine.search(goal.formula, deadline_ms=10_000)
    assert not isinstance(found, engine.Unknown)
    return Certificate(
        kind=CheckKind.PROOF if isinstance(found, engine.Proof) else CheckKind.COUNTERMODEL,
        goal=goal.text,
        evidence=found.certificate,
        kernel_hash="ab" * 32,
        versions=Versions(coq="8.16.1", theory="1.0.0", engine="0.1.0", service="0.5.0"),
        statement=None,
        created="2025-10-19T09:00:00.000+00:00",
    )


def test_the_file_states_the_theorem_of_its_kind() -> None:
    """A proof exports as provability, a countermodel as its negation."""
    assert "Theorem goal_is_provable : Prov goal." in coq_file(certificate("A -> A"))
    assert "Theorem goal_is_not_provable : ~ Prov goal." in coq_file(certificate("A"))


@pytest.mark.parametrize("hostile", ["*) Axiom cheat : False. (*", '"', "(* ", '*) "(*', "(*)", "*)*)"])
def test_nothing_ends_the_heads_comment_early(hostile: str) -> None:
    """Whatever the versions or the time hold, the comment ends where it should, and opens nothing."""
    versions = Versions(hostile, hostile, hostile, hostile)
    text = coq_file(replace(certificate("A -> A"), versions=versions, created=hostile, kernel_hash=hostile))
    comment, _, rest = text.removeprefix("(*").partition("*)")
    assert rest.startswith("\n\nFrom PXL Require Import")
    assert "(*" not in comment
    assert '"' not in comment
    assert "Axiom" not in rest


def test_a_long_goal_is_cut_in_the_comment_only() -> None:
    """The theorem is about all of it."""
    text = coq_file(certificate(" /\\ ".join(f"(atom{n} -> atom{n})" for n in range(300))))
    comment, _, rest = text.partition("*)")
    assert "characters)" in comment
    assert "atom299" not in comment
    assert "atom299" in rest


def test_the_command_in_the_head_names_the_file() -> None:
    """And the name is one that Coq takes for a module."""
    proof = certificate("A -> A")
    assert f"coqc -q -Q coq/theories PXL {file_name(proof)}" in coq_file(proof)
    assert re.fullmatch(r"[a-z_][a-z_0-9]*\.v", file_name(proof))

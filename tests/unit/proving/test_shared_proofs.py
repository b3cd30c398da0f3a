"""Entries of the shared cache, as honest and hostile replicas leave them."""

import base64
import json
from typing import Any

import logos_pxl_engine as engine
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verdicts import KERNEL, accepted

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind
from logos_pxl.proving.shared_proofs import MAX_ENTRY_BYTES, EntryRefused, entry_of, key_of, read_entry


def left_for(text: str) -> bytes:
    goal = Goal.parse(text)
    found = engine.search(goal.formula, deadline_ms=5_000)
    assert isinstance(found, engine.Proof)
    entry = entry_of(accepted(text, evidence=found.certificate))
    assert entry is not None
    return entry


def test_an_entry_serves_its_goal_and_its_equivalents() -> None:
    """The certificate comes back in the asked goal's own atoms, and says whether it was found for that very goal."""
    entry = left_for("BOX(A -> A)")
    same = read_entry(entry, Goal.parse("□(A → A)"), KERNEL)
    assert same.same_goal
    other = read_entry(entry, Goal.parse("BOX(rain -> rain)"), KERNEL)
    assert not other.same_goal
    assert other.finding.kind is CheckKind.PROOF
    assert b"rain" in other.finding.evidence


def test_the_key_tells_kernels_and_goals_apart() -> None:
    """Equivalent goals have one key, others another, and each kernel has keys of its own."""
    key = key_of(Goal.parse("BOX(A -> A)"), KERNEL)
    assert key == key_of(Goal.parse("□(B → B)"), KERNEL)
    assert key != key_of(Goal.parse("BOX(A -> B)"), KERNEL)
    assert key != key_of(Goal.parse("BOX(A -> A)"), "1" * 64)


CHANGES: dict[str, dict[str, Any]] = {
    "another format": {"format": "pxl-shared/2"},
    "another kernel": {"kernel_hash": "1" * 64},
    "the other kind": {"kind": "countermodel"},
    "no such kind": {"kind": "axiom"},
    "no base64": {"certificate": "?"},
    "no certificate": {"certificate": ""},
    "noise": {"certificate": base64.b64encode(b"\x07" * 50).decode()},
    "too many atoms": {"atoms": ["A", "B"]},
    "no atoms": {"atoms": []},
    "atoms that are none": {"atoms": [7]},
    "another member": {"verdict": "valid"},
    "code": {"__reduce__": ["os.system", "true"]},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_entry_is_refused(change: dict[str, Any]) -> None:
    """Whatever is not exactly an entry of this kernel with a certificate for this goal is not used."""
    entry = json.dumps(json.loads(left_for("BOX(A -> A)")) | change).encode()
    with pytest.raises(EntryRefused):
        read_entry(entry, Goal.parse("BOX(A -> A)"), KERNEL)


def test_an_entry_for_another_goal_is_refused() -> None:
    """A certificate under the wrong key proves nothing: the Rust checker refuses it before any session is asked."""
    with pytest.raises(EntryRefused, match="Rust checker"):
        read_entry(left_for("BOX(A -> A)"), Goal.parse("A -> BOX(A)"), KERNEL)


def test_large_entries_are_neither_left_nor_read() -> None:
    """The bound holds both ways."""
    assert entry_of(accepted("A -> A", evidence=bytes(MAX_ENTRY_BYTES))) is None
    with pytest.raises(EntryRefused, match="bytes"):
        read_entry(b" " * (MAX_ENTRY_BYTES + 1), Goal.parse("A -> A"), KERNEL)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300) | st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5).map(json.dumps).map(str.encode)
)
def test_nonsense_is_refused(data: bytes) -> None:
    """Bytes that nobody left as an entry end in EntryRefused and in nothing else."""
    with pytest.raises(EntryRefused):
        read_entry(data, Goal.parse("A -> A"), KERNEL)

"""Renaming in a certificate's bytes, held against the engine's own renaming and checker."""

import contextlib

import logos_pxl_engine as engine
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logos_pxl.errors import MalformedCertificate
from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind
from logos_pxl.proving.renaming import renamed

GOALS = [
    "BOX(a -> a)",
    "a -> BOX(a)",
    "BOX(a -> b) -> (BOX a -> BOX b)",
    "BOX(a \\/ b) -> BOX a \\/ BOX b",
    "DIA(a /\\ b /\\ c) -> DIA(c /\\ a)",
    "a \\/ BOX(b) \\/ DIA(c /\\ ~d)",
    "(a <-> (b <-> c)) <-> ((a <-> b) <-> c)",
]


def _all_are_atoms(found: list[str]) -> bool:
    try:
        return Goal.parse(" /\\ ".join(found)).atoms == found
    except Exception:  # noqa: BLE001 - reserved words and the like
        return False


names = st.text("abcxyzÄλ0_'", min_size=1, max_size=200).filter(lambda name: name[0] not in "0'_")
namings = st.lists(names, min_size=4, max_size=4, unique=True).filter(_all_are_atoms)


def found_for(goal: Goal) -> tuple[CheckKind, "engine.Proof | engine.Countermodel"]:
    found = engine.search(goal.formula, deadline_ms=5_000)
    assert not isinstance(found, engine.Unknown)
    return CheckKind.PROOF if isinstance(found, engine.Proof) else CheckKind.COUNTERMODEL, found


@settings(max_examples=200, deadline=None)
@given(text=st.sampled_from(GOALS), naming=namings)
def test_renaming_is_what_the_engine_would_do(text: str, naming: list[str]) -> None:
    """Byte for byte the engine's certificate under the new names, accepted for the renamed goal, and back again."""
    goal = Goal.parse(text)
    names = dict(zip(goal.atoms, naming, strict=False))
    kind, found = found_for(goal)
    moved = renamed(kind, found.certificate, names)
    assert moved == found.rename_atoms(names).certificate
    check = engine.check_proof if kind is CheckKind.PROOF else engine.check_model
    assert check(goal.formula.rename(names), moved).ok
    assert renamed(kind, moved, {new: old for old, new in names.items()}) == found.certificate


def test_names_can_be_exchanged() -> None:
    """All atoms are renamed at once, so two of them can take each other's names."""
    goal = Goal.parse("a -> BOX(b)")
    kind, found = found_for(goal)
    swapped = renamed(kind, found.certificate, {"a": "b", "b": "a"})
    assert engine.check_model(Goal.parse("b -> BOX(a)").formula, swapped).ok
    assert not engine.check_model(goal.formula, swapped).ok


@settings(max_examples=500, deadline=None)
@given(kind=st.sampled_from(CheckKind), data=st.binary(max_size=200))
def test_nonsense_is_renamed_or_refused(kind: CheckKind, data: bytes) -> None:
    """Whatever bytes come, there is an answer or MalformedCertificate."""
    with contextlib.suppress(MalformedCertificate):
        renamed(kind, data, {"a": "b"})


@pytest.mark.parametrize("kind", CheckKind)
def test_hostile_counts_cost_nothing(kind: CheckKind) -> None:
    """A number of a million digits, or a count far beyond the bytes, is refused at once."""
    for data in (b"\xff" * 1_000_000 + b"\x01", b"\xff\xff\xff\xff\x7f\x00\xff\xff\xff\xff\x7f", b"\x01\xff\xff\xff\xff\x7f"):
        with pytest.raises(MalformedCertificate):
            renamed(kind, data, {"a": "b"})

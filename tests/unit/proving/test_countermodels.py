"""Countermodels for people."""

import logos_pxl_engine as engine
import pytest

from logos_pxl.goals import Goal
from logos_pxl.proving.verdict import readable_countermodel


def found(text: str) -> tuple[Goal, engine.Countermodel]:
    goal = Goal.parse(text)
    model = engine.search(goal.formula, deadline_ms=10_000)
    assert isinstance(model, engine.Countermodel)
    return goal, model


@pytest.mark.parametrize("text", ["p", "p -> BOX(p)", "BOX(p \\/ q) -> BOX(p) \\/ BOX(q)", "~(DIA(x) /\\ DIA(~x)) \\/ Ω'"])
def test_the_bytes_say_what_the_engine_says(text: str) -> None:
    """Read here from the bytes, the worlds and their atoms are those that the engine describes."""
    goal, model = found(text)
    shown = readable_countermodel(goal, model.certificate)
    assert shown.valuation is not None
    assert [[atom for atom in sorted(goal.atoms) if world in shown.valuation[atom]] for world in shown.worlds] == model.worlds
    assert shown.failing_world == "w0"
    assert goal.formula.evaluate(model.worlds)[0] is False


def test_more_than_64_worlds_are_read() -> None:
    """Truths are numbers of any length."""
    goal = Goal.parse("~(" + " /\\ ".join(f"DIA({'' if n & 1 else '~'}a /\\ b{n} /\\ ~b{n + 1})" for n in range(70)) + ")")
    names = [f"b{n}" for n in range(71)]
    worlds = [[*(["a"] if n & 1 else []), f"b{n}"] for n in range(70)]
    evidence = engine.encode_model({"worlds": worlds, "failing_world": 0})
    shown = readable_countermodel(goal, evidence)
    assert shown.valuation is not None
    assert shown.valuation["b69"] == ("w69",)
    assert shown.valuation["a"] == tuple(f"w{n}" for n in range(1, 70, 2))
    assert set(shown.valuation) == {"a", *names}


def test_the_relation_is_spelled_out_only_when_small() -> None:
    """All pairs up to 32 worlds, none over it."""
    goal = Goal.parse("p")
    few, many = (readable_countermodel(goal, engine.encode_model({"worlds": [[]] * count, "failing_world": 0})) for count in (32, 33))
    assert few.pairs is not None
    assert len(few.pairs) == 32 * 32
    assert many.pairs is None
    assert len(many.worlds) == 33


def test_a_large_countermodel_is_not_printed() -> None:
    """Its worlds are named, its valuation is left to the certificate."""
    atoms = [f"a{n}" for n in range(400)]
    goal = Goal.parse(" /\\ ".join(atoms))
    shown = readable_countermodel(goal, engine.encode_model({"worlds": [[]] + [atoms] * 300, "failing_world": 0}))
    assert shown.valuation is None
    assert len(shown.worlds) == 301


def test_atoms_that_the_goal_does_not_have_are_not_shown() -> None:
    """They have no say in its truth."""
    shown = readable_countermodel(Goal.parse("p"), engine.encode_model({"worlds": [["q"]], "failing_world": 0}))
    assert shown.valuation == {"p": ()}

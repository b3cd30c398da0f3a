"""The second reading of formulas, against the engine's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logos_pxl.goals import Goal
from logos_pxl.wire.formulas import Evaluation, Formula, holds, parse

ATOMS = ("p", "q", "r'", "x_1")
WORLDS = st.lists(st.sets(st.sampled_from(ATOMS)), min_size=1, max_size=4)


def texts() -> st.SearchStrategy[str]:
    """Formulas with every operator, with as many parentheses as it takes."""

    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        unary = st.builds("{}({})".format, st.sampled_from(("~", "BOX", "DIA")), inner)
        binary = st.builds("({} {} {})".format, inner, st.sampled_from(("/\\", "\\/", "->", "<->")), inner)
        return unary | binary

    return st.recursive(st.sampled_from((*ATOMS, "true", "false")), grow, max_leaves=12)


@given(texts(), WORLDS)
@settings(max_examples=500, deadline=None)
def test_both_readings_agree_on_what_the_service_prints(text: str, worlds: list[set[str]]) -> None:
    """The goal as answers repeat it means here what it means to the engine, at every world of every model."""
    goal = Goal.parse(text)
    names = [f"w{number}" for number in range(len(worlds))]
    valuation = {atom: [name for name, true in zip(names, worlds, strict=True) if atom in true] for atom in ATOMS}
    relation = [(one, other) for one in names for other in names]
    ours = [holds(parse(goal.text), name, valuation, relation) for name in names]
    assert ours == goal.formula.evaluate([sorted(true) for true in worlds])


def test_operators_bind_as_the_manual_has_it() -> None:
    """Unary tightest, then conjunction, disjunction, implication to the right, equivalence."""
    assert parse("~p /\\ q \\/ r -> s -> t <-> u") == parse("(((((~p) /\\ q) \\/ r) -> (s -> t)) <-> u)")
    assert parse("BOX p -> DIA(q)") == Formula("->", (Formula("BOX", (Formula("p"),)), Formula("DIA", (Formula("q"),))))


def test_the_relation_counts() -> None:
    """A world sees those that the relation says, and no other."""
    valuation = {"p": ["w1"]}
    assert holds(parse("DIA(p)"), "w0", valuation, [("w0", "w1")])
    assert not holds(parse("DIA(p)"), "w0", valuation, [("w0", "w0"), ("w1", "w1")])
    assert holds(parse("BOX(false)"), "w0", valuation, [])


@pytest.mark.parametrize("text", ["", "(", "p q", "p ->", "-> p", "(p", "p)", "BOX", "p # q"])
def test_what_is_no_formula_is_refused(text: str) -> None:
    """With ValueError, whatever it is."""
    with pytest.raises(ValueError, match=r"formula|parenthesis"):
        parse(text)


def test_depth_costs_no_stack() -> None:
    """A goal far deeper than Python's stack is read and evaluated; equal subformulas are one."""
    deep = "~(" * 20_000 + "BOX(p)" + ")" * 20_000
    formula = parse(deep + " -> BOX(p)")
    assert Evaluation(formula, ["w0"], {"p": ["w0"]}).holds(formula, "w0")
    assert len(formula.subformulas()) == 20_003


@pytest.mark.parametrize(("valuation", "says"), [({}, "'p'"), ({"p": ["w9"]}, "'w9'")])
def test_a_model_that_is_none_is_refused(valuation: dict[str, list[str]], says: str) -> None:
    """An atom without a value, a world that is not there."""
    with pytest.raises(ValueError, match=says):
        Evaluation(parse("p"), ["w0"], valuation)

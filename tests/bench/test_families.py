"""The generators of the benchmarks make the goals that they say they make."""

import random

import logos_pxl_engine as engine
import pytest
from bench import growing, randoms
from bench.families import GROWING, Family
from bench.small_goals import SCHEMAS, small_goals

DEADLINE_MS = 10_000


def verdict(goal: str) -> str:
    """What the engine finds, and its own check of it."""
    formula = engine.Formula.parse(goal)
    found = engine.search(formula, deadline_ms=DEADLINE_MS)
    if isinstance(found, engine.Proof):
        assert engine.check_proof(formula, found.certificate).ok
        return "valid"
    assert isinstance(found, engine.Countermodel)
    assert engine.check_model(formula, found.certificate).ok
    return "invalid"


@pytest.mark.parametrize("family", GROWING, ids=lambda family: family.name)
def test_growing_families_have_the_verdict_that_they_announce(family: Family) -> None:
    """Each growing family's two smallest goals are valid, or invalid, as it says."""
    assert [verdict(family.generate(size)) for size in family.sizes[:2]] == [family.expected] * 2


def test_growing_families_grow() -> None:
    """A larger size is a larger goal."""
    for family in GROWING:
        nodes = [engine.Formula.parse(family.generate(size)).nodes for size in family.sizes[:4]]
        assert nodes == sorted(set(nodes)), family.name


def test_the_chain_has_as_many_modalities_as_it_says() -> None:
    """A chain of 1,000 has modal depth 1,000."""
    assert engine.Formula.parse(growing.alternating_chain(1_000)).modal_depth == 1_000


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("clauses", [4, 12, 20])
def test_the_translation_of_quantified_formulas_is_exact(clauses: int, seed: int) -> None:
    """The goal is valid exactly when trying every assignment finds the quantified formula false."""
    assert (verdict(randoms.qbf_worlds(2, clauses, seed)) == "invalid") is randoms.qbf_truth(2, clauses, seed)


def test_random_goals_are_made_from_their_seed_alone() -> None:
    """The same seed gives the same goal, another seed another."""
    assert randoms.modal_3cnf(8, 30, 1) == randoms.modal_3cnf(8, 30, 1) != randoms.modal_3cnf(8, 30, 2)
    assert randoms.qbf_tree(5, 20, 1) == randoms.qbf_tree(5, 20, 1) != randoms.qbf_tree(5, 20, 2)


def test_a_modal_3cnf_has_its_shape() -> None:
    """Its negation has the announced number of clauses and modal depth 1; without a modal share it has no modality."""
    assert engine.Formula.parse(randoms.modal_3cnf(8, 30, 1)).modal_depth == 1
    plain = engine.Formula.parse(randoms.modal_3cnf(8, 30, 1, modal_share=0))
    assert plain.modal_depth == 0
    assert plain.ascii().count("/\\") == 29


def test_small_goals_are_different_and_small() -> None:
    """No goal comes twice, not even under other names of its atoms with the same text, and each can be parsed."""
    goals = small_goals(300)
    formulas = [engine.Formula.parse(goal) for goal in goals]
    assert len({formula.ascii() for formula in formulas}) == len(goals)


@pytest.mark.parametrize("connectives", [5, 17, 50])
def test_a_random_goal_has_exactly_its_connectives(connectives: int) -> None:
    """Connectives are counted without atoms."""
    goal = randoms.small_goal(random.Random(connectives), connectives)
    assert sum(character in "~[<\\/-" for character in _one_sign_each(goal)) == connectives


def test_every_schema_is_a_formula() -> None:
    """The schemas of the textbooks can be parsed as they stand."""
    for schema in SCHEMAS:
        assert engine.Formula.parse(schema).atoms()


def _one_sign_each(goal: str) -> str:
    """The goal with every connective spelled as one character."""
    for long, short in (("<->", "-"), ("->", "-"), ("[]", "["), ("<>", "<"), ("/\\", "/"), ("\\/", "\\")):
        goal = goal.replace(long, short)
    return goal

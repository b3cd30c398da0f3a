"""The schemas of the textbooks, by name."""

from itertools import chain, combinations

import pytest
from e2e.running import Server
from e2e.textbook import INVALID, VALID

from logos_pxl.goals import Goal

SCHEMAS = [
    *(pytest.param(text, "valid", id=name) for name, text in VALID.items()),
    *(pytest.param(text, "invalid", id=name) for name, text in INVALID.items()),
]


def verdict_by_trying_all_models(goal: Goal) -> str:
    """S5 is complete for universal frames whose worlds have different valuations: try every set of valuations, and every world in it."""
    valuations = [list(atoms) for size in range(len(goal.atoms) + 1) for atoms in combinations(goal.atoms, size)]
    models = chain.from_iterable(combinations(valuations, size) for size in range(1, len(valuations) + 1))
    return "valid" if all(all(goal.formula.evaluate(list(worlds))) for worlds in models) else "invalid"


@pytest.mark.parametrize(("text", "verdict"), SCHEMAS)
def test_the_table_is_right(text: str, verdict: str) -> None:
    """Each verdict in the table is the one that all models give."""
    assert verdict_by_trying_all_models(Goal.parse(text)) == verdict


@pytest.mark.parametrize(("text", "verdict"), SCHEMAS)
def test_a_schema_gets_its_verdict(server: Server, text: str, verdict: str) -> None:
    """The service gives the verdict of S5, checked by the kernel, and the countermodel that it gives falsifies the goal."""
    answer = server.prove(text).json()
    assert answer["verdict"] == verdict
    assert answer["verified"] is True
    assert answer["ok"] is (verdict == "valid")
    if verdict == "invalid":
        model = answer["countermodel"]
        worlds = [[atom for atom, where in model["valuation"].items() if world in where] for world in model["worlds"]]
        assert Goal.parse(text).formula.evaluate(worlds)[model["worlds"].index(model["failing_world"])] is False

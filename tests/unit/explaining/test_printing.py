"""Formulas in symbols."""

import random

from tiny_models import random_tree, text

from logos_pxl.explaining import shown
from logos_pxl.goals import Goal
from logos_pxl.wire.formulas import parse


def test_symbols_are_those_of_the_engine() -> None:
    """Printed here and printed by the engine, a formula is the same text, and so reads back as itself."""
    source = random.Random(3)
    for _ in range(1500):
        goal = Goal.parse(text(random_tree(source, source.randrange(0, 14))))
        assert shown(parse(goal.text)) == goal.printed("unicode")


def test_depth_costs_no_stack() -> None:
    """A goal deeper than Python's stack is printed."""
    assert shown(parse("~" * 5000 + "p")) == "¬" * 5000 + "p"

"""The table of a goal's subformulas."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from logos_pxl.goals import Goal

FORMULAS = st.recursive(
    st.sampled_from(["p", "q", "λ", "long_name", "true", "false"]),
    lambda part: st.one_of(
        st.tuples(st.sampled_from(["~", "[]", "<>"]), part).map(lambda pair: f"{pair[0]}({pair[1]})"),
        st.tuples(part, st.sampled_from(["/\\", "\\/", "->", "<->"]), part).map(lambda triple: f"({triple[0]}) {triple[1]} ({triple[2]})"),
    ),
    max_leaves=12,
)
SYMBOLS = {"not": "~", "box": "[]", "dia": "<>", "and": "/\\", "or": "\\/", "imp": "->", "iff": "<->", "top": "true", "bottom": "false"}


def spelled(table: list[dict[str, Any]]) -> str:
    """The formula that the table's last entry stands for."""
    texts: list[str] = []
    for entry in table:
        parts = [f"({texts[number - 1]})" for number in entry.get("args", [])]
        symbol = entry.get("name") or SYMBOLS[entry["op"]]
        texts.append(f"{parts[0]} {symbol} {parts[1]}" if len(parts) == 2 else symbol + "".join(parts))
    return texts[-1]


@given(FORMULAS)
def test_the_table_spells_the_goal(text: str) -> None:
    """Entries name earlier ones only, none comes twice, and the last one is the goal."""
    goal = Goal.parse(text)
    table = goal.subformulas
    assert Goal.parse(spelled(table)) == goal
    assert all(number <= place for place, entry in enumerate(table) for number in entry.get("args", []))
    assert len({str(entry) for entry in table}) == len(table)


def test_equal_subformulas_are_one() -> None:
    """What occurs twice is listed once."""
    assert Goal.parse("[]p -> p").subformulas == [{"op": "atom", "name": "p"}, {"op": "box", "args": [1]}, {"op": "imp", "args": [2, 1]}]


def test_a_very_deep_goal_has_a_table() -> None:
    """No recursion."""
    assert len(Goal.parse("~" * 9_000 + "p").subformulas) == 9_001

"""The statement that Coq printed, read back and compared with the goal.

Between the user's text and the theorem stand a parser, an encoder and the session's decoder. The kernel says that the theorem is true,
not that it is the one that was asked for; this closes the circle for every goal that is small enough for its statement to be printed.
"""

import re

from logos_pxl_engine import Formula, ParseError

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind

_STATEMENT = re.compile(r"(?P<refuted>~\s+)?Prov\s+(?P<formula>.*)", re.DOTALL)


def states(statement: str, kind: CheckKind, goal: Goal) -> bool:
    """Whether ``statement`` says of ``goal`` what a certificate of this kind shows."""
    parts = _STATEMENT.fullmatch(statement)
    if parts is None or (parts["refuted"] is None) != (kind is CheckKind.PROOF):
        return False
    try:
        # Coq writes atoms as string literals; a name holds no quotation mark.
        return Formula.parse(parts["formula"].replace('"', "")) == goal.formula
    except ParseError:
        return False

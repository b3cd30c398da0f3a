"""``pxl parse``: a goal as it was understood, in every notation."""

import typer

from logos_pxl.cli.failing import tell
from logos_pxl.cli.goals_given import Asked, goals_of
from logos_pxl.cli.printing import print_json
from logos_pxl.cli.statuses import ExitStatus, worst
from logos_pxl.errors import PxlError
from logos_pxl.goals import Goal, Notation

_NOTATIONS: tuple[Notation, ...] = ("manual", "ascii", "unicode", "latex", "coq")


def parse_all(asked: Asked, *, as_json: bool) -> ExitStatus:
    """Print each goal in all notations, with its atoms and its size; nothing is decided."""
    try:
        given = goals_of(asked)
    except (PxlError, OSError) as error:
        tell(error)
        return ExitStatus.ERROR
    statuses = []
    for place, one in enumerate(given):
        if place and not as_json:
            typer.echo("")
        try:
            _print(_described(Goal.parse(one.text, syntax=one.syntax)), as_json=as_json)
            statuses.append(ExitStatus.VALID)
        except PxlError as error:
            tell(error, place=one.place)
            if as_json:
                print_json({"goal": one.text, "error": error.code, "detail": str(error)})
            statuses.append(ExitStatus.ERROR)
    return worst(statuses)


def _described(goal: Goal) -> dict[str, object]:
    notations: dict[str, object] = {name: goal.printed(name) for name in _NOTATIONS}
    formula = goal.formula
    return {**notations, "atoms": goal.atoms, "nodes": formula.nodes, "depth": formula.depth, "modal_depth": formula.modal_depth}


def _print(described: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(described)
        return
    for name, value in described.items():
        typer.echo(f"{name.replace('_', ' ')}\t{', '.join(value) if isinstance(value, list) else value}")

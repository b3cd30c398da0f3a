"""``pxl parse`` (a goal in every notation) and ``pxl explain`` (a verdict and its reasons)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from logos_pxl.cli.deciding import GoalRequest, goals_of
from logos_pxl.cli.printing import COLOURS, ExitStatus, echo, print_error, print_json, print_table, worst
from logos_pxl.errors import PxlError
from logos_pxl.explaining import Claim, Derivation, Refutation, Step, shown
from logos_pxl.explanations import Explained
from logos_pxl.wire.verdicts import Verdict

if TYPE_CHECKING:
    from logos_pxl.goals import Goal, Notation

_NOTATIONS: "tuple[Notation, ...]" = ("manual", "ascii", "unicode", "latex", "coq")


def parse_all(asked: GoalRequest, *, as_json: bool) -> ExitStatus:
    """Print each goal in all notations, with its atoms and its size; nothing is decided."""
    from logos_pxl.goals import Goal  # noqa: PLC0415 - it needs the engine, and explain does not

    try:
        given = goals_of(asked)
    except (PxlError, OSError) as error:
        print_error(error)
        return ExitStatus.ERROR
    statuses = []
    for place, one in enumerate(given):
        if place and not as_json:
            typer.echo("")
        try:
            _print(_described(Goal.parse(one.text, syntax=one.syntax)), as_json=as_json)
            statuses.append(ExitStatus.VALID)
        except PxlError as error:
            print_error(error, place=one.place)
            if as_json:
                print_json({"goal": one.text, "error": error.code, "detail": str(error)})
            statuses.append(ExitStatus.ERROR)
    return worst(statuses)


def _described(goal: "Goal") -> dict[str, object]:
    notations: dict[str, object] = {name: goal.printed(name) for name in _NOTATIONS}
    formula = goal.formula
    return {**notations, "atoms": goal.atoms, "nodes": formula.nodes, "depth": formula.depth, "modal_depth": formula.modal_depth}


def _print(described: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(described)
        return
    for name, value in described.items():
        typer.echo(f"{name.replace('_', ' ')}\t{', '.join(value) if isinstance(value, list) else value}")


# Of a longer explanation the beginning and the end are printed.
_HEAD, _TAIL = 40, 10


class ExplanationPrinter:
    """Prose for people, or one JSON object a goal."""

    def __init__(self, *, as_json: bool) -> None:
        self._json = as_json
        self._first = True

    def answered(self, answer: Explained) -> None:
        """Print the verdict, and why it is so."""
        if self._json:
            print_json(answer.as_json())
            return
        if not self._first:
            echo("")
        self._first = False
        echo((answer.verdict.verdict, COLOURS[answer.verdict.verdict]), f"\t{answer.verdict.goal}")
        match answer.explanation:
            case Refutation() as refuted:
                _print_refutation(refuted)
            case Derivation() as proved:
                _print_derivation(proved)
            case None:
                echo(f"Not explained: {answer.why_not}")

    def verdict_of(self, answer: Explained) -> Verdict:
        """Its verdict."""
        return answer.verdict

    def undecided(self, text: str, error: PxlError) -> None:
        """Print a JSON object if JSON is wanted; the message is on standard error."""
        if self._json:
            print_json({"ok": False, "verdict": "unknown", "goal": text, "error": error.code, "detail": str(error)})

    def refused(self, text: str, error: PxlError) -> None:
        """As ``undecided``, without a verdict."""
        if self._json:
            print_json({"ok": False, "goal": text, "error": error.code, "detail": str(error)})


def _print_refutation(refuted: Refutation) -> None:
    count = len(refuted.worlds)
    worlds = "There is one world, which sees itself" if count == 1 else f"There are {count} worlds, and every world sees every world"
    echo(f"\n{worlds}. The goal fails at {refuted.failing_world}:\n")
    _print_numbered(refuted.claims)
    echo("")
    rows = [(shown(formula), ["1" if world in true else "0" for world in refuted.worlds]) for formula, true in refuted.table]
    print_table(refuted.worlds, rows, marked=refuted.failing_world)


def _print_derivation(proved: Derivation) -> None:
    echo(f"\nThe main steps of the proof (its certificate has {proved.certificate_steps}):\n")
    _print_numbered(proved.steps)


def _print_numbered(lines: Sequence[Claim] | Sequence[Step]) -> None:
    width = len(str(len(lines)))
    left_out = len(lines) - _HEAD - _TAIL
    for line in lines:
        if left_out > 1 and _HEAD < line.number <= len(lines) - _TAIL:
            if line.number == _HEAD + 1:
                echo(f"{'':>{width + 2}}... {left_out} more; --json has them all ...")
            continue
        because = f"  [{', '.join(str(number) for number in line.rests_on)}]" if isinstance(line, Claim) and line.rests_on else ""
        echo(f"{line.number:>{width + 2}}. {line.sentence}{because}")

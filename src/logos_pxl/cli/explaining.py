"""``pxl explain``: a verdict and its reasons, in words and as a table of worlds."""

from collections.abc import Sequence

from logos_pxl.cli.colours import echo
from logos_pxl.cli.printing import COLOURS, print_json
from logos_pxl.cli.tables import print_table
from logos_pxl.client.models import Verdict
from logos_pxl.errors import PxlError
from logos_pxl.explaining import Claim, Derivation, Refutation, Step, shown
from logos_pxl.explanations import Explained

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
        """Nothing but JSON, when that is wanted: standard error has been told."""
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

"""``pxl export``: a verdict's certificate in one of its forms."""

import json
import sys
from dataclasses import dataclass

from logos_pxl.cli.deciding import Ask
from logos_pxl.cli.printing import tell_reason
from logos_pxl.client.interface import AsyncProver
from logos_pxl.client.models import Verdict
from logos_pxl.errors import PxlError


@dataclass(frozen=True, slots=True)
class Exported:
    """A verdict, and the text of its certificate; an unknown one has none."""

    verdict: Verdict
    text: str | None


def exporting(form: str) -> Ask[Exported]:
    """Decide a goal and get its certificate as ``json`` or ``v``."""

    async def ask(prover: AsyncProver, goal: str, timeout_ms: int | None) -> Exported:
        verdict = await prover.prove(goal, timeout_ms=timeout_ms)
        if verdict.unknown:
            return Exported(verdict, None)
        if form == "json":
            return Exported(verdict, json.dumps((await prover.certificate(verdict)).as_json(), ensure_ascii=False, indent=1) + "\n")
        return Exported(verdict, await prover.coq_file(verdict))

    return ask


class ExportPrinter:
    """Prints the certificate, and nothing else."""

    def answered(self, answer: Exported) -> None:
        """Print the text; why there is none goes to standard error."""
        if answer.text is None:
            tell_reason(answer.verdict)
        else:
            sys.stdout.write(answer.text)

    def verdict_of(self, answer: Exported) -> Verdict:
        """Its verdict."""
        return answer.verdict

    def undecided(self, text: str, error: PxlError) -> None:
        """Nothing: standard error has been told."""

    def refused(self, text: str, error: PxlError) -> None:
        """Nothing: standard error has been told."""

"""``pxl export`` (the certificate of a verdict) and ``pxl verify`` (check a certificate again)."""

# ruff: noqa: PLC0415 - export works without the engine; verify does not

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from logos_pxl.cli.deciding import Ask
from logos_pxl.cli.printing import ExitStatus, print_error, print_json, print_reason
from logos_pxl.client.interface import AsyncProver
from logos_pxl.errors import PxlError, RequestError, SessionError
from logos_pxl.settings import Settings
from logos_pxl.wire.verdicts import Verdict

if TYPE_CHECKING:
    from logos_pxl.proving import Certificate
    from logos_pxl.proving.recheck import Recheck


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
        """Print the text, or on standard error why there is none."""
        if answer.text is None:
            print_reason(answer.verdict)
        else:
            sys.stdout.write(answer.text)

    def verdict_of(self, answer: Exported) -> Verdict:
        """Its verdict."""
        return answer.verdict

    def undecided(self, text: str, error: PxlError) -> None:
        """Print nothing; the message is on standard error."""

    def refused(self, text: str, error: PxlError) -> None:
        """Print nothing; the message is on standard error."""


_DEFAULT_TIMEOUT_S = 600.0
_SHOWN_CHARACTERS = 4_000


def verify_file(path: Path, *, fast: bool, timeout_ms: int | None, as_json: bool = False) -> ExitStatus:
    """Check the file and print which checker accepted or refused it. Returns the exit status."""
    timeout_s = _DEFAULT_TIMEOUT_S if timeout_ms is None else timeout_ms / 1000
    try:
        checker, result = _recheck(path, fast=fast, timeout_s=timeout_s)
    except SessionError as error:
        print_error(error)
        return ExitStatus.UNKNOWN
    except (PxlError, OSError) as error:
        print_error(error)
        return ExitStatus.ERROR
    status = ExitStatus.VALID if result.accepted else ExitStatus.INVALID
    if as_json:
        print_json({"accepted": result.accepted, "checker": checker, "statement": result.statement, "reason": result.reason})
        return status
    if not result.accepted:
        typer.echo(f"refused by {checker}: {result.reason}")
        return status
    typer.echo(f"accepted by {checker}" + (f": {_shown(result.statement)}" if result.statement else ""))
    return status


def _shown(statement: str) -> str:
    if len(statement) <= _SHOWN_CHARACTERS:
        return statement
    return f"{statement[:_SHOWN_CHARACTERS]} ... (cut here: {len(statement)} characters)"


def _recheck(path: Path, *, fast: bool, timeout_s: float) -> tuple[str, "Recheck"]:
    from logos_pxl.proving import Certificate
    from logos_pxl.proving.recheck import by_rust, recheck_coq_file

    if path.suffix == ".v":
        if fast:
            raise RequestError("--fast reads JSON certificates only: a .v file is for Coq")
        return "Coq's kernel (coqc)", recheck_coq_file(path, Settings.load().session(), timeout_s=timeout_s)
    certificate = Certificate.read(path.read_bytes())
    if fast:
        return "the Rust checker (Coq's kernel was NOT asked)", by_rust(certificate)
    return "Coq's kernel", asyncio.run(_by_kernel(certificate, timeout_s))


async def _by_kernel(certificate: "Certificate", timeout_s: float) -> "Recheck":
    from logos_pxl.kernel import KernelIdentity, SessionPool, coq_sessions
    from logos_pxl.proving.recheck import by_kernel

    deadline = time.monotonic() + timeout_s
    settings = Settings.load(pool_size=1, pool_spares=0, kernel_timeout_ms=min(3_600_000, max(1, round(timeout_s * 1000))))
    session = settings.session()
    identity = KernelIdentity.of(session)
    if identity.kernel_hash != certificate.kernel_hash:
        typer.echo(f"pxl: made with another kernel ({certificate.kernel_hash}); checked with {identity.kernel_hash}", err=True)
    async with SessionPool(settings.pool(), coq_sessions(session)) as pool:
        return await by_kernel(certificate, pool, deadline=deadline)

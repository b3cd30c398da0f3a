"""``pxl verify``: a certificate checked again."""

import asyncio
import time
from pathlib import Path

import typer

from logos_pxl.cli.failing import tell
from logos_pxl.cli.printing import print_json
from logos_pxl.cli.statuses import ExitStatus
from logos_pxl.errors import KernelTimeout, PxlError, RequestError, SessionError
from logos_pxl.kernel import KernelIdentity, SessionPool, coq_sessions
from logos_pxl.proving import Certificate
from logos_pxl.proving.coq_files import recheck_coq_file
from logos_pxl.proving.recheck import Recheck, by_kernel, by_rust
from logos_pxl.settings import Settings

_DEFAULT_TIMEOUT_S = 600.0
_SHOWN_CHARACTERS = 4_000


def verify_file(path: Path, *, fast: bool, timeout_ms: int | None, as_json: bool = False) -> ExitStatus:
    """Check the file, say who accepted or refused it, and give the exit status."""
    timeout_s = _DEFAULT_TIMEOUT_S if timeout_ms is None else timeout_ms / 1000
    try:
        checker, result = _recheck(path, fast=fast, timeout_s=timeout_s)
    except KernelTimeout as error:
        tell(error)
        return ExitStatus.UNKNOWN
    except SessionError as error:
        tell(error)
        return ExitStatus.UNKNOWN
    except (PxlError, OSError) as error:
        tell(error)
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


def _recheck(path: Path, *, fast: bool, timeout_s: float) -> tuple[str, Recheck]:
    if path.suffix == ".v":
        if fast:
            raise RequestError("--fast reads JSON certificates only: a .v file is for Coq")
        return "Coq's kernel (coqc)", recheck_coq_file(path, Settings.load().session(), timeout_s=timeout_s)
    certificate = Certificate.read(path.read_bytes())
    if fast:
        return "the Rust checker (Coq's kernel was NOT asked)", by_rust(certificate)
    return "Coq's kernel", asyncio.run(_by_kernel(certificate, timeout_s))


async def _by_kernel(certificate: Certificate, timeout_s: float) -> Recheck:
    deadline = time.monotonic() + timeout_s
    settings = Settings.load(pool_size=1, pool_spares=0, kernel_timeout_ms=min(3_600_000, max(1, round(timeout_s * 1000))))
    session = settings.session()
    identity = KernelIdentity.of(session)
    if identity.kernel_hash != certificate.kernel_hash:
        typer.echo(f"pxl: made with another kernel ({certificate.kernel_hash}); checked with {identity.kernel_hash}", err=True)
    async with SessionPool(settings.pool(), coq_sessions(session)) as pool:
        return await by_kernel(certificate, pool, deadline=deadline)

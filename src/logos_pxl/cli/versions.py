"""``pxl version``."""

import logos_pxl_engine as engine
import typer

from logos_pxl import __version__
from logos_pxl.cli.failing import tell
from logos_pxl.cli.statuses import ExitStatus
from logos_pxl.errors import PxlError
from logos_pxl.kernel import KernelIdentity
from logos_pxl.settings import Settings


def print_versions() -> ExitStatus:
    """One line a part, name and version; the kernel's hash last."""
    typer.echo(f"pxl\t{__version__}")
    typer.echo(f"engine\t{engine.__version__}")
    try:
        identity = KernelIdentity.of(Settings.load().session())
    except PxlError as error:
        tell(error)
        return ExitStatus.ERROR
    typer.echo(f"coq\t{identity.coq_version}")
    typer.echo(f"theory\t{identity.theory_version}")
    typer.echo(f"kernel\t{identity.kernel_hash}")
    return ExitStatus.VALID

"""``pxl version``."""

import logos_pxl_engine as engine
import typer

from logos_pxl.cli.failing import tell
from logos_pxl.cli.printing import print_json
from logos_pxl.cli.statuses import ExitStatus
from logos_pxl.errors import PxlError
from logos_pxl.kernel import KernelIdentity
from logos_pxl.settings import Settings
from logos_pxl.version import __version__


def print_versions(*, as_json: bool) -> ExitStatus:
    """One line a part, name and version, the kernel's hash last; or one JSON object."""
    versions = {"pxl": __version__, "engine": engine.__version__}
    status = ExitStatus.VALID
    try:
        identity = KernelIdentity.of(Settings.load().session())
        versions |= {"coq": identity.coq_version, "theory": identity.theory_version, "kernel": identity.kernel_hash}
    except PxlError as error:
        tell(error)
        status = ExitStatus.ERROR
    if as_json:
        print_json(versions)
    else:
        for part, version in versions.items():
            typer.echo(f"{part}\t{version}")
    return status

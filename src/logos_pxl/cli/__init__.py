"""The command line. Its modules import the engine and the sessions only when a command needs them, so that help is quick."""

import os
import sys

# What to do where a part of the installation is missing that a command turns out to need.
_REMEDIES = {
    "logos_pxl_engine": "the Rust engine is missing: make build, in the project's folder; or ask a service (--url, PXL_URL). "
    "'pxl doctor' tells what else is missing",
    "httpx2": "a package is missing: pip install logos-pxl-client",
    "stamina": "a package is missing: pip install logos-pxl-client",
    "mcp": "the Model Context Protocol's SDK is missing: pip install 'logos-pxl[mcp]'",
}
_ERROR = 2


def main() -> None:
    """Run the program ``pxl``."""
    from logos_pxl.cli.app import app  # noqa: PLC0415 - see above

    if "_PXL_COMPLETE" in os.environ:
        # Typer does this for programs with its own --install-completion, in whose place there is 'pxl completion'.
        from typer._completion_classes import completion_init  # noqa: PLC0415

        completion_init()
    try:
        app()
    except ModuleNotFoundError as error:
        remedy = _REMEDIES.get((error.name or "").partition(".")[0])
        if remedy is None:
            raise
        print(f"pxl: {remedy}", file=sys.stderr)  # noqa: T201 - the command line's job
        sys.exit(_ERROR)

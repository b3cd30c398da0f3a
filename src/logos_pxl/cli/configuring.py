"""``pxl config``: what is in force, and from where."""

import json
from dataclasses import asdict

import typer

from logos_pxl.cli.failing import tell
from logos_pxl.cli.statuses import ExitStatus
from logos_pxl.errors import PxlError
from logos_pxl.settings.configuration import Configuration, exposed_secrets


def print_configuration(*, as_json: bool) -> ExitStatus:
    """One line a variable: name, value, origin; warnings go to standard error."""
    try:
        configuration = Configuration.load()
    except PxlError as error:
        tell(error)
        return ExitStatus.ERROR
    warnings = [*configuration.warnings, *exposed_secrets(configuration)]
    entries = configuration.entries()
    if as_json:
        document = {"variables": [asdict(entry) for entry in entries], "warnings": warnings}
        typer.echo(json.dumps(document, indent=1))
        return ExitStatus.VALID
    width = max(len(entry.variable) for entry in entries)
    for entry in entries:
        typer.echo(f"{entry.variable:<{width}}  {entry.value or '(not set)'}\t{entry.origin}")
    for warning in warnings:
        typer.echo(f"pxl: {warning}", err=True)
    if not configuration.settings.hmac_auth_enabled:
        typer.echo("pxl: ENABLE_HMAC_AUTH=false: requests need no signature", err=True)
    return ExitStatus.VALID

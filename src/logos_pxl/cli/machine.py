"""``pxl serve``, ``mcp``, ``doctor``, ``config``, ``version`` and ``completion``: commands about this machine and this installation."""

# ruff: noqa: PLC0415 - each command imports what it needs, so that the others work without it

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from logos_pxl.cli.deciding import at_once, opened_prover, service_address
from logos_pxl.cli.printing import ExitStatus, echo, print_error, print_json
from logos_pxl.errors import PxlError
from logos_pxl.settings import Settings
from logos_pxl.settings.configuration import Configuration, exposed_secrets
from logos_pxl.version import __version__

if TYPE_CHECKING:
    from logos_pxl.doctor import Finding


def serve_with(overrides: Mapping[str, Any]) -> ExitStatus:
    """Run the HTTP service. ``overrides`` (field names, ``None`` for not given) have priority over files and environment."""
    try:
        configuration = Configuration.load(**{name: value for name, value in overrides.items() if value is not None})
    except PxlError as error:
        print_error(error)
        from logos_pxl.logs.opening import log_failed_start

        log_failed_start(str(error))
        return ExitStatus.ERROR
    from logos_pxl.service.server import run_server

    try:
        run_server(configuration)
    except (PxlError, OSError) as error:
        print_error(error)
        return ExitStatus.ERROR
    except KeyboardInterrupt:
        return ExitStatus.ERROR
    return ExitStatus.VALID


_MANY = 1 << 16


def serve_agents(url: str | None, *, http: bool, host: str, port: int, names: Sequence[str], jobs: int | None) -> ExitStatus:
    """Serve until the end of the input, or SIGTERM."""
    try:
        asyncio.run(_serve(url, http=http, host=host, port=port, names=names, width=at_once(jobs, _MANY)))
    except (PxlError, OSError) as error:
        print_error(error)
        return ExitStatus.ERROR
    except KeyboardInterrupt:
        return ExitStatus.VALID
    return ExitStatus.VALID


async def _serve(url: str | None, *, http: bool, host: str, port: int, names: Sequence[str], width: int) -> None:
    from logos_pxl.agents.checking import by_kernel, by_service
    from logos_pxl.agents.server import agents_server
    from logos_pxl.agents.serving import security, serve_http, serve_stdio
    from logos_pxl.client import AsyncPxlClient

    if http:
        security(host, names)
    async with opened_prover(url, sessions=width) as prover:
        if isinstance(prover, AsyncPxlClient):
            check = by_service(prover, service_address(url) or "")
        else:
            from logos_pxl.local import LocalProver

            if not isinstance(prover, LocalProver):
                raise TypeError(f"no check is known for {prover!r}")
            check = by_kernel(prover)
        server = agents_server(prover, check)
        await (serve_http(server, host=host, port=port, names=names) if http else serve_stdio(server))


_COLOURS = {"fine": "green", "attention": "yellow", "missing": "red"}
_WIDTH = 12


def examine_machine(url: str | None, *, as_json: bool) -> ExitStatus:
    """Print each finding as it is made; status 2 when something is missing that deciding goals needs, else 0."""
    from logos_pxl.doctor import State, examine

    findings = []
    for finding in examine(url):
        findings.append(finding)
        if not as_json:
            _print(finding)
    wrong = [finding for finding in findings if finding.state is State.MISSING]
    if as_json:
        print_json({"ok": not wrong, "findings": [_document(finding) for finding in findings]})
    else:
        typer.echo(f"\n{_conclusion(findings, wrong)}")
    return ExitStatus.ERROR if wrong else ExitStatus.VALID


def _print(finding: "Finding") -> None:
    echo(f"{finding.name:<{_WIDTH}} ", (f"{finding.state.value:<10}", _COLOURS[finding.state.value]), finding.found)
    if finding.remedy:
        typer.echo(f"{'':<{_WIDTH + 11}}-> {finding.remedy}")


def _conclusion(findings: "list[Finding]", wrong: "list[Finding]") -> str:
    if wrong:
        return f"Goals cannot be decided here yet. Begin with: {wrong[0].name}."
    doubtful = sum(finding.state.value == "attention" for finding in findings)
    items = "1 item needs" if doubtful == 1 else f"{doubtful} items need"
    return "Goals can be decided here" + (f"; {items} attention." if doubtful else "; nothing is missing.")


def _document(finding: "Finding") -> dict[str, str]:
    return {"name": finding.name, "state": finding.state.value, "found": finding.found, "remedy": finding.remedy}


def print_configuration(*, as_json: bool) -> ExitStatus:
    """One line a variable: name, value, origin; warnings go to standard error."""
    try:
        configuration = Configuration.load()
    except PxlError as error:
        print_error(error)
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


def print_versions(*, as_json: bool) -> ExitStatus:
    """One line a part, name and version, the kernel's hash last; or one JSON object."""
    import logos_pxl_engine as engine

    from logos_pxl.kernel import KernelIdentity

    versions = {"pxl": __version__, "engine": engine.__version__}
    status = ExitStatus.VALID
    try:
        identity = KernelIdentity.of(Settings.load().session())
        versions |= {"coq": identity.coq_version, "theory": identity.theory_version, "kernel": identity.kernel_hash}
    except PxlError as error:
        print_error(error)
        status = ExitStatus.ERROR
    if as_json:
        print_json(versions)
    else:
        for part, version in versions.items():
            typer.echo(f"{part}\t{version}")
    return status


_PROGRAM = "pxl"
# Typer's script for fish offers no files; the others fall back to them.
_FILES_IN_FISH = """
complete --command pxl --short-option f --long-option file --require-parameter --force-files
complete --command pxl --condition '__fish_seen_subcommand_from verify' --force-files"""


def print_completion(shell: str) -> ExitStatus:
    """Print the completion script for a shell."""
    from typer._completion_shared import get_completion_script

    script = get_completion_script(prog_name=_PROGRAM, complete_var="_PXL_COMPLETE", shell=shell)
    typer.echo(script + (_FILES_IN_FISH if shell == "fish" else ""))
    return ExitStatus.VALID

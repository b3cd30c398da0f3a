"""``pxl doctor``: the findings, and what to do."""

import typer

from logos_pxl.cli.colours import echo
from logos_pxl.cli.printing import print_json
from logos_pxl.cli.statuses import ExitStatus
from logos_pxl.doctor import Finding, State, examine

_COLOURS = {State.FINE: "green", State.ATTENTION: "yellow", State.MISSING: "red"}
_WIDTH = 12


def examine_machine(url: str | None, *, as_json: bool) -> ExitStatus:
    """Print each finding as it is made; status 2 when something is missing that deciding goals needs, else 0."""
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


def _print(finding: Finding) -> None:
    echo(f"{finding.name:<{_WIDTH}} ", (f"{finding.state.value:<10}", _COLOURS[finding.state]), finding.found)
    if finding.remedy:
        typer.echo(f"{'':<{_WIDTH + 11}}-> {finding.remedy}")


def _conclusion(findings: list[Finding], wrong: list[Finding]) -> str:
    if wrong:
        return f"Goals cannot be decided here yet. Begin with: {wrong[0].name}."
    doubtful = sum(finding.state is State.ATTENTION for finding in findings)
    return "Goals can be decided here" + (f"; {doubtful} things want attention." if doubtful else ", and all is well.")


def _document(finding: Finding) -> dict[str, str]:
    return {"name": finding.name, "state": finding.state.value, "found": finding.found, "remedy": finding.remedy}

"""``pxl ops recover``: stop, restore a backup, start, and have the acceptance run say that all is well.

Invariant: nothing is stopped for an archive that is damaged; when the restore fails, what was there before is started again.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from logos_pxl.acceptance.running import Outcome, Result, all_checks, run
from logos_pxl.acceptance.service import Service
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.lenient_settings import lenient_settings
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.restore import bring_back, check_archive
from logos_pxl.ops.running import Operator
from logos_pxl.ops.steps import StepFailed, Steps, wait_until_ready
from logos_pxl.settings import Settings

_REQUEST_S = 30.0
_UNDO = "undo the restore: pxl ops restore --undo"


def recover(archive: Path, *, quiet: bool) -> Report:
    """Recover from ``archive`` (in a folder, its newest intact one); works with a broken configuration, which it may mend."""
    settings, wrong = lenient_settings()
    operator = Operator.of(settings)
    return replace(recovery(operator, archive, Steps(quiet=quiet), wrong_before=wrong or ""), asked=operator.asked)


def recovery(operator: Operator, archive: Path, steps: Steps, *, wrong_before: str) -> Report:
    """All steps, as far as they succeed."""
    notes = (f"the configuration was wrong: {wrong_before}",) if wrong_before else ()
    try:
        steps.take("archive read to its end", lambda: _well(check_archive(operator, archive)), advice="nothing was stopped or changed")
        steps.take("service stopped", operator.target.stop, advice=operator.target.restart_command)
        _restore(operator, archive, steps)
        restored = steps.take("configuration read", lambda: Operator.of(Settings.load()), advice=_UNDO)
        steps.take("service started", restored.target.start, advice=f"pxl ops diagnose; {_UNDO}")
        steps.take("service ready", lambda: wait_until_ready(restored.service, within_s=restored.settings.start_timeout_s), advice=_UNDO)
        results = steps.take("acceptance run", lambda: accept(restored))
    except StepFailed as error:
        section = steps.section()
        return Report("recover", str(archive), (Section(section.title, section.checks, notes),), summary=f"not recovered: {error}")
    sections = (Section("Steps", steps.section().checks, notes), acceptance_section(results))
    well = all(section.status is Status.FINE for section in sections)
    return Report("recover", str(archive), sections, summary="recovered" if well else f"the acceptance run found faults; {_UNDO}")


def _restore(operator: Operator, archive: Path, steps: Steps) -> None:
    def restore() -> Report:
        return _well(bring_back(operator, archive, target=None))

    try:
        steps.take("files restored", restore, advice="what was there before is started again")
    except StepFailed:
        steps.take("service started as it was", operator.target.start, advice="pxl ops diagnose")
        raise


def _well(report: Report) -> Report:
    """The report, when it is. Raises OperationFailed."""
    if report.status is Status.CRITICAL:
        raise OperationFailed(report.summary)
    return report


def accept(operator: Operator) -> tuple[Result, ...]:
    """Ask the running service for everything that it promises. Raises OperationFailed when it cannot be asked."""
    key = operator.settings.hmac_key
    service = Service(operator.service.url, key=key.get_secret_value() if key else None, timeout_s=_REQUEST_S)
    return run(service, all_checks(), lambda _: None).results


def acceptance_section(results: tuple[Result, ...]) -> Section:
    """The acceptance run's outcome: what failed, and how many passed."""
    counts: dict[str, Any] = {outcome.value: sum(result.outcome is outcome for result in results) for outcome in Outcome}
    faults = tuple(
        Check(f"{result.group}: {result.name}", Status.CRITICAL, result.outcome.value, advice=result.detail)
        for result in results
        if result.outcome is Outcome.FAILED
    )
    passed = Check("checks passed", Status.FINE if counts["passed"] and not faults else Status.CRITICAL, counts["passed"], threshold="all")
    return Section(
        "Acceptance run", (passed, *faults), (f"{counts['skipped']} do not fit this service, and were left out",), {"counts": counts}
    )

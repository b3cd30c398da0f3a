"""``pxl ops recover``: stop, restore a backup, start, wait until ready, and run the acceptance run.

Invariant: nothing is stopped for an archive that is damaged. When the restore fails, the service is started as it was before.
"""

from dataclasses import replace
from pathlib import Path

from logos_pxl.acceptance.running import Outcome, all_checks, run
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
    """Recover from ``archive`` (in a folder, its newest intact one). Works with a wrong configuration, which the backup may correct."""
    settings, wrong = lenient_settings()
    operator = Operator.of(settings)
    return replace(_recovery(operator, archive, Steps(quiet=quiet), wrong or ""), asked=operator.asked)


def _recovery(operator: Operator, archive: Path, steps: Steps, wrong: str) -> Report:
    """All steps, as far as they succeed."""
    notes = (f"the configuration was wrong: {wrong}",) if wrong else ()
    try:
        steps.take("archive read to its end", lambda: _require_fine(check_archive(operator, archive)), advice="nothing was changed")
        steps.take("service stopped", operator.target.stop, advice=operator.target.restart_command)
        _restore(operator, archive, steps)
        restored = steps.take("configuration read", lambda: Operator.of(Settings.load()), advice=_UNDO)
        steps.take("service started", restored.target.start, advice=f"pxl ops diagnose; {_UNDO}")
        steps.take("service ready", lambda: wait_until_ready(restored.service, within_s=restored.settings.start_timeout_s), advice=_UNDO)
        accepted = steps.take("acceptance run", lambda: _accept(restored))
    except StepFailed as error:
        return Report("recover", str(archive), (replace(steps.section(), notes=notes),), summary=f"not recovered: {error}")
    summary = "recovered" if accepted.status is Status.FINE else f"the acceptance run found faults; {_UNDO}"
    return Report("recover", str(archive), (replace(steps.section(), notes=notes), accepted), summary)


def _restore(operator: Operator, archive: Path, steps: Steps) -> None:
    try:
        steps.take(
            "files restored", lambda: _require_fine(bring_back(operator, archive, target=None)), advice="the service is started again"
        )
    except StepFailed:
        steps.take("service started as it was", operator.target.start, advice="pxl ops diagnose")
        raise


def _require_fine(report: Report) -> None:
    if report.status is Status.CRITICAL:
        raise OperationFailed(report.summary)


def _accept(operator: Operator) -> Section:
    """Run the acceptance run on the service: how many checks passed, and each that failed."""
    service = Service(operator.service.url, key=operator.service.key, timeout_s=_REQUEST_S)
    report = run(service, all_checks(), lambda _: None)
    failed = [result for result in report.results if result.outcome is Outcome.FAILED]
    faults = [Check(f"{result.group}: {result.name}", Status.CRITICAL, "failed", advice=result.detail) for result in failed]
    passed = report.count(Outcome.PASSED)
    first = Check("checks passed", Status.FINE if passed and not faults else Status.CRITICAL, passed, threshold="all")
    notes = (f"{report.count(Outcome.SKIPPED)} do not apply to this service, and were skipped",)
    return Section("Acceptance run", (first, *faults), notes, {"counts": {outcome.value: report.count(outcome) for outcome in Outcome}})

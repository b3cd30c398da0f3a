"""``pxl ops rotate-logs``, as a report."""

from datetime import UTC, datetime

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.history.archive import outdated
from logos_pxl.ops.history.rotation import rotate
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator


def rotate_logs(operator: Operator, *, keep_days: float | None) -> Report:
    """Archive the logs and the performance document, and remove what is too old."""
    log_dir, now = operator.settings.log_dir, datetime.now(UTC)
    if not log_dir.is_dir():
        raise OperationFailed(f"PXL_LOG_DIR={str(log_dir)!r}: there is no such folder here; run this where the service writes its logs")
    try:
        done = rotate(log_dir, now.date())
    except OperationFailed as error:
        failed = Check("archived", Status.CRITICAL, False, advice=str(error))
        return Report("rotate-logs", str(log_dir), (Section("Logs", (failed,)),), summary=str(error))
    keep = operator.settings.keep_days if keep_days is None else keep_days
    removed = []
    for path in outdated(log_dir, keep_days=keep, now=now):
        path.unlink(missing_ok=True)
        removed.append(path.name)
    checks = tuple(Check(f"{one.log}", Status.FINE, str(one.archive)) for one in done)
    notes = [f"{one.archive.name}: {one.lines} lines, {one.bytes} bytes" for one in done if one.lines]
    if not done:
        notes.append("there was nothing to archive")
    if removed:
        notes.append(f"removed, more than {keep:g} days old: {', '.join(removed)}")
    files = [{"log": one.log, "archive": str(one.archive), "lines": one.lines, "bytes": one.bytes} for one in done]
    return Report("rotate-logs", str(log_dir), (Section("Logs", checks, tuple(notes), {"archived": files, "removed": removed}),))

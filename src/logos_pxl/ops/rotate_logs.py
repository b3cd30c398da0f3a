"""``pxl ops rotate-logs``: rename each log, compress it into the archive, and remove old archives.

The service opens a new file with its next line (``WatchedFileHandler``), so that no line is lost and no signal is needed.

Invariant: a line is in the log, in the renamed log beside it, or in the archive. The renamed log is removed only after all of it is in the
archive and on the disk; what a crash or a full disk leaves, the next rotation archives.
"""

import gzip
import json
import os
import shutil
import time
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from logos_pxl.durable import replace_file, sync_folder, take_place_of
from logos_pxl.ops.alone import alone_in
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.history import FOLDER, archived
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator

KEEP_AT_LEAST = 7
"""The newest archives of each kind that are kept whatever their date, so that a wrong clock cannot remove all of them."""

_LOGS = ("access", "pxl-server")
# A write that began before the file was renamed ends within this.
_SETTLE_S = 0.5


def rotate_logs(operator: Operator, *, keep_days: float | None) -> Report:
    """Archive both logs and performance.json, and remove archives older than ``keep_days``."""
    log_dir, now = operator.settings.log_dir.absolute(), datetime.now(UTC)
    if not log_dir.is_dir():
        raise OperationFailed(f"PXL_LOG_DIR: there is no folder {log_dir}; run this command where the service writes its logs")
    try:
        done = rotate(log_dir, now.date())
    except OSError as error:
        failed = Check("archived", Status.CRITICAL, False, advice=f"{error}; no line is lost, run it again")
        return Report("rotate-logs", str(log_dir), (Section("Logs", (failed,)),), summary=f"not archived: {error}")
    keep = operator.settings.keep_days if keep_days is None else keep_days
    removed = prune(log_dir, keep_days=keep, now=now)
    checks = tuple(Check(path.name.partition("_")[0], Status.FINE, str(path), threshold=f"{path.stat().st_size} bytes") for path in done)
    notes = ([] if done else ["there was nothing to archive"]) + (
        [f"removed, older than {keep:g} days: {', '.join(removed)}"] if removed else []
    )
    data = {"archived": [str(path) for path in done], "removed": removed}
    return Report("rotate-logs", str(log_dir), (Section("Logs", checks, tuple(notes), data),))


def rotate(log_dir: Path, day: date) -> list[Path]:
    """Archive both logs and performance.json under this day. Returns the archives. Raises OperationFailed, OSError; no line is lost."""
    (log_dir / FOLDER).mkdir(exist_ok=True)
    with alone_in(log_dir / FOLDER, "rotation"):
        left = [path for stem in _LOGS for path in sorted(log_dir.glob(f"{stem}_*.log"))]
        for path in left:
            _put_empty(log_dir / f"{path.name.partition('_')[0]}.log", path)
        renamed = [_rename(log_dir, stem, day) for stem in _LOGS if _size(log_dir / f"{stem}.log")]
        if renamed:
            time.sleep(_SETTLE_S)
        return [_compress(path) for path in [*left, *renamed]] + _copy_performance(log_dir, day)


def _rename(log_dir: Path, stem: str, day: date) -> Path:
    log, renamed = log_dir / f"{stem}.log", log_dir / f"{_free_name(log_dir, stem, day, '.log.gz')}.log"
    log.rename(renamed)
    _put_empty(log, renamed)
    return renamed


def _put_empty(log: Path, renamed: Path) -> None:
    """An empty log with the mode and the owner of the renamed one, unless the service was quicker."""
    with suppress(FileExistsError):
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            take_place_of(descriptor, renamed)
        finally:
            os.close(descriptor)


def _free_name(log_dir: Path, stem: str, day: date, suffix: str) -> str:
    """A name without suffix that no archive has, and no renamed log."""
    number, name = 1, f"{stem}_{day:%Y%m%d}"
    while (log_dir / FOLDER / f"{name}{suffix}").exists() or (log_dir / f"{name}.log").exists():
        number += 1
        name = f"{stem}_{day:%Y%m%d}_{number}"
    return name


def _compress(log: Path) -> Path:
    """Compress a renamed log into the archive, again if lines came late, and remove it. An archive that a crash left is replaced."""
    target = log.parent / FOLDER / f"{log.name}.gz"
    temporary = target.with_name(f".{target.name}.new")
    archived_bytes = -1
    try:
        while archived_bytes != _size(log):
            temporary.unlink(missing_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(descriptor, "wb") as out, log.open("rb") as source:  # noqa: PTH123 - private from the start
                take_place_of(descriptor, log)
                with gzip.GzipFile(filename="", mode="wb", fileobj=out) as packed:
                    shutil.copyfileobj(source, packed, 1 << 20)
                archived_bytes = source.tell()
                out.flush()
                os.fsync(descriptor)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    temporary.rename(target)
    sync_folder(target.parent)
    log.unlink()
    return target


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _copy_performance(log_dir: Path, day: date) -> list[Path]:
    """Copy performance.json, which the service writes anew by itself. None when it is missing or has no figures."""
    try:
        data = (log_dir / "performance.json").read_bytes()
        if not json.loads(data).get("endpoints"):
            return []
    except (FileNotFoundError, ValueError, AttributeError):
        return []
    target = log_dir / FOLDER / f"{_free_name(log_dir, 'performance', day, '.json')}.json"
    replace_file(target, data)
    return [target]


def prune(log_dir: Path, *, keep_days: float, now: datetime) -> list[str]:
    """Remove archives of days that ended more than ``keep_days`` ago, but never the newest of each kind. Returns their names."""
    removed = []
    for stem in (*_LOGS, "performance"):
        for one in archived(log_dir, stem)[:-KEEP_AT_LEAST]:
            if now - datetime(one.day.year, one.day.month, one.day.day, tzinfo=UTC) > timedelta(days=keep_days + 1):
                one.path.unlink(missing_ok=True)
                removed.append(one.path.name)
    return removed

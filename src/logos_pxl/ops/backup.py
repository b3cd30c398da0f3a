"""``pxl ops backup``: configuration, performance history and certificates in one archive, of which old ones are removed."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from logos_pxl.ops import archive
from logos_pxl.ops.alone import alone_in
from logos_pxl.ops.archive import ArchiveRefused, Places, digest_file, fault_of, read_manifest, write_archive
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator

NAME = "logos-pxl-config"
KEEP_AT_LEAST = 7
"""The newest archives that are kept whatever their age, so that a wrong clock cannot remove all of them."""

_EXPECTED = {
    "compose": (".env", "configs", "docker-compose.prod.yml", "logs/performance.json"),
    "kubernetes": ("configs", "kubernetes"),
}
_EXPECTED_ELSEWHERE = (".env", "configs", "logs/performance.json")
_TEMPORARY = (".new", ".writing", ".restoring")


@dataclass(slots=True)
class Found:
    """The files and folders for an archive, by their names in it; what was ``absent``, and what was ``skipped`` and why."""

    files: dict[str, Path] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def collect(places: Places, *, history: bool = True) -> Found:
    """All that a backup holds and that exists; without ``history``, the configuration alone. Raises OSError."""
    found = Found()
    for folder in (*archive.CONFIGURATION_FOLDERS, *(archive.HISTORY_FOLDERS if history else ())):
        path = places.path_of(folder)
        if path.is_dir():
            _collect_folder(found, folder, path)
        else:
            found.absent.append(folder)
    for pattern in archive.SINGLE_FILES if history else archive.SINGLE_FILES[:2]:
        # ``*`` is in the name of compose files only, and these are in the project's folder.
        paths = sorted(places.project.glob(pattern)) if "*" in pattern else [places.path_of(pattern)]
        existing = {pattern if "*" not in pattern else path.name: path for path in paths if path.is_file()}
        found.files |= existing
        found.absent += [] if existing else [pattern.replace("*", ".prod")]
    return found


def _collect_folder(found: Found, name: str, root: Path) -> None:
    found.files[name] = root
    for path in sorted(root.rglob("*")):
        member = f"{name}/{path.relative_to(root).as_posix()}"
        if path.is_dir() and not path.is_symlink():
            found.files[member] = path
        elif path.name.startswith(".") and path.name.endswith(_TEMPORARY):
            continue
        elif fault := fault_of(member):
            found.skipped.append(f"{member!r}: {fault}")
        # A service account must not make root copy the files of others into an archive.
        elif not path.is_file() or not path.resolve().is_relative_to(root.resolve()):
            found.skipped.append(f"{member}: not a plain file, or a link that leaves {name}")
        else:
            found.files[member] = path


def back_up(operator: Operator, *, folder: Path | None, keep_days: float | None) -> Report:
    """Write an archive, read it back, and remove old ones. Expected files that are absent make the report a warning."""
    folder = (folder or operator.settings.backup_dir).absolute()
    kernel_hash, unknown = _kernel_hash(operator)
    found = collect(Places.of(operator.settings))
    if not any(path.is_file() for path in found.files.values()):
        raise OperationFailed(f"{Path.cwd()} has nothing to back up: run this command in the folder of the service")
    folder.mkdir(parents=True, exist_ok=True)
    with alone_in(folder, "backup"):
        try:
            path = free_path(folder, NAME)
            written = write_archive(path, found.files, kernel_hash=kernel_hash, absent=found.absent)
        except OperationFailed as error:
            return refused("backup", str(folder), error)
        keep = operator.settings.keep_days if keep_days is None else keep_days
        removed, unreadable = prune(folder, NAME, keep_days=keep, now=datetime.now(UTC))
    expected = _EXPECTED.get(operator.target.name, _EXPECTED_ELSEWHERE)
    missing = [name for name in expected if name in found.absent]
    others = [name for name in found.absent if name not in missing]
    checks = (
        Check("written and read back", Status.FINE, path.name),
        _none("expected files that were absent", missing, "they are not in the archive: check PXL_ENV_FILE, PXL_CONFIG_DIR, PXL_LOG_DIR"),
        _none("files skipped", found.skipped, "they are not in the archive"),
        _none("archives that cannot be read", unreadable, "they are not removed: look at them, and remove them by hand"),
    )
    notes = (
        f"{len(written.manifest.files)} files; SHA-256 of the archive: {written.sha256} (sha256sum --check {digest_file(path).name})",
        f"absent, and not expected with the target {operator.target.name}: {', '.join(others)}" if others else "",
        f"removed while it was written: {', '.join(written.gone)}" if written.gone else "",
        f"removed, older than {keep:g} days: {', '.join(removed)}" if removed else "",
        unknown,
    )
    data = {"path": str(path), "sha256": written.sha256, "kernel_hash": kernel_hash, "absent": found.absent, "removed": removed}
    section = Section("Backup", checks, tuple(note for note in notes if note), data)
    return Report("backup", str(folder), (section,), f"{path.name}: {path.stat().st_size} bytes")


def _kernel_hash(operator: Operator) -> tuple[str | None, str]:
    try:
        return str(operator.service.health()["kernel_hash"]), ""
    except (OperationFailed, KeyError) as error:
        return None, f"the kernel hash is not in the archive: {error}"


def _none(name: str, found: list[str], advice: str) -> Check:
    shown = ", ".join(found[:10]) + (f" and {len(found) - 10} more" if len(found) > 10 else "")  # noqa: PLR2004 - enough to see the kind
    return Check(name, Status.ATTENTION if found else Status.FINE, len(found), threshold="0", advice=f"{shown}: {advice}" if found else "")


def free_path(folder: Path, stem: str) -> Path:
    """The manual's name with the time (UTC) of now, or of the next second that has no archive."""
    moment = datetime.now(UTC)
    while (path := folder / f"{stem}_{moment:%Y%m%d_%H%M%S}.tar.gz").exists():
        moment += timedelta(seconds=1)
    return path


def archives(folder: Path, stem: str) -> Iterator[tuple[datetime | None, Path]]:
    """The archives of a folder, the newest first by the time in their manifests. Those that cannot be read come last, without a time."""
    found: list[tuple[datetime | None, Path]] = []
    for path in sorted(folder.glob(f"{stem}_*.tar.gz")):
        try:
            found.append((read_manifest(path).created, path))
        except (ArchiveRefused, OSError):
            found.append((None, path))
    yield from sorted(found, key=lambda one: (one[0] or datetime.min.replace(tzinfo=UTC), one[1].name), reverse=True)


def prune(folder: Path, stem: str, *, keep_days: float, now: datetime) -> tuple[list[str], list[str]]:
    """Remove archives older than ``keep_days``, but never the newest ``KEEP_AT_LEAST``. Returns names: removed, and unreadable."""
    removed, unreadable = [], []
    for number, (made, path) in enumerate(archives(folder, stem)):
        if made is None:
            unreadable.append(path.name)
        elif number >= KEEP_AT_LEAST and now - made > timedelta(days=keep_days):
            path.unlink(missing_ok=True)
            digest_file(path).unlink(missing_ok=True)
            removed.append(path.name)
    return removed, unreadable


def refused(command: str, about: str, error: OperationFailed) -> Report:
    """A backup that was not made and a restore that was refused are critical: cron must report them."""
    section = Section("", (Check("done", Status.CRITICAL, False, advice=str(error)),))
    return Report(command, about, (section,), summary=str(error))


def owner_of(path: Path) -> tuple[int, int]:
    """The owner and the group of a file or a folder."""
    status = os.stat(path)  # noqa: PTH116 - one call for both
    return status.st_uid, status.st_gid

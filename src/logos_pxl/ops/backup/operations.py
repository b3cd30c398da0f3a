"""``pxl ops backup`` and ``pxl ops restore``, as reports."""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import typer

from logos_pxl.ops.backup.collecting import collect
from logos_pxl.ops.backup.manifest import ArchiveRefused, Manifest
from logos_pxl.ops.backup.naming import archives, outdated
from logos_pxl.ops.backup.places import Part, Places, root_of
from logos_pxl.ops.backup.reading import Archive
from logos_pxl.ops.backup.restoring import finish, restore, undo
from logos_pxl.ops.backup.writing import Written, write_archive
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.lenient_settings import lenient_settings
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.settings import Settings

_SHOWN_NAMES = 20


def back_up(operator: Operator, *, folder: Path | None, parts: Collection[Part], keep_days: float | None) -> Report:
    """Write an archive, read it back, and remove those that are too old."""
    folder = folder or operator.settings.backup_dir
    kernel_hash, unknown = _kernel_hash(operator)
    found = collect(Places.of(operator.settings), parts)
    try:
        written = write_archive(folder, found, kernel_hash=kernel_hash)
    except OperationFailed as error:
        return _refused("backup", str(folder), error)
    checks = (
        Check("written and read back", Status.FINE, str(written.path)),
        Check(
            "everything is in it",
            Status.ATTENTION if found.skipped else Status.FINE,
            not found.skipped,
            advice=_listed(found.skipped, "not in it: "),
        ),
    )
    removed = _prune(folder, written, operator.settings.keep_days if keep_days is None else keep_days)
    notes = [*_contents(written.manifest), unknown, _listed(written.gone, "went away meanwhile: "), _listed(removed, "removed, too old: ")]
    data = {"path": str(written.path), "bytes": written.bytes, "kernel_hash": kernel_hash, "removed": removed, "skipped": found.skipped}
    section = Section("Backup", checks, tuple(note for note in notes if note), data)
    return Report("backup", str(folder), (section,), summary=f"{written.path.name}: {written.bytes} bytes")


def bring_back(operator: Operator, archive: Path, *, target: Path | None, parts: Collection[Part]) -> Report:
    """Restore an archive, here or (with a ``target``) in another folder."""
    places = _places(operator, target)
    try:
        archive = _chosen(archive)
        restored = restore(archive, places, parts)
    except OperationFailed as error:
        return _refused("restore", str(places.project), error)
    checks = (
        Check("archive intact", Status.FINE, str(archive)),
        Check("files put in place", Status.FINE, restored.files, advice=f"undo it: pxl ops restore --undo{_again(target)}"),
        Check("files that were the same", Status.FINE, restored.same),
    )
    notes = [
        f"made {restored.manifest.created} by version {restored.manifest.version}, kernel {restored.manifest.kernel_hash or 'not known'}",
        f"finished first: {restored.finished}" if restored.finished else "",
        _listed(restored.left, "not in the archive, left as they are: "),
        f"for the service to use it: {operator.target.restart_command}" if target is None else "",
    ]
    data = {"manifest_created": restored.manifest.created, "kernel_hash": restored.manifest.kernel_hash, "left": list(restored.left)}
    section = Section("Restore", checks, tuple(note for note in notes if note), data)
    return Report("restore", str(places.project), (section,), summary=f"{restored.files} files restored")


def check_archive(_: Operator, archive: Path) -> Report:
    """Read an archive to its last byte; nothing is restored."""
    try:
        archive = _chosen(archive)
        with Archive.open(archive) as opened:
            opened.verify()
            manifest = opened.manifest
    except OperationFailed as error:
        return _refused("restore --check", str(archive), error)
    section = Section("Archive", (Check("intact", Status.FINE, True),), tuple(_contents(manifest)), {"manifest": manifest.model_dump()})
    return Report("restore --check", str(archive), (section,))


def take_back(operator: Operator, *, target: Path | None) -> Report:
    """Undo the last restore."""
    places = _places(operator, target)
    undone = undo(places)
    notes = (f"{undone.about}: done", f"for the service to use it: {operator.target.restart_command}")
    section = Section("Undo", (Check("places put back", Status.FINE, len(undone.steps)),), notes)
    return Report("restore --undo", str(places.project), (section,))


def finish_restore(operator: Operator, *, target: Path | None) -> Report:
    """Carry out a restore that a crash cut off."""
    places = _places(operator, target)
    done = finish(places)
    section = Section("Finish", (Check("cut off before", Status.FINE, done is not None),), (f"{done.about}: done",) if done else ())
    return Report("restore --finish", str(places.project), (section,))


def _places(operator: Operator, target: Path | None) -> Places:
    return Places.below(target) if target is not None else Places.of(operator.settings)


def _again(target: Path | None) -> str:
    return f" --target {target}" if target is not None else ""


def _kernel_hash(operator: Operator) -> tuple[str | None, str]:
    """The service's, or why it is not known."""
    try:
        return str(operator.service.health()["kernel_hash"]), ""
    except (OperationFailed, KeyError) as error:
        return None, f"the kernel's hash is not in it: {error}"


def _prune(folder: Path, written: Written, keep_days: float) -> list[str]:
    removed = []
    for path in outdated(folder, newest_good=written.path, keep_days=keep_days, now=datetime.now(UTC)):
        path.unlink(missing_ok=True)
        removed.append(path.name)
    return removed


def _chosen(archive: Path) -> Path:
    """The archive, or the newest one of a folder that is intact. Raises OperationFailed."""
    if not archive.is_dir():
        return archive
    refused = []
    for _, path in archives(archive):
        try:
            with Archive.open(path) as opened:
                opened.verify()
        except ArchiveRefused as error:
            refused.append(f"; {error}")
        else:
            return path
    raise OperationFailed(f"{archive} has no intact backup{''.join(refused)}")


def settings_for_restoring() -> Settings:
    """The settings, also when the configuration is broken, which may be why somebody restores."""
    settings, wrong = lenient_settings()
    if wrong:
        typer.echo(f"pxl: the configuration cannot be read, and is taken as far as it can be: {wrong}", err=True)
    return settings


def _contents(manifest: Manifest) -> list[str]:
    lines = []
    for part in Part:
        entries = [entry for entry in manifest.files if (root := root_of(entry.name)) and root.part is part]
        if entries:
            lines.append(f"{part.value}: {len(entries)} files, {sum(entry.bytes for entry in entries)} bytes")
    return lines


def _listed(names: Collection[str], before: str) -> str:
    shown = [*names][:_SHOWN_NAMES]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"{before}{', '.join(shown)}{more}" if shown else ""


def _refused(command: str, about: str, error: OperationFailed) -> Report:
    """A backup that was not made and a restore that was refused are critical, not unknown: cron must say so."""
    section = Section("", (Check("done", Status.CRITICAL, False, advice=str(error)),))
    return Report(command, about, (section,), summary=str(error))

"""``pxl ops restore``: put the files of an archive back.

Invariant: nothing is touched before the whole archive was verified, every file to replace was written beside its place, and a safety copy
of the present files was made. Then each file is replaced by a rename, so that a crash leaves each file whole, old or new.
"""

import grp
import hashlib
import os
import pwd
import shutil
import tarfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import typer

from logos_pxl.durable import sync_folder
from logos_pxl.ops.alone import alone_in
from logos_pxl.ops.archive import (
    CONFIGURATION_FOLDERS,
    HISTORY_FOLDERS,
    ArchiveRefused,
    FileEntry,
    Manifest,
    Places,
    members,
    reading,
    root_of,
    verified,
    write_archive,
)
from logos_pxl.ops.backup import NAME, archives, collect, free_path, owner_of, prune, refused
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.lenient_settings import lenient_settings
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.settings import Settings

SAFETY = "before-restore"
Owner = tuple[int, int]


@dataclass(slots=True)
class Restored:
    """The result of a restore. ``adopted`` are files that were given to the service's user, because it could not have read them."""

    manifest: Manifest
    service: Owner
    safety: Path | None = None
    replaced: list[str] = field(default_factory=list)
    same: int = 0
    removed: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def restore(path: Path, places: Places, *, safety_folder: Path) -> Restored:
    """Put all files of the archive in their places. Raises ArchiveRefused (nothing was touched), OperationFailed."""
    manifest = verified(path)
    places.project.mkdir(parents=True, exist_ok=True)
    restored = Restored(manifest, _service_account(places))
    staged: dict[str, tuple[Path, Path]] = {}
    with alone_in(places.project, "restore"):
        try:
            _stage(path, places, restored, staged)
            extra = _safety_copy(places, restored, staged, safety_folder)
            _swap(places, restored, staged, extra)
        except OSError as error:
            done = f"{len(restored.replaced)} of {len(staged)} files were replaced; each file is whole, old or new; "
            undo = f"put the old ones back: pxl ops restore {restored.safety}" if restored.replaced else "nothing was changed"
            raise OperationFailed(f"{path} could not be restored: {error}; {done}{undo}") from error
        finally:
            for temporary, _ in staged.values():
                temporary.unlink(missing_ok=True)
    return restored


def _stage(path: Path, places: Places, restored: Restored, staged: dict[str, tuple[Path, Path]]) -> None:
    """Write each file that differs beside its place, with its mode and owner."""
    needed, free = sum(entry.bytes for entry in restored.manifest.files.values()), shutil.disk_usage(places.project).free
    if needed > free:
        raise OperationFailed(f"{path} needs {needed} bytes, and {places.project} has {free}: nothing was changed")
    with reading(path) as tar:
        for member, content in members(tar, folder=lambda member: _make_folder(places, member, restored.service)):
            place = _place(places, member.name)
            owner = _owner(member, restored)
            if _same(place, restored.manifest.files[member.name], member.mode, owner):
                restored.same += 1
                continue
            _folder(place.parent, restored.service)
            temporary = place.with_name(f".{place.name}.restoring")
            staged[member.name] = temporary, place
            _write(temporary, content, member, owner, restored.manifest.files[member.name])


def _place(places: Places, name: str) -> Path:
    """Where a file goes. A linked environment file stays a link. Raises ArchiveRefused when a link would lead out of the folder."""
    path = places.path_of(name)
    if name == ".env":
        path = path.resolve()
    root = root_of(name) or ""
    folder = places.path_of(root) if root in (*CONFIGURATION_FOLDERS, *HISTORY_FOLDERS) else path.parent
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise ArchiveRefused(f"{path.parent} is a link that leaves {folder}: nothing was changed")
    if path.is_dir():
        raise ArchiveRefused(f"{path} is a folder, and a file in the archive: move it away; nothing was changed")
    return path


def _write(path: Path, content: BinaryIO, member: tarfile.TarInfo, owner: Owner, entry: FileEntry) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w+b") as file:  # noqa: PTH123 - private from the start
        shutil.copyfileobj(content, file, 1 << 20)
        file.flush()
        if os.geteuid() == 0:
            os.fchown(file.fileno(), *owner)
        os.fchmod(file.fileno(), member.mode & 0o777)
        os.fsync(file.fileno())
        file.seek(0)
        if hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256:
            raise ArchiveRefused(f"the archive changed while it was read, at {member.name}: nothing was changed")
    os.utime(path, (member.mtime, member.mtime))


def _same(place: Path, entry: FileEntry, mode: int, owner: Owner) -> bool:
    if not place.is_file() or place.is_symlink() or place.stat().st_size != entry.bytes:
        return False
    status = place.stat()
    right = status.st_mode & 0o777 == mode & 0o777 and (os.geteuid() != 0 or owner_of(place) == owner)
    with place.open("rb") as file:
        return right and hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256


def _safety_copy(places: Places, restored: Restored, staged: dict[str, tuple[Path, Path]], folder: Path) -> list[str]:
    """Back up the present configuration, and all else that will be replaced. Returns the files to remove from configuration folders."""
    present = collect(places, history=False).files
    present |= {name: place for name, (_, place) in staged.items() if place.is_file()}
    archived = restored.manifest.files
    held = {root_of(name) for name in archived}
    extra = [name for name, path in present.items() if path.is_file() and name not in archived and root_of(name) in held]
    extra = [name for name in extra if root_of(name) in CONFIGURATION_FOLDERS]
    if (staged or extra) and any(path.is_file() for path in present.values()):
        restored.safety = free_path(folder, SAFETY)
        write_archive(restored.safety, present)
    return extra


def _swap(places: Places, restored: Restored, staged: dict[str, tuple[Path, Path]], extra: list[str]) -> None:
    for name, (temporary, place) in staged.items():
        temporary.replace(place)
        restored.replaced.append(name)
    for name in extra:
        places.path_of(name).unlink(missing_ok=True)
        restored.removed.append(name)
    for folder in {place.parent for _, place in staged.values()}:
        sync_folder(folder)


def _service_account(places: Places) -> Owner:
    """The account that the service runs as: the owner of the folders that it writes to."""
    return next(owner_of(path) for path in (places.log_dir, places.data_dir, places.project) if path.exists())


def _owner(member: tarfile.TarInfo, restored: Restored) -> Owner:
    """The owner of the archived file, by name if this machine knows it; the service's user if that could not read the file then."""
    uid, gid = member.uid, member.gid
    with suppress(KeyError):
        uid = pwd.getpwnam(member.uname).pw_uid
    with suppress(KeyError):
        gid = grp.getgrnam(member.gname).gr_gid
    owner = (uid, gid) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    if _readable(member.mode, owner, restored.service):
        return owner
    (restored.adopted if os.geteuid() == 0 else restored.unreadable).append(member.name)
    return restored.service


def _readable(mode: int, owner: Owner, reader: Owner) -> bool:
    bit = 0o400 if owner[0] == reader[0] else 0o040 if owner[1] == reader[1] else 0o004
    return reader[0] == 0 or bool(mode & bit)


def _make_folder(places: Places, member: tarfile.TarInfo, service: Owner) -> None:
    _folder(_place(places, f"{member.name}/x").parent, service, member.mode & 0o777)


def _folder(path: Path, service: Owner, mode: int = 0o755) -> None:
    if not path.is_dir():
        _folder(path.parent, service)
        path.mkdir()
        path.chmod(mode)
        if os.geteuid() == 0:
            os.chown(path, *service)


def bring_back(operator: Operator, archive: Path, *, target: Path | None = None) -> Report:
    """Restore an archive (of a folder, the newest intact one), here or below ``target``."""
    places = Places.below(target) if target else Places.of(operator.settings)
    folder = (target / "backups" if target else operator.settings.backup_dir).absolute()
    try:
        archive = chosen(archive)
        restored = restore(archive, places, safety_folder=folder)
    except OperationFailed as error:
        return refused("restore", str(places.project), error)
    prune(folder, SAFETY, keep_days=operator.settings.keep_days, now=datetime.now(UTC))
    undo = f"undo: pxl ops restore {restored.safety}" if restored.safety else ""
    checks = (
        Check("archive intact", Status.FINE, str(archive)),
        Check("files replaced", Status.FINE, len(restored.replaced), advice=undo),
        Check("files that were the same", Status.FINE, restored.same),
        Check(
            f"readable by the service's user ({restored.service[0]})",
            Status.ATTENTION if restored.unreadable else Status.FINE,
            not restored.unreadable,
            advice=f"chown {restored.service[0]} {', '.join(restored.unreadable)}" if restored.unreadable else "",
        ),
    )
    manifest = restored.manifest
    notes = (
        f"made {manifest.created:%Y-%m-%d %H:%M:%S} by version {manifest.version}, kernel {manifest.kernel_hash or 'not known'}",
        f"absent when it was made: {', '.join(manifest.absent)}" if manifest.absent else "",
        f"removed, for the archive does not have them: {', '.join(restored.removed)}" if restored.removed else "",
        f"given to the service's user, who could not have read them: {', '.join(restored.adopted)}" if restored.adopted else "",
        "" if target else f"for the service to use it: {operator.target.restart_command}",
    )
    data = {"archive": str(archive), "safety": str(restored.safety or ""), "replaced": restored.replaced, "removed": restored.removed}
    section = Section("Restore", checks, tuple(note for note in notes if note), data)
    return Report("restore", str(places.project), (section,), f"{len(restored.replaced)} files restored")


def check_archive(_: Operator, archive: Path) -> Report:
    """Read an archive to its last byte; nothing is restored."""
    try:
        archive = chosen(archive)
        manifest = verified(archive)
    except OperationFailed as error:
        return refused("restore --check", str(archive), error)
    absent = Check("expected files that were absent", Status.FINE, ", ".join(manifest.absent) or "none")
    section = Section("Archive", (Check("intact", Status.FINE, True), absent), (), {"manifest": manifest.model_dump(mode="json")})
    return Report("restore --check", str(archive), (section,), f"{len(manifest.files)} files, made {manifest.created:%Y-%m-%d %H:%M:%S}")


def undo(operator: Operator, *, target: Path | None = None) -> Report:
    """Restore the newest safety copy."""
    folder = (target / "backups" if target else operator.settings.backup_dir).absolute()
    made, path = next(archives(folder, SAFETY), (None, folder))
    if made is None:
        raise OperationFailed(f"{folder} has no {SAFETY}_*.tar.gz: nothing was restored, or its safety copy is gone")
    return bring_back(operator, path, target=target)


def chosen(archive: Path) -> Path:
    """The archive itself, or the newest of a folder that is intact, by the time in its manifest. Raises OperationFailed."""
    if not archive.is_dir():
        return archive
    faults = []
    for _, path in archives(archive, NAME):
        try:
            verified(path)
        except ArchiveRefused as error:
            faults.append(f"; {error}")
        else:
            return path
    raise OperationFailed(f"{archive.absolute()} has no intact backup{''.join(faults)}")


def settings_for_restoring() -> Settings:
    """The settings, also when the configuration is broken, which may be the reason for the restore."""
    settings, wrong = lenient_settings()
    if wrong:
        typer.echo(f"pxl: the configuration cannot be read, and is taken as far as it can be: {wrong}", err=True)
    return settings

"""An archive's files prepared beside their places.

Invariant: what was staged is on the disk, whole, with mode, time and owner; the steps that come out move it and nothing else. A failure
leaves nothing staged, and no place was touched.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from logos_pxl.durable import sync_folder
from logos_pxl.ops.backup.manifest import FileEntry, FolderEntry, Manifest
from logos_pxl.ops.backup.places import Part, Places, Root, root_of
from logos_pxl.ops.backup.reading import PIECE_BYTES, Archive, Content
from logos_pxl.ops.backup.swapping import Folder, Journal, Step, work_folder
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.sources import RESTORE_FOLDER

_FOLDER_MODE = 0o750


@dataclass(slots=True)
class Staged:
    """What one archive becomes in its places: the journal, how many ``files`` it changes and how many are ``same`` as they stand there."""

    identity: str
    about: str
    bases: set[Path] = field(default_factory=set)
    folders: list[Folder] = field(default_factory=list)
    steps: dict[str, Step] = field(default_factory=dict)
    files: int = 0
    same: int = 0

    def journal(self) -> Journal:
        """For ``Swaps.commit``."""
        bases = sorted(str(base) for base in self.bases)
        return Journal(id=self.identity, about=self.about, bases=bases, folders=self.folders, steps=list(self.steps.values()))

    def discard(self) -> None:
        """Remove what was prepared."""
        for base in self.bases:
            shutil.rmtree(base / RESTORE_FOLDER / self.identity, ignore_errors=True)


def stage(archive: Archive, places: Places, parts: Collection[Part], identity: str) -> Staged:
    """Prepare the archive's files of these parts. Raises ArchiveRefused, OperationFailed."""
    staged = Staged(identity, f"the restore of {archive.path.name}")
    try:
        _require_room(archive.manifest, places, parts)
        for folder in archive.manifest.folders:
            _stage_folder(staged, places, parts, folder)
        for entry, content in archive.files():
            root = _root(entry.name)
            if root.part in parts and not (not root.replaced and _is_there(places.path_of(entry.name), entry)):
                _stage_file(staged, places, root, entry, content)
            else:
                staged.same += root.part in parts
                _drain(content)
        _close_folders(staged, places, archive.manifest.folders)
        _require_movable(staged.steps.values())
    except OSError as error:
        staged.discard()
        raise OperationFailed(f"the restore could not be prepared: {error.strerror}: {error.filename}; nothing was changed") from error
    except BaseException:
        staged.discard()
        raise
    return staged


def _root(name: str) -> Root:
    root = root_of(name)
    if root is None:
        raise RuntimeError(f"{name} came through the manifest's checks")
    return root


def _work(staged: Staged, base: Path) -> Path:
    if base not in staged.bases:
        base.mkdir(parents=True, exist_ok=True)
        staged.bases.add(base)
    return work_folder(base, staged.identity)


def _staged_at(staged: Staged, places: Places, root: Root, name: str) -> Path:
    """Where the file or folder of this name is prepared; its step is noted: that of its whole root, when the root is replaced."""
    work = _work(staged, places.base_of(name))
    unit = root.name if root.folder and root.replaced else name
    if unit not in staged.steps:
        number = str(len(staged.steps))
        staged.steps[unit] = Step(new=str(work / "new" / number), place=str(places.path_of(unit)), old=str(work / "old" / number))
    new = Path(staged.steps[unit].new or "")
    return new / name[len(unit) + 1 :] if name != unit else new


def _stage_folder(staged: Staged, places: Places, parts: Collection[Part], folder: FolderEntry) -> None:
    root = _root(f"{folder.name}/x")
    if root.part not in parts:
        return
    if root.replaced:
        _staged_at(staged, places, root, folder.name).mkdir(mode=0o700)
    else:
        _work(staged, places.base_of(folder.name))
        staged.folders.append(Folder(path=str(places.path_of(folder.name)), mode=folder.mode))


def _stage_file(staged: Staged, places: Places, root: Root, entry: FileEntry, content: Content) -> None:
    path = _staged_at(staged, places, root, entry.name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        while piece := content.read(PIECE_BYTES):
            _write(descriptor, piece, path)
        _give(descriptor, places.path_of(entry.name), places.base_of(entry.name))
        os.fchmod(descriptor, entry.mode)
        os.utime(descriptor, ns=(entry.mtime_ns, entry.mtime_ns))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    staged.files += 1
    if not root.replaced:
        _require_parent(staged, places.path_of(entry.name).parent)


def _require_parent(staged: Staged, parent: Path) -> None:
    """An archive of ours lists every folder; whatever another one lists, its files must have one to go to."""
    if all(folder.path != str(parent) for folder in staged.folders):
        staged.folders.append(Folder(path=str(parent), mode=_FOLDER_MODE))


def _write(descriptor: int, piece: bytes, path: Path) -> None:
    left = memoryview(piece)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError as error:
        # A descriptor has no name in its errors.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _give(target: int | Path, place: Path, base: Path) -> None:
    """To the owner of what stands in the place, else to the folder's: a service that is not root must read what root restores."""
    if os.geteuid() == 0:
        owner = (place if place.exists() else base).stat()
        os.chown(target, owner.st_uid, owner.st_gid)


def _close_folders(staged: Staged, places: Places, folders: Iterable[FolderEntry]) -> None:
    """Modes and owners of prepared folders, from the innermost out, and their names on the disk."""
    for folder in sorted(folders, key=lambda folder: -folder.name.count("/")):
        root = _root(f"{folder.name}/x")
        if root.replaced and root.name in staged.steps:
            path = _staged_at(staged, places, root, folder.name)
            sync_folder(path)
            _give(path, places.path_of(folder.name), places.base_of(folder.name))
            path.chmod(folder.mode)
    for base in staged.bases:
        for folder_path in ("new", "old", "", ".."):
            sync_folder(base / RESTORE_FOLDER / staged.identity / folder_path)


def _is_there(place: Path, entry: FileEntry) -> bool:
    """Whether the file stands in its place with the same bytes."""
    try:
        if place.is_symlink() or place.stat().st_size != entry.bytes:
            return False
        with place.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256
    except OSError:
        return False


def _drain(content: Content) -> None:
    while content.read(PIECE_BYTES):
        pass


def _require_room(manifest: Manifest, places: Places, parts: Collection[Part]) -> None:
    wanted: dict[Path, int] = {}
    for entry in manifest.files:
        if _root(entry.name).part in parts:
            base = places.base_of(entry.name)
            wanted[base] = wanted.get(base, 0) + entry.bytes
    for base, needed in wanted.items():
        there = next(path for path in (base, *base.parents) if path.exists())
        status = os.statvfs(there)
        free = status.f_bavail * status.f_frsize
        if needed > free:
            raise OperationFailed(f"{there} has room for {free} bytes, and the restore needs {needed} there; nothing was changed")


def _require_movable(steps: Iterable[Step]) -> None:
    mounts = mount_points()
    for step in steps:
        place = Path(step.place)
        if str(place.resolve()) in mounts:
            raise OperationFailed(f"{place} is a mount of its own, which cannot be swapped: restore into the volume that is mounted there")
        # The place's folder may still have to be made: then in the nearest one that is there.
        above = next(path for path in place.parents if os.path.lexists(path))
        if not above.is_dir():
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(above))
        if above.stat().st_dev != Path(step.old).parent.stat().st_dev:
            raise OSError(errno.EXDEV, "it is on another file system than its base folder", str(above))
        if not os.access(above, os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(above))


def mount_points() -> frozenset[str]:
    """Where file systems are mounted, bind mounts included; none where the system does not tell."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return frozenset()
    return frozenset(line.split()[4].encode("utf-8", "surrogateescape").decode("unicode_escape") for line in lines)

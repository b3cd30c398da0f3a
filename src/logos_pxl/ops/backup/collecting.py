"""The files that a backup will hold.

Invariant: only plain files are found. Within a folder a link is followed when it leads to a plain file of the same folder, as those of
mounted configurations do; everything else is skipped, and told.
"""

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from logos_pxl.ops.backup.manifest import FolderEntry
from logos_pxl.ops.backup.places import ROOTS, Part, Places, wrong_with
from logos_pxl.ops.backup.tape import MAX_FILE_BYTES


@dataclass(slots=True)
class Found:
    """``files`` by name, ``folders``, and a sentence for each thing that was skipped."""

    files: dict[str, Path] = field(default_factory=dict)
    folders: list[FolderEntry] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def collect(places: Places, parts: Collection[Part]) -> Found:
    """What is there of these parts. Raises OSError when a folder cannot be listed."""
    found = Found()
    for root in ROOTS:
        if root.part in parts:
            for name, path in places.found(root):
                if root.folder:
                    _folder(found, name, path)
                else:
                    # Wherever it leads: who links his environment file to another place means that one.
                    _file(found, name, path, within=path.resolve().parent)
    found.folders.sort(key=lambda folder: folder.name)
    return found


def _folder(found: Found, name: str, path: Path) -> None:
    if not path.is_dir():
        found.skipped.append(f"{name} is no folder")
        return
    root = path.resolve()
    for at, folders, files in os.walk(root, onerror=_raise):
        here = Path(at)
        below = here.relative_to(root).as_posix()
        prefix = name if below == "." else f"{name}/{below}"
        if _allowed(found, f"{prefix}/x", prefix):
            found.folders.append(FolderEntry(name=prefix, mode=here.stat().st_mode & 0o777))
        for one in sorted(folders):
            if (here / one).is_symlink():
                found.skipped.append(f"{prefix}/{one} is a link to a folder")
        for one in sorted(files):
            _file(found, f"{prefix}/{one}", here / one, within=root)


def _file(found: Found, name: str, path: Path, *, within: Path) -> None:
    if not _allowed(found, name, name):
        return
    if path.is_symlink() and not path.resolve().is_relative_to(within.resolve()):
        found.skipped.append(f"{name} is a link that leaves its folder")
    elif not path.is_file():
        found.skipped.append(f"{name} is no plain file")
    elif path.stat().st_size > MAX_FILE_BYTES:
        found.skipped.append(f"{name} has more than {MAX_FILE_BYTES} bytes, which a tar (ustar) cannot say")
    elif not _temporary(path):
        found.files[name] = path


def _temporary(path: Path) -> bool:
    """Whether a writer of ours has it in hand: a file that is about to be renamed, or was left by a crash."""
    return path.name.startswith(".") and path.name.endswith((".writing", ".new", ".rotating"))


def _allowed(found: Found, name: str, shown: str) -> bool:
    wrong = wrong_with(name)
    if wrong:
        found.skipped.append(f"{shown!r}: {wrong}")
    return not wrong


def _raise(error: OSError) -> None:
    raise error

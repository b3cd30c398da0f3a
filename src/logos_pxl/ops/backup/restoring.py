"""Restoring an archive, undoing that, and finishing what a crash cut off."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from logos_pxl.ops.backup.manifest import Manifest
from logos_pxl.ops.backup.places import ROOTS, Part, Places, root_of
from logos_pxl.ops.backup.reading import Archive
from logos_pxl.ops.backup.staging import stage
from logos_pxl.ops.backup.swapping import Journal, Swaps, inverse, work_folder
from logos_pxl.ops.errors import OperationFailed


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: how many ``files`` were put in place, how many were the ``same`` already, and what it ``left`` alone, by name."""

    manifest: Manifest
    files: int
    same: int
    left: tuple[str, ...]
    finished: str | None


def restore(path: Path, places: Places, parts: Collection[Part]) -> Restored:
    """Put the archive's files of these parts in their places: all of them, or none. Raises ArchiveRefused, OperationFailed."""
    with Archive.open(path) as archive:
        archive.verify()
        with Swaps.of(places.project) as swaps:
            finished = swaps.finish()
            staged = stage(archive, places, parts, _identity())
            try:
                left = _left_alone(archive.manifest, places, parts)
                journal = staged.journal()
            except BaseException:
                staged.discard()
                raise
            swaps.commit(journal)
    return Restored(archive.manifest, staged.files, staged.same, left, finished.about if finished else None)


def undo(places: Places) -> Journal:
    """Put back what the last restore (or the last undoing) took away. Raises OperationFailed."""
    with Swaps.of(places.project) as swaps:
        swaps.finish()
        last = swaps.last
        if last is None:
            raise OperationFailed(f"nothing was restored in {places.project}, or what it replaced is gone: there is nothing to undo")
        identity = _identity()
        for base in last.bases:
            work_folder(Path(base), identity)
        journal = inverse(last, identity)
        swaps.commit(journal)
    return journal


def finish(places: Places) -> Journal | None:
    """Carry out a restore that was cut off; ``None`` when there is none. Raises OperationFailed."""
    with Swaps.of(places.project) as swaps:
        return swaps.finish()


def _left_alone(manifest: Manifest, places: Places, parts: Collection[Part]) -> tuple[str, ...]:
    """What stands here, is of these parts, and is not in the archive at all: a restore does not touch it."""
    held = {root_of(entry.name) for entry in manifest.files} | {root_of(f"{folder.name}/x") for folder in manifest.folders}
    roots = [root for root in ROOTS if root.part in parts and root.replaced and root not in held]
    return tuple(name for root in roots for name, _ in places.found(root))


def _identity() -> str:
    return f"swap-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}-{os.urandom(3).hex()}"

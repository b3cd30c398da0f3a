"""Files and folders changed for others, all or none: by a journal that is carried out to its end, now or after a crash.

Whoever swaps prepares everything beside its places, on the same file systems, and writes the journal. Before the journal is on the disk
nothing has changed; from then on everything will, for each step can be carried out again from wherever it was cut off. While the journal is
there, the service refuses to start or to reload in this folder (``logos_pxl.sources``), so that nobody works with half of it.

Invariant: what stood in a place before is kept until the next swap, and ``inverse`` of the last journal puts it back.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from logos_pxl.durable import sync_folder, write_whole
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.sources import RESTORE_FOLDER, RESTORE_JOURNAL

_LAST = "last.json"
_LOCK = "lock"
_UNDOING = "undoing "


class Step(BaseModel):
    """``new`` comes into the place, or nothing does; what stood there goes to ``old``. All three are on one file system."""

    model_config = ConfigDict(frozen=True)

    new: str | None
    place: str
    old: str


class Folder(BaseModel):
    """A folder that must be there before the steps, made with this mode when it is not."""

    model_config = ConfigDict(frozen=True)

    path: str
    mode: int


class Journal(BaseModel):
    """``about`` says what is swapped, for people; ``bases`` are the folders that hold what was prepared and what is kept."""

    model_config = ConfigDict(frozen=True)

    format: Literal["pxl-restore/1"] = "pxl-restore/1"
    id: str
    about: str
    bases: list[str]
    folders: list[Folder]
    steps: list[Step]


@dataclass(frozen=True, slots=True)
class Swaps:
    """The swaps of one folder, while nobody else swaps there."""

    folder: Path

    @classmethod
    @contextmanager
    def of(cls, project: Path) -> "Iterator[Swaps]":
        """Lock the folder, for as long as the block runs. Raises OperationFailed when another process has it."""
        project.mkdir(parents=True, exist_ok=True)
        folder = project / RESTORE_FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        with (folder / _LOCK).open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise OperationFailed(f"another restore is at work in {project}: wait for its end") from error
            yield cls(folder)

    @property
    def pending(self) -> Journal | None:
        """A swap that was cut off. Raises OperationFailed when it cannot be read."""
        return _read(self.folder / RESTORE_JOURNAL)

    @property
    def last(self) -> Journal | None:
        """The swap that can be undone. Raises OperationFailed."""
        return _read(self.folder / _LAST)

    def finish(self) -> Journal | None:
        """Carry out what was cut off, if anything was; what it was. Raises OperationFailed."""
        journal = self.pending
        if journal is not None:
            self._carry_out(journal)
        return journal

    def commit(self, journal: Journal) -> None:
        """Swap all. Raises OperationFailed: before anything changed, or with the way to go on."""
        beside = self.folder / f".{RESTORE_JOURNAL}.new"
        write_whole(beside, journal.model_dump_json(indent=1).encode())
        beside.rename(self.folder / RESTORE_JOURNAL)
        sync_folder(self.folder)
        self._carry_out(journal)

    def _carry_out(self, journal: Journal) -> None:
        try:
            for folder in journal.folders:
                _require_folder(folder)
            for step in journal.steps:
                _swap(step)
            for parent in sorted({Path(step.place).parent for step in journal.steps}):
                sync_folder(parent)
        except OSError as error:
            raise OperationFailed(
                f"{journal.about} was cut off in the middle: {error.strerror}: {error.filename}; "
                "mend that, then go on by: pxl ops restore --finish (the service refuses to start here until then)"
            ) from error
        (self.folder / RESTORE_JOURNAL).rename(self.folder / _LAST)
        sync_folder(self.folder)
        self.clean(journal.bases)

    def clean(self, bases: list[str]) -> None:
        """Remove what neither a swap that was cut off nor undoing the last one needs."""
        needed = {journal.id for journal in (self.pending, self.last) if journal is not None}
        for base in bases:
            for folder in (Path(base) / RESTORE_FOLDER).glob("swap-*"):
                if folder.name not in needed:
                    shutil.rmtree(folder)
                elif self.pending is None:
                    shutil.rmtree(folder / "new", ignore_errors=True)


def inverse(journal: Journal, identity: str) -> Journal:
    """What puts everything back as it was before ``journal``; it can be inverted again."""
    steps = []
    for number, step in enumerate(journal.steps):
        work = Path(step.old).parents[1].with_name(identity)
        kept = step.old if os.path.lexists(step.old) else None
        steps.append(Step(new=kept, place=step.place, old=str(work / "old" / str(number))))
    steps.reverse()
    about = journal.about.removeprefix(_UNDOING) if journal.about.startswith(_UNDOING) else f"{_UNDOING}{journal.about}"
    return Journal(id=identity, about=about, bases=journal.bases, folders=[], steps=steps)


def work_folder(base: Path, identity: str) -> Path:
    """Where a swap prepares what comes (``new``) and keeps what goes (``old``); made, for the owner only."""
    work = base / RESTORE_FOLDER / identity
    for folder in (work.parent, work, work / "new", work / "old"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return work


def _swap(step: Step) -> None:
    place, old = Path(step.place), Path(step.old)
    if step.new is None:
        if os.path.lexists(place) and not os.path.lexists(old):
            place.rename(old)
        return
    new = Path(step.new)
    if not os.path.lexists(new):
        # Carried out before the crash.
        return
    if os.path.lexists(place):
        # A running service may have written into the place between the crash and now; that goes beside what stood there.
        place.rename(_free(old))
    new.rename(place)


def _free(path: Path) -> Path:
    number = 0
    while os.path.lexists(path):
        number += 1
        path = path.with_name(f"{path.name.partition('+')[0]}+{number}")
    return path


def _require_folder(folder: Folder) -> None:
    path = Path(folder.path)
    if path.is_dir():
        return
    path.mkdir(mode=0o700, parents=True)
    if os.geteuid() == 0:
        above = path.parent.stat()
        os.chown(path, above.st_uid, above.st_gid)
    path.chmod(folder.mode)


def _read(path: Path) -> Journal | None:
    with contextlib.suppress(FileNotFoundError):
        try:
            return Journal.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise OperationFailed(
                f"{path} is no journal of a restore ({error.error_count()} faults): look at it, and move it away"
            ) from error
    return None

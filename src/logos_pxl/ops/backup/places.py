"""What a backup holds, under which names, and where that stands on this machine.

Invariant: a name in an archive is one of the names below, whatever the folders are called here; so nothing but configuration, history and
certificates can be put anywhere by a restore, and only below the folders that these have.
"""

import fnmatch
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from logos_pxl.ops.backup.tape import fits
from logos_pxl.settings import Settings


class Part(StrEnum):
    """What is backed up, and can be restored, on its own."""

    CONFIGURATION = "configuration"
    HISTORY = "history"
    CERTIFICATES = "certificates"


@dataclass(frozen=True, slots=True)
class Root:
    """A file, or a folder with all that it holds.

    ``replaced``: a restore makes the folder exactly what it was. What is not replaced is added to, for what came since the backup counts.
    """

    name: str
    part: Part
    folder: bool
    replaced: bool

    def holds(self, name: str) -> bool:
        """Whether a file of an archive belongs here."""
        if self.folder:
            return name.startswith(f"{self.name}/")
        return name.count("/") == self.name.count("/") and fnmatch.fnmatchcase(name, self.name)


ROOTS = (
    Root(".env", Part.CONFIGURATION, folder=False, replaced=True),
    Root("configs", Part.CONFIGURATION, folder=True, replaced=True),
    Root("docker-compose*.yml", Part.CONFIGURATION, folder=False, replaced=True),
    Root("kubernetes", Part.CONFIGURATION, folder=True, replaced=True),
    Root("monitoring", Part.CONFIGURATION, folder=True, replaced=True),
    Root("nginx", Part.CONFIGURATION, folder=True, replaced=True),
    Root("logs/performance.json", Part.HISTORY, folder=False, replaced=False),
    Root("logs/archive", Part.HISTORY, folder=True, replaced=False),
    Root("var/certificates", Part.CERTIFICATES, folder=True, replaced=False),
)


def root_of(name: str) -> Root | None:
    """The root that a file of an archive belongs to; ``None`` when a backup holds no such file."""
    return next((root for root in ROOTS if root.holds(name)), None)


def wrong_with(name: str) -> str:
    """Why a name may not stand in an archive; empty when it may."""
    pieces = name.split("/")
    faults = (
        (not name, "it is empty"),
        (name.startswith("/"), "it is absolute"),
        (".." in pieces, "it leaves the folder (..)"),
        ("" in pieces or "." in pieces, "it has an empty piece or a dot between its slashes"),
        (not name.isprintable() or "\\" in name, "it has a backslash, or a character that cannot be printed"),
        (root_of(name) is None, "a backup holds nothing there"),
        (not fits(name), "it is too long for a tar (ustar)"),
    )
    return next((fault for holds, fault in faults if holds), "")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the roots stand: ``project`` is the folder that the service is started in; the others may be anywhere."""

    project: Path
    env_file: Path
    config_dir: Path
    log_dir: Path
    data_dir: Path

    @classmethod
    def below(cls, folder: Path) -> Self:
        """Everything in one folder, under the names of the archive."""
        folder = absolute(folder)
        return cls(folder, folder / ".env", folder / "configs", folder / "logs", folder / "var")

    @classmethod
    def of(cls, settings: Settings, folder: Path = Path()) -> Self:
        """As the settings have it; relative ones are below ``folder``."""
        folder = absolute(folder)
        return cls(folder, folder / settings.env_file, folder / settings.config_dir, folder / settings.log_dir, folder / settings.data_dir)

    def path_of(self, name: str) -> Path:
        """Where a file or a folder of an archive stands here."""
        base, _, rest = name.partition("/")
        moved = {".env": self.env_file, "configs": self.config_dir, "logs": self.log_dir, "var": self.data_dir}
        return (moved.get(base, self.project / base) / rest) if rest else moved.get(base, self.project / base)

    def base_of(self, name: str) -> Path:
        """The folder beside whose contents a restore prepares this file: of the same file system as its place."""
        base = name.partition("/")[0]
        return {"logs": self.log_dir, "var": self.data_dir}.get(base, self.path_of(base).parent)

    def found(self, root: Root) -> Iterator[tuple[str, Path]]:
        """The name and the path of each file or folder that is such a root, and is there."""
        if "*" not in root.name:
            path = self.path_of(root.name)
            if os.path.lexists(path):
                yield root.name, path
            return
        for path in sorted(self.project.glob(root.name)):
            yield path.name, path


def absolute(path: Path) -> Path:
    """The path from the root of the file system, links not followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps dots

"""The list of what an archive holds, which stands at its head.

Invariant: a ``Manifest`` object names every file once, in rising order, only under names that a backup may hold, and no file is another
one's folder.
"""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from logos_pxl.ops.backup.places import wrong_with
from logos_pxl.ops.backup.tape import MAX_FILE_BYTES
from logos_pxl.ops.errors import OperationFailed

FORMAT: Literal["pxl-backup/1"] = "pxl-backup/1"
MAX_MANIFEST_BYTES = 64 << 20

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Mode = Annotated[int, Field(ge=0, le=0o777)]


class ArchiveRefused(OperationFailed):
    """An archive is damaged, or none of ours: nothing of it was used."""

    code = "archive-refused"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    mode: Mode


class FolderEntry(_Entry):
    """A folder below a root, the root included. ``mode`` holds the permission bits."""

    @field_validator("name")
    @classmethod
    def _allowed(cls, name: str) -> str:
        wrong = wrong_with(f"{name}/x")
        if wrong:
            raise ValueError(f"the folder {name!r} may not stand in a backup: {wrong}")
        return name


class FileEntry(_Entry):
    """One file. ``mtime_ns`` is its time of modification in nanoseconds since 1970."""

    bytes: Annotated[int, Field(ge=0, le=MAX_FILE_BYTES)]
    sha256: Sha256
    mtime_ns: Annotated[int, Field(ge=0, lt=1 << 63)]

    @field_validator("name")
    @classmethod
    def _allowed(cls, name: str) -> str:
        wrong = wrong_with(name)
        if wrong:
            raise ValueError(f"the file {name!r} may not stand in a backup: {wrong}")
        return name


class Manifest(BaseModel):
    """``created`` is ISO 8601 in UTC; ``kernel_hash`` is that of the compiled kernel, or ``None`` where there was none."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal["pxl-backup/1"]
    created: str
    version: str
    kernel_hash: Sha256 | None
    files: list[FileEntry]
    folders: list[FolderEntry]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for entries in (self.files, self.folders):
            for one, other in pairwise(entry.name for entry in entries):
                if one >= other:
                    raise ValueError(f"{other!r} comes twice, or not in its order")
        names = {entry.name for entry in self.files}
        for name in (*names, *(folder.name for folder in self.folders)):
            pieces = name.split("/")
            above = {"/".join(pieces[:count]) for count in range(1, len(pieces))}
            if above & names:
                raise ValueError(f"{name!r} stands below a file")
        if names & {folder.name for folder in self.folders}:
            raise ValueError("a name is a file's and a folder's")
        return self

    @classmethod
    def read(cls, data: bytes) -> Self:
        """From its bytes. Raises ArchiveRefused."""
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(piece) for piece in first["loc"])
            raise ArchiveRefused(f"its manifest is wrong{f' at {place}' if place else ''}: {first['msg']}") from error

    def as_bytes(self) -> bytes:
        """As it stands in the archive."""
        return self.model_dump_json(indent=1).encode() + b"\n"

    @property
    def total_bytes(self) -> int:
        """Of all files."""
        return sum(entry.bytes for entry in self.files)

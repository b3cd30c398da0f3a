"""Backup archives: a plain ``.tar.gz`` whose first member, ``MANIFEST.json``, has the SHA-256 of every other file.

Invariant: ``verified`` returns only for an archive that was read to its last byte and whose members are exactly the manifest's files: plain
files, each once, under names that a backup may hold, with the bytes that the manifest says.
"""

import fnmatch
import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, Self

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, ValidationError, field_validator

from logos_pxl.durable import sync_folder, write_whole
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.settings import Settings
from logos_pxl.version import __version__

_MANIFEST = "MANIFEST.json"
_MAX_MANIFEST_BYTES = 64 << 20
_PIECE_BYTES = 1 << 20
# A tar ends with zeros, up to a multiple of 10,240 bytes.
_MAX_PADDING_BYTES = 64 << 10

CONFIGURATION_FOLDERS = ("configs", "kubernetes", "monitoring", "nginx")
"""A restore makes these folders exactly what they were."""

HISTORY_FOLDERS = ("logs/archive", "var/certificates")
"""A restore adds to these."""

SINGLE_FILES = (".env", "docker-compose*.yml", "logs/performance.json")


class ArchiveRefused(OperationFailed):
    """An archive is damaged or unsafe; nothing of it was used."""

    code = "archive-refused"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the files of an archive are on this machine. ``project`` is the folder that the service is started in."""

    project: Path
    env_file: Path
    config_dir: Path
    log_dir: Path
    data_dir: Path

    @classmethod
    def below(cls, folder: Path) -> Self:
        """Everything in one folder, under the names of the archive."""
        folder = folder.absolute()
        return cls(folder, folder / ".env", folder / "configs", folder / "logs", folder / "var")

    @classmethod
    def of(cls, settings: Settings, folder: Path = Path()) -> Self:
        """The places that the settings name; relative ones are below ``folder``."""
        folder = folder.absolute()
        return cls(folder, folder / settings.env_file, folder / settings.config_dir, folder / settings.log_dir, folder / settings.data_dir)

    def path_of(self, name: str) -> Path:
        """The path of a name in the archive."""
        first, _, rest = name.partition("/")
        moved = {".env": self.env_file, "configs": self.config_dir, "logs": self.log_dir, "var": self.data_dir}
        base = moved.get(first, self.project / first)
        return base / rest if rest else base


def root_of(name: str) -> str | None:
    """The entry of the three tables above that covers this file; ``None`` when a backup holds no such file."""
    folder = next((folder for folder in (*CONFIGURATION_FOLDERS, *HISTORY_FOLDERS) if name.startswith(f"{folder}/")), None)
    return folder or next((file for file in SINGLE_FILES if fnmatch.fnmatchcase(name, file) and name.count("/") == file.count("/")), None)


def fault_of(name: str) -> str:
    """Why a name may not be in an archive; empty when it may."""
    pieces = name.split("/")
    if not name.isprintable() or "\\" in name or not all(pieces) or {".", ".."} & set(pieces):
        return "the name is unsafe: absolute, with .., or not printable"
    return "" if root_of(name) else "a backup holds no such file"


class FileEntry(BaseModel):
    """The length and the SHA-256 of one file."""

    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What an archive holds. ``kernel_hash`` is the running service's, if it answered; ``absent`` are names that were not there."""

    format: Literal["pxl-backup/1", "pxl-backup/2"] = "pxl-backup/2"
    created: AwareDatetime
    version: str
    kernel_hash: str | None
    absent: list[str] = []
    files: dict[str, FileEntry]

    @field_validator("files", mode="before")
    @classmethod
    def _by_name(cls, files: Any) -> Any:
        # Version 1 had a list of entries with their names.
        return {entry["name"]: entry for entry in files} if isinstance(files, list) else files

    @field_validator("files")
    @classmethod
    def _allowed(cls, files: dict[str, FileEntry]) -> dict[str, FileEntry]:
        for name in files:
            if fault := fault_of(name):
                raise ValueError(f"{name!r}: {fault}")
        return files


@dataclass(frozen=True, slots=True)
class Written:
    """A new archive. ``sha256`` is its own digest; ``gone`` are files that vanished while it was written."""

    path: Path
    manifest: Manifest
    sha256: str
    gone: tuple[str, ...]


def digest_file(path: Path) -> Path:
    """The file beside an archive that has its digest, for ``sha256sum --check``."""
    return path.with_name(f"{path.name}.sha256")


def write_archive(path: Path, files: Mapping[str, Path], *, kernel_hash: str | None = None, absent: list[str] | None = None) -> Written:
    """Write an archive that only its owner may read, and read it back. Raises OperationFailed; then nothing is left behind."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        with tempfile.SpooledTemporaryFile(64 << 20, dir=str(path.parent)) as body:
            entries, gone = _write_files(body, files)
            manifest = Manifest(created=datetime.now(UTC), version=__version__, kernel_hash=kernel_hash, absent=absent or [], files=entries)
            body.seek(0)
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as out:  # noqa: PTH123
                with gzip.GzipFile(filename="", mode="wb", fileobj=out) as packed:
                    packed.write(_manifest_member(manifest))
                    shutil.copyfileobj(body, packed, _PIECE_BYTES)
                out.flush()
                os.fsync(out.fileno())
        verified(temporary)
        sha256 = _sha256(temporary)
        temporary.rename(path)
        write_whole(digest_file(path), f"{sha256}  {path.name}\n".encode())
        sync_folder(path.parent)
    except (OSError, ArchiveRefused) as error:
        raise OperationFailed(f"the backup could not be written to {path.parent}: {error}; nothing was left behind") from error
    finally:
        temporary.unlink(missing_ok=True)
    return Written(path, manifest, sha256, gone)


def _write_files(out: Any, files: Mapping[str, Path]) -> tuple[dict[str, FileEntry], tuple[str, ...]]:
    entries: dict[str, FileEntry] = {}
    gone = []
    # Links are followed, so that the files of mounted configurations are files in the archive.
    with tarfile.open(fileobj=out, mode="w", dereference=True) as tar:
        for name, path in sorted(files.items()):
            if path.is_dir():
                tar.addfile(tar.gettarinfo(path, name))
                continue
            try:
                file = path.open("rb")
            except FileNotFoundError:
                # Certificates are evicted and logs are rotated at any time.
                gone.append(name)
                continue
            with file:
                info, hashing = tar.gettarinfo(arcname=name, fileobj=file), _Hashing(file)
                tar.addfile(info, hashing)  # type: ignore[arg-type]
                entries[name] = FileEntry(bytes=info.size, sha256=hashing.digest.hexdigest())
    return entries, tuple(gone)


class _Hashing:
    """A file whose bytes are hashed while they are read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """The next bytes."""
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _manifest_member(manifest: Manifest) -> bytes:
    data = manifest.model_dump_json(indent=1).encode() + b"\n"
    info = tarfile.TarInfo(_MANIFEST)
    info.size, info.mode, info.mtime = len(data), 0o600, int(manifest.created.timestamp())
    return info.tobuf() + data + bytes(-len(data) % tarfile.BLOCKSIZE)


def read_manifest(path: Path) -> Manifest:
    """The manifest alone; the files are not read. Raises ArchiveRefused."""
    with _opened(path) as (_, manifest):
        return manifest


def verified(path: Path) -> Manifest:
    """Read the archive to its end. Raises ArchiveRefused, unless every byte is what the manifest says."""
    with _opened(path) as (tar, manifest):
        if digest_file(path).exists() and digest_file(path).read_text().split()[:1] != [_sha256(path)]:
            raise ArchiveRefused(f"its bytes do not fit the SHA-256 in {digest_file(path).name}: it is damaged")
        left = dict(manifest.files)
        for member, file in members(tar):
            entry = left.pop(member.name, None)
            if entry is None:
                raise ArchiveRefused(f"{member.name!r} is not in its manifest, or comes twice")
            if (member.size, hashlib.file_digest(file, "sha256").hexdigest()) != (entry.bytes, entry.sha256):  # type: ignore[arg-type]
                raise ArchiveRefused(f"{member.name} is not what its manifest says: it is damaged")
        if left:
            raise ArchiveRefused(f"{next(iter(left))} is missing in it")
        # The last bytes hold the checksum of the whole stream.
        padding = tar.fileobj.read(_MAX_PADDING_BYTES + 1) if tar.fileobj else b""
        if len(padding) > _MAX_PADDING_BYTES or padding.strip(b"\0"):
            raise ArchiveRefused("it has more bytes after its last file")
        return manifest


@contextmanager
def reading(path: Path) -> Iterator[tarfile.TarFile]:
    """The archive, for ``members``. Raises ArchiveRefused."""
    with _opened(path) as (tar, _):
        yield tar


def members(tar: tarfile.TarFile, *, folder: Callable[[tarfile.TarInfo], None] | None = None) -> Iterator[tuple[tarfile.TarInfo, BinaryIO]]:
    """Each file and its content; ``folder`` is called for each folder. Links, devices and the like are refused."""
    # The manifest was read already; ``for member in tar`` would begin with it again.
    while member := tar.next():
        if fault := fault_of(f"{member.name}/x" if member.isdir() else member.name):
            raise ArchiveRefused(f"{member.name!r}: {fault}")
        if member.isdir():
            if folder:
                folder(member)
            continue
        file = tar.extractfile(member) if member.isreg() and not member.issparse() else None
        if file is None:
            raise ArchiveRefused(f"{member.name!r} is not a plain file")
        yield member, file  # type: ignore[misc]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[tarfile.TarFile, Manifest]]:
    try:
        with tarfile.open(path, "r:gz") as tar:
            yield tar, _manifest_of(tar)
    except (ArchiveRefused, tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeError) as error:
        raise ArchiveRefused(f"{path}: {error}; nothing of it was used") from error


def _manifest_of(tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    file = tar.extractfile(first) if first and first.name == _MANIFEST and first.isreg() and first.size <= _MAX_MANIFEST_BYTES else None
    if file is None:
        raise ArchiveRefused(f"its first file is not a {_MANIFEST}: it is not a backup of this service")
    try:
        return Manifest.model_validate_json(file.read())
    except ValidationError as error:
        first_error = error.errors(include_url=False, include_input=False)[0]
        raise ArchiveRefused(f"its manifest is wrong at {first_error['loc']}: {first_error['msg']}") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""The manifest of an exported state."""

import hashlib
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.wire.base import Sha256

FORMAT: Literal["pxl-state/1"] = "pxl-state/1"
_MANIFEST = re.compile(r"manifest_\d{8}_\d{6}\.json")
_MAX_BYTES = 16 << 20


class StateFile(BaseModel):
    """One file, beside the manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, StringConstraints(pattern=r"^(?:metrics|health|performance|kernel_hash)_\d{8}_\d{6}\.(?:json|txt)$")]
    bytes: Annotated[int, Field(ge=0, le=_MAX_BYTES)]
    sha256: Sha256


class StateManifest(BaseModel):
    """``url`` is the service that was asked, ``version`` and ``kernel_hash`` what it said of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal["pxl-state/1"]
    created: str
    url: str
    version: str
    kernel_hash: Sha256
    files: Annotated[list[StateFile], Field(min_length=4, max_length=4)]

    def name_of(self, kind: str) -> str:
        """The file of a kind, such as ``health``. Raises OperationFailed."""
        found = [file.name for file in self.files if file.name.startswith(f"{kind}_")]
        if len(found) != 1:
            raise OperationFailed(f"the manifest names {len(found)} files of the kind {kind}, and must name one")
        return found[0]


def manifest_name(time: str) -> str:
    """Of an export made at this time."""
    return f"manifest_{time}.json"


def newest_manifest(folder: Path) -> Path:
    """Of a folder of exports. Raises OperationFailed."""
    found = sorted(path for path in folder.glob("manifest_*.json") if _MANIFEST.fullmatch(path.name)) if folder.is_dir() else []
    if not found:
        raise OperationFailed(
            f"{folder} holds no exported state: there is no manifest_DATE_TIME.json (an export that was cut off has none)"
        )
    return found[-1]


def read_manifest(path: Path) -> StateManifest:
    """Raises OperationFailed."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise OperationFailed(f"{path} is too long for a manifest")
        return StateManifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise OperationFailed(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(piece) for piece in first["loc"])
        raise OperationFailed(f"{path} is no manifest of a state{f', at {place}' if place else ''}: {first['msg']}") from error


def wrong_with(folder: Path, file: StateFile) -> str:
    """How the file differs from what the manifest says of it; empty when it does not."""
    path = folder / file.name
    try:
        size = path.stat().st_size
        if size != file.bytes:
            return f"{file.name} has {size} bytes, and {file.bytes} in the manifest"
        if hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256:
            return f"the bytes of {file.name} do not fit their SHA-256 in the manifest"
    except OSError as error:
        return f"{file.name} cannot be read: {error.strerror}"
    return ""

"""A state exported: the operations manual's four files and a manifest, under one time.

Invariant: an export has a manifest only when all its files are on the disk as the manifest says; what was cut off has none.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from logos_pxl.durable import replace_file, sync_folder
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.state.manifest import FORMAT, StateFile, StateManifest, manifest_name, wrong_with

_TIME = "%Y%m%d_%H%M%S"


@dataclass(frozen=True, slots=True)
class Exported:
    """``path`` is the manifest's."""

    path: Path
    manifest: StateManifest


def export_state(service: ServiceReader, folder: Path) -> Exported:
    """Ask the service, write, read back. Raises OperationFailed; then no manifest was written."""
    made = datetime.now(UTC)
    time = f"{made:{_TIME}}"
    health = service.health()
    kernel_hash = _kernel_hash(health)
    texts = {
        f"metrics_{time}.json": _json(service.metrics()),
        f"health_{time}.json": _json(health),
        f"performance_{time}.json": _json(service.performance()),
        f"kernel_hash_{time}.txt": f"{kernel_hash}\n".encode(),
    }
    files = [StateFile(name=name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()) for name, data in texts.items()]
    manifest = StateManifest(
        format=FORMAT,
        created=made.isoformat(timespec="seconds"),
        url=service.url,
        version=str(health.get("version", "")),
        kernel_hash=kernel_hash,
        files=files,
    )
    path = folder / manifest_name(time)
    try:
        if path.exists():
            raise OperationFailed(f"{path} is there already: one export in a second is enough")
        for name, data in texts.items():
            replace_file(folder / name, data)
        faults = [fault for file in files if (fault := wrong_with(folder, file))]
        if faults:
            raise OperationFailed(f"what was written to {folder} reads back as something else: {'; '.join(faults)}")
        replace_file(path, manifest.model_dump_json(indent=1).encode() + b"\n")
        sync_folder(folder)
    except OSError as error:
        raise OperationFailed(f"the state could not be written to {folder}: {error.strerror}") from error
    return Exported(path, manifest)


def _kernel_hash(health: dict[str, Any]) -> str:
    found = str(health.get("kernel_hash", ""))
    if not found:
        raise OperationFailed("/health tells no kernel_hash: is the service of another version?")
    return found


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"

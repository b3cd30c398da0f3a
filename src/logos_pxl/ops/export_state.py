"""``pxl ops export-state``: the operations manual's four files and a manifest with their SHA-256; and the check of such an export.

Invariant: the manifest is written last, after all its files are on the disk; an export that was cut off has none.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from logos_pxl.durable import replace_file, sync_folder
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.service import ServiceReader

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class StateFile(BaseModel):
    """One file beside the manifest."""

    name: Annotated[str, StringConstraints(pattern=r"^(?:metrics|health|performance|kernel_hash)_\d{8}_\d{6}\.(?:json|txt)$")]
    bytes: int
    sha256: Sha256


class StateManifest(BaseModel):
    """``url`` is the service that was asked; ``version`` and ``kernel_hash`` are what it said of itself."""

    format: Literal["pxl-state/1"] = "pxl-state/1"
    created: str
    url: str
    version: str
    kernel_hash: Sha256
    files: Annotated[list[StateFile], Field(min_length=4, max_length=4)]


def export(operator: Operator, *, folder: Path | None) -> Report:
    """Write the state of the service into files. Raises OperationFailed; then there is no manifest."""
    service, folder, made = operator.service, (folder or operator.settings.export_dir).absolute(), datetime.now(UTC)
    health, time = service.health(), f"{made:%Y%m%d_%H%M%S}"
    if not health.get("kernel_hash"):
        raise OperationFailed(f"{service.url}/health has no kernel_hash: is the service of another version?")
    documents = {"metrics": service.metrics(), "health": health, "performance": service.performance()}
    texts = {f"{kind}_{time}.json": json.dumps(document, indent=1, ensure_ascii=False) + "\n" for kind, document in documents.items()}
    texts[f"kernel_hash_{time}.txt"] = f"{health['kernel_hash']}\n"
    files = [StateFile(name=name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()) for name, data in _encoded(texts).items()]
    manifest = StateManifest(
        created=made.isoformat(timespec="seconds"), url=service.url, version=str(health.get("version")),
        kernel_hash=health["kernel_hash"], files=files,
    )  # fmt: skip
    path = folder / f"manifest_{time}.json"
    try:
        for name, data in _encoded(texts).items():
            replace_file(folder / name, data)
        replace_file(path, manifest.model_dump_json(indent=1).encode() + b"\n")
        sync_folder(folder)
    except OSError as error:
        raise OperationFailed(f"the state could not be written to {folder}: {error.strerror}") from error
    checks = (_file_check(folder, manifest), Check("kernel", Status.FINE, manifest.kernel_hash))
    section = Section("State", checks, tuple(sorted(texts)), {"manifest": str(path), "files": sorted(texts)})
    return Report("export-state", service.url, (section,), summary=f"State exported to: {folder}")


def _encoded(texts: dict[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in texts.items()}


def verify(_: Operator, *, folder: Path, url: str | None) -> Report:
    """Check that an export is as it was written and, with ``url``, that the service there has the same kernel."""
    found = sorted(folder.glob("manifest_????????_??????.json"))
    if not found and not folder.is_file():
        raise OperationFailed(f"{folder.absolute()} has no manifest_DATE_TIME.json (an export that was cut off has none)")
    path = folder if folder.is_file() else found[-1]
    try:
        manifest = StateManifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        damaged = Check("manifest", Status.CRITICAL, False, advice=f"{path}: {error.errors()[0]['msg']} at {error.errors()[0]['loc']}")
        return Report("export-state --verify", str(path), (Section("State", (damaged,)),), summary=damaged.advice)
    checks = [_file_check(path.parent, manifest), _kernel_check(path.parent, manifest)]
    if url is not None:
        checks += _instance_checks(ServiceReader(url), manifest)
    notes = (f"exported {manifest.created} from {manifest.url}, version {manifest.version}",)
    return Report("export-state --verify", str(path), (Section("State", tuple(checks), notes),))


def _file_check(folder: Path, manifest: StateManifest) -> Check:
    faults = []
    for file in manifest.files:
        try:
            if hashlib.sha256((folder / file.name).read_bytes()).hexdigest() != file.sha256:
                faults.append(f"{file.name} is not what the manifest says")
        except OSError as error:
            faults.append(f"{file.name} cannot be read: {error.strerror}")
    return Check("files as they were written", Status.CRITICAL if faults else Status.FINE, not faults, advice="; ".join(faults))


def _kernel_check(folder: Path, manifest: StateManifest) -> Check:
    """The manifest, the health document and the manual's file must name one kernel."""
    hashes, name = {manifest.kernel_hash}, "one kernel in all of them"
    try:
        for file in manifest.files:
            text = (folder / file.name).read_text()
            if file.name.startswith("kernel_hash_"):
                hashes.add(text.strip())
            elif file.name.startswith("health_"):
                hashes.add(str(json.loads(text)["kernel_hash"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Check(name, Status.CRITICAL, False, advice=f"cannot be read: {error!r}")
    advice = "" if len(hashes) == 1 else f"they name {len(hashes)}: {', '.join(sorted(hashes))}"
    return Check(name, Status.CRITICAL if advice else Status.FINE, manifest.kernel_hash, advice=advice)


def _instance_checks(service: ServiceReader, manifest: StateManifest) -> list[Check]:
    try:
        health = service.health()
    except OperationFailed as error:
        return [Check("new instance", Status.UNKNOWN, advice=str(error))]
    found, version, ready = str(health.get("kernel_hash")), str(health.get("version")), bool(health.get("ready"))
    same = found == manifest.kernel_hash
    advice = "" if same else f"its results are another kernel's ({found}): build the same sources, or accept the change knowingly"
    problems = "; ".join(map(str, health.get("problems", [])))
    return [
        Check("new instance has the same kernel", Status.FINE if same else Status.CRITICAL, same, advice=advice),
        Check("new instance is ready", Status.FINE if ready else Status.CRITICAL, ready, advice=problems),
        Check("new instance's version", Status.FINE if version == manifest.version else Status.ATTENTION, version, "", manifest.version),
    ]

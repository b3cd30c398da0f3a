"""``pxl ops export-state``, as reports."""

import json
from pathlib import Path
from typing import Any

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.state.exporting import export_state
from logos_pxl.ops.state.manifest import StateManifest, newest_manifest, read_manifest, wrong_with


def export(operator: Operator, *, folder: Path | None) -> Report:
    """Write the state of the service into files."""
    exported = export_state(operator.service, folder or operator.settings.export_dir)
    checks = (
        Check("written and read back", Status.FINE, str(exported.path)),
        Check("kernel", Status.FINE, exported.manifest.kernel_hash),
    )
    data = {"manifest": str(exported.path), "files": [file.name for file in exported.manifest.files]}
    notes = tuple(file.name for file in exported.manifest.files)
    return Report(
        "export-state", operator.service.url, (Section("State", checks, notes, data),), summary=f"State exported to: {exported.path.parent}"
    )


def verify(_: Operator, *, folder: Path, url: str | None) -> Report:
    """Look whether an export is as it was written and, with a URL, whether the service there is of the same kernel."""
    path = folder if folder.is_file() else newest_manifest(folder)
    try:
        manifest = read_manifest(path)
    except OperationFailed as error:
        damaged = Check("manifest", Status.CRITICAL, False, advice=str(error))
        return Report("export-state --verify", str(path), (Section("State", (damaged,)),), summary=str(error))
    checks = [_file_check(path.parent, manifest), _kernel_check(path.parent, manifest)]
    if url is not None:
        checks += _instance_checks(ServiceReader(url), manifest)
    notes = (f"exported {manifest.created} from {manifest.url}, version {manifest.version}",)
    return Report("export-state --verify", str(path), (Section("State", tuple(checks), notes),))


def _file_check(folder: Path, manifest: StateManifest) -> Check:
    faults = [fault for file in manifest.files if (fault := wrong_with(folder, file))]
    return Check("files as they were written", Status.CRITICAL if faults else Status.FINE, not faults, advice="; ".join(faults))


def _kernel_check(folder: Path, manifest: StateManifest) -> Check:
    """The manifest, the health document and the manual's file must name one kernel."""
    name = "one kernel in all of them"
    try:
        told = {
            manifest.kernel_hash,
            (folder / manifest.name_of("kernel_hash")).read_text().strip(),
            str(json.loads((folder / manifest.name_of("health")).read_bytes())["kernel_hash"]),
        }
    except (OSError, ValueError, KeyError, TypeError, OperationFailed) as error:
        return Check(name, Status.CRITICAL, False, advice=f"it cannot be told: {error}")
    advice = "" if len(told) == 1 else f"they name {len(told)}: {', '.join(sorted(told))}"
    return Check(name, Status.FINE if len(told) == 1 else Status.CRITICAL, manifest.kernel_hash, advice=advice)


def _instance_checks(service: ServiceReader, manifest: StateManifest) -> list[Check]:
    try:
        health: dict[str, Any] = service.health()
    except OperationFailed as error:
        return [Check("new instance", Status.UNKNOWN, advice=str(error))]
    found, version = str(health.get("kernel_hash")), str(health.get("version"))
    same = found == manifest.kernel_hash
    advice = "" if same else f"its verdicts are another kernel's: it says {found}; build the same sources, or accept the change knowingly"
    ready = bool(health.get("ready"))
    return [
        Check("new instance has the same kernel", Status.FINE if same else Status.CRITICAL, same, advice=advice),
        Check(
            "new instance is ready",
            Status.FINE if ready else Status.CRITICAL,
            ready,
            advice="; ".join(map(str, health.get("problems", []))),
        ),
        Check(
            "new instance's version", Status.FINE if version == manifest.version else Status.ATTENTION, version, threshold=manifest.version
        ),
    ]

"""``pxl ops rotate-key``, as reports. A key is shown when that was asked for, and its fingerprint otherwise."""

import time
from datetime import UTC, datetime

from pydantic import SecretStr

from logos_pxl.ops.alone import alone_in
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.history.log_reading import LogReader
from logos_pxl.ops.keys.rotation import CURRENT, OLD, USER_AGENT, KeyRotation
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.settings import Settings
from logos_pxl.settings.configuration import shown

_HOUR_S = 3600.0


def rotate_key(operator: Operator, *, show_secret: bool) -> Report:
    """Make a new key, have both accepted, and verify that."""
    rotation = KeyRotation.of(operator)
    with alone_in(rotation.env_file.resolve().parent, "rotation of keys"):
        try:
            new = rotation.begin()
        except OperationFailed as error:
            return _failed("rotate-key", rotation, error)
    notes = [
        f"the new key: {new if show_secret else shown(SecretStr(new))}; it is {CURRENT} in {rotation.env_file}",
        "give it to the clients; when none uses the old one any more: pxl ops rotate-key --finish",
    ]
    return Report("rotate-key", rotation.url, (_steps(rotation, notes),), summary="both keys are accepted")


def finish_rotation(operator: Operator, *, grace_hours: float, force: bool) -> Report:
    """Drop the old key, unless somebody may still use it."""
    rotation = KeyRotation.of(operator)
    with alone_in(rotation.env_file.resolve().parent, "rotation of keys"):
        if OLD not in rotation.held():
            raise OperationFailed(f"{rotation.env_file} has no {OLD}: no rotation is under way")
        use = _old_key_use(operator.settings, rotation, grace_hours)
        if not force and use.status is not Status.FINE:
            return Report("rotate-key --finish", rotation.url, (Section("Old key", (use,), ("nothing was changed",)),))
        try:
            rotation.finish()
        except OperationFailed as error:
            return _failed("rotate-key --finish", rotation, error)
    return Report("rotate-key --finish", rotation.url, (_steps(rotation, []),), summary="the old key is refused")


def _old_key_use(settings: Settings, rotation: KeyRotation, grace_hours: float) -> Check:
    """Whether clients have had their time, and none has used the old key lately."""
    name, wanted = "old key unused", f"for {grace_hours:g} hours"
    now = time.time()
    changed_hours = (now - rotation.env_file.stat().st_mtime) / _HOUR_S
    if changed_hours < grace_hours:
        advice = f"{rotation.env_file} was changed {changed_hours:.1f} hours ago: give clients their time, or --grace-hours, or --force"
        return Check(name, Status.ATTENTION, threshold=wanted, advice=advice)
    reader = LogReader(settings.log_dir, now - grace_hours * _HOUR_S)
    uses = [(line.at, line.client) for line in reader.access() if line.key == "old" and line.user_agent != USER_AGENT]
    if not reader.files or reader.unreadable:
        advice = "; ".join(reader.unreadable) or f"{settings.log_dir} has no access log, which would tell who uses the old key"
        return Check(name, Status.UNKNOWN, threshold=wanted, advice=f"{advice}; --force drops it all the same")
    if uses:
        at, client = uses[-1]
        last = f"the last one from {client} at {datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
        advice = f"{len(uses)} requests were signed with it, {last}: change that client over, or --force"
        return Check(name, Status.ATTENTION, len(uses), "requests", wanted, advice)
    return Check(name, Status.FINE, 0, "requests", wanted)


def _steps(rotation: KeyRotation, notes: list[str]) -> Section:
    return Section("Key", tuple(Check(step, Status.FINE, True) for step in rotation.steps), tuple(notes))


def _failed(command: str, rotation: KeyRotation, error: OperationFailed) -> Report:
    section = _steps(rotation, [])
    failed = Check("done", Status.CRITICAL, False, advice=str(error))
    return Report(command, rotation.url, (Section(section.title, (*section.checks, failed)),), summary=str(error))

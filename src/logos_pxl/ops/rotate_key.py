"""``pxl ops rotate-key``: change the signature key, with a time in which both keys are accepted.

    before        HMAC_SECRET_KEY=a
    overlapping   HMAC_SECRET_KEY=b  HMAC_SECRET_KEY_OLD=a    clients change over
    finished      HMAC_SECRET_KEY=b

Invariant: every version of the environment file but the last accepts ``a``. A key counts as accepted when the service answered requests
that it signed. When a step fails, the file is put back as it was.
"""

import io
import re
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from dotenv import dotenv_values
from pydantic import SecretStr

from logos_pxl.acceptance.service import NotReachable, Service
from logos_pxl.durable import replace_private_file
from logos_pxl.ops.alone import alone_in
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.history import History
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator
from logos_pxl.settings.configuration import Configuration, shown
from logos_pxl.wire.signing import MIN_KEY_BYTES

CURRENT, NEW, OLD = "HMAC_SECRET_KEY", "HMAC_SECRET_KEY_NEW", "HMAC_SECRET_KEY_OLD"
USER_AGENT = "pxl-ops-rotate-key"
"""Marks the requests of this command in access.log."""

_IN_FORCE_S = 30.0
# Several requests, for there may be several replicas behind the address.
_IN_A_ROW = 3
# 429 and 503 come after the signature was found right.
_ACCEPTED, _REFUSED = (200, 429, 503), 401


class KeyRotation:
    """The keys in the environment file of one service. ``steps`` says what was done."""

    def __init__(self, operator: Operator) -> None:
        """Raises OperationFailed when the keys are not in a file that can be changed here."""
        self.operator, self.steps = operator, list[str]()
        if operator.target.name == "kubernetes":
            raise OperationFailed("in Kubernetes the keys are in a Secret: change it there, as docs/signed-requests.md shows")
        configuration = Configuration.load()
        self.env_file = configuration.settings.env_file
        for name in (CURRENT, NEW, OLD):
            if configuration.origins[name] not in (str(self.env_file), "default"):
                origin = configuration.origins[name]
                raise OperationFailed(f"{name} comes from {origin}, and not from {self.env_file}: move it there, and restart the service")
        if configuration.settings.hmac_key is None:
            raise OperationFailed(f"{self.env_file.absolute()} has no {CURRENT}: there is no key to change")
        operator.service.require_address()

    def held(self) -> dict[str, str]:
        """The keys in the file, by variable."""
        settings = Configuration.load().settings
        held = {CURRENT: settings.hmac_key, NEW: settings.hmac_key_new, OLD: settings.hmac_key_old}
        return {name: secret.get_secret_value() for name, secret in held.items() if secret is not None}

    def begin(self) -> str:
        """Make both keys accepted. Returns the new key. Raises OperationFailed; then the file is as it was."""
        keys = self.held()
        former = keys[CURRENT]
        if OLD in keys:
            raise OperationFailed(f"{OLD} is still there: the last rotation is not finished (pxl ops rotate-key --finish)")
        self._require_signatures(former)
        # A rotation by hand may have introduced one.
        new = keys.get(NEW) or secrets.token_hex(MIN_KEY_BYTES)
        self._change({CURRENT: new, OLD: former, NEW: None}, lambda: self.accepts(new), "the new key is accepted", former)
        return new

    def finish(self) -> None:
        """Drop the old key. Raises OperationFailed; then the file is as it was."""
        keys = self.held()
        self._require_signatures(keys[CURRENT])
        self._change({OLD: None, NEW: None}, lambda: not self.accepts(keys[OLD]), "the old key is refused", keys[CURRENT])

    def accepts(self, key: str) -> bool:
        """Whether the service accepts requests signed with this key. Raises OperationFailed when that cannot be told."""
        url, headers = self.operator.service.url, {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        for _ in range(_IN_A_ROW):
            try:
                answer = Service(url, key=key, timeout_s=10).ask(
                    "POST", "/prove", body=b'{"goal": "BOX(A -> A)"}', headers=headers, patient=False
                )
            except NotReachable as error:
                raise OperationFailed(f"the service does not answer: {error}") from error
            if answer.status == _REFUSED:
                return False
            if answer.status not in _ACCEPTED:
                raise OperationFailed(f"POST {url}/prove: status {answer.status}, which says nothing about a signature")
        return True

    def _require_signatures(self, current: str) -> None:
        if self.operator.service.health().get("authentication") != "hmac":
            raise OperationFailed(f"the service demands no signatures, so that no key could be verified: set {CURRENT} by hand")
        if not self.accepts(current):
            raise OperationFailed(f"the service refuses the {CURRENT} in {self.env_file}: reload or restart it first")

    def _change(self, changes: Mapping[str, str | None], in_force: Callable[[], bool], step: str, still_accepted: str) -> None:
        """Write the file, have it read, and verify; put it back when that fails."""
        before = self.env_file.read_bytes()
        try:
            replace_private_file(self.env_file, edited(before.decode(), changes).encode())
            self.operator.target.reload()
            self._wait(in_force, step)
            self._wait(lambda: self.accepts(still_accepted), "the other key is accepted")
            self.steps += [step, "the former key is accepted too" if OLD in self.held() else "the current key is accepted"]
        except BaseException as error:
            try:
                replace_private_file(self.env_file, before)
                self.operator.target.reload()
            except (OperationFailed, OSError) as worse:
                raise OperationFailed(f"{error}; and {self.env_file} could not be put back: {worse}") from error
            if isinstance(error, OperationFailed | OSError):
                raise OperationFailed(f"{error}; {self.env_file} is as it was") from error
            raise

    def _wait(self, in_force: Callable[[], bool], step: str) -> None:
        ends = time.monotonic() + _IN_FORCE_S
        while not in_force():
            if time.monotonic() > ends:
                raise OperationFailed(f"{_IN_FORCE_S:g} s after the reload not so: {step}; does the service read {self.env_file}?")
            time.sleep(0.1)


def edited(text: str, changes: Mapping[str, str | None]) -> str:
    """The environment file with these keys set, or removed where the value is ``None``; all other bytes stay. Raises OperationFailed."""
    after = text
    for name, value in changes.items():
        line = re.compile(rf"(?m)^([ \t]*(?:export[ \t]+)?{name}[ \t]*=[ \t]*['\"]?)([0-9A-Fa-f]*)(.*(?:\r?\n|\Z))")
        if value is None:
            after = line.sub("", after)
        elif line.search(after):
            after = line.sub(rf"\g<1>{value}\g<3>", after)
        else:
            # An added key comes right after the current one.
            current = re.search(rf"(?m)^[ \t]*(?:export[ \t]+)?{CURRENT}[ \t]*=.*?(\r?\n|\Z)", after)
            place, end = (current.end(), current[1] or "\n") if current else (len(after), "\n")
            gap = "" if after[:place].endswith("\n") or not place else end
            after = f"{after[:place]}{gap}{name}={value}{end}{after[place:]}"
    wanted = {name: value for name, value in {**_values(text), **changes}.items() if value is not None}
    if {name: value for name, value in _values(after).items() if value is not None} != wanted:
        raise OperationFailed("the environment file cannot be changed safely: write each key as one NAME=value line")
    return after


def _values(text: str) -> dict[str, str | None]:
    return dict(dotenv_values(stream=io.StringIO(text, newline=""), interpolate=False))


def rotate_key(operator: Operator, *, show_secret: bool) -> Report:
    """Make a new key, have both accepted, and verify that."""
    rotation = KeyRotation(operator)
    with alone_in(rotation.env_file.resolve().parent, "key rotation"):
        try:
            new = rotation.begin()
        except OperationFailed as error:
            return _failed("rotate-key", rotation, error)
    notes = (
        f"the new key: {new if show_secret else shown(SecretStr(new))}; it is {CURRENT} in {rotation.env_file}",
        "give it to the clients; when none uses the old one any more: pxl ops rotate-key --finish",
    )
    return _done("rotate-key", rotation, notes, "both keys are accepted")


def finish_rotation(operator: Operator, *, grace_hours: float, force: bool) -> Report:
    """Drop the old key, unless a client may still use it."""
    rotation = KeyRotation(operator)
    with alone_in(rotation.env_file.resolve().parent, "key rotation"):
        if OLD not in rotation.held():
            raise OperationFailed(f"{rotation.env_file.absolute()} has no {OLD}: no rotation is under way")
        use = _old_key_use(operator.settings.log_dir, rotation.env_file, grace_hours)
        if not force and use.status is not Status.FINE:
            return Report("rotate-key --finish", operator.service.url, (Section("Old key", (use,), ("nothing was changed",)),))
        try:
            rotation.finish()
        except OperationFailed as error:
            return _failed("rotate-key --finish", rotation, error)
    return _done("rotate-key --finish", rotation, (), "the old key is refused")


def _old_key_use(log_dir: Path, env_file: Path, grace_hours: float) -> Check:
    """Whether clients had their time, and none has used the old key lately."""
    name, wanted, now = "old key unused", f"for {grace_hours:g} hours", time.time()
    hours = (now - env_file.stat().st_mtime) / 3600
    if hours < grace_hours:
        advice = f"{env_file} was changed {hours:.1f} hours ago: give clients their time, or --grace-hours, or --force"
        return Check(name, Status.ATTENTION, threshold=wanted, advice=advice)
    history = History(log_dir, now - grace_hours * 3600)
    uses = [line for line in history.access() if line["key"] == "old" and line["user_agent"] != USER_AGENT]
    if not history.files or history.faults:
        advice = "; ".join(history.faults) or f"{log_dir.absolute()} has no access log, which would show who uses the old key"
        return Check(name, Status.UNKNOWN, threshold=wanted, advice=f"{advice}; --force drops it nevertheless")
    if uses:
        last = f"{uses[-1]['client']} at {datetime.fromtimestamp(uses[-1]['at'], UTC):%Y-%m-%d %H:%M:%S} UTC"
        advice = f"{len(uses)} requests were signed with it, the last one from {last}: change that client over, or --force"
        return Check(name, Status.ATTENTION, len(uses), "requests", wanted, advice)
    return Check(name, Status.FINE, 0, "requests", wanted)


def _done(command: str, rotation: KeyRotation, notes: tuple[str, ...], summary: str) -> Report:
    checks = tuple(Check(step, Status.FINE, True) for step in rotation.steps)
    return Report(command, rotation.operator.service.url, (Section("Key", checks, notes),), summary)


def _failed(command: str, rotation: KeyRotation, error: OperationFailed) -> Report:
    check = Check("done", Status.CRITICAL, False, advice=str(error))
    return Report(command, rotation.operator.service.url, (Section("Key", (check,)),), summary=str(error))

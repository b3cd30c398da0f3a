"""The change of the signature key, with an overlap in which both keys are accepted.

    idle          HMAC_SECRET_KEY=a
    introduced    HMAC_SECRET_KEY=a  HMAC_SECRET_KEY_NEW=b    every replica knows b before any client uses it
    overlapping   HMAC_SECRET_KEY=b  HMAC_SECRET_KEY_OLD=a    clients change over
    idle          HMAC_SECRET_KEY=b

Invariant: from the first of these states to the third every file that is ever there accepts ``a``; ``a`` is dropped only by ``finish``. The
service's own answers decide whether a step has succeeded: a key counts as accepted when a request that it signed was answered.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from logos_pxl.acceptance.service import NotReachable, Service
from logos_pxl.durable import replace_private_file
from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.keys.env_editing import edited
from logos_pxl.ops.running import Operator
from logos_pxl.ops.service import ServiceReader
from logos_pxl.settings.configuration import Configuration
from logos_pxl.wire.signing import MIN_KEY_BYTES

CURRENT, NEW, OLD = "HMAC_SECRET_KEY", "HMAC_SECRET_KEY_NEW", "HMAC_SECRET_KEY_OLD"
USER_AGENT = "pxl-ops-rotate-key"
"""By it our own requests are told from clients' in access.log."""

GOAL = b'{"goal": "BOX(A -> A)"}'
_REQUEST_S = 10.0
_IN_FORCE_S = 30.0
_POLL_S = 0.1
# Several, for there may be several replicas behind the address.
_IN_A_ROW = 3
# 429 and 503 come after the signature was found right.
_ACCEPTED, _REFUSED = (200, 429, 503), 401
_OLD_COUNT = 'logos_pxl_authentications_total{key="old"}'


@dataclass(slots=True)
class KeyRotation:
    """The keys in ``env_file``, the service at ``url``, and how it reads the file again. ``steps`` says what was done."""

    env_file: Path
    url: str
    reload: Callable[[], None]
    reader: ServiceReader
    steps: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, operator: Operator) -> "KeyRotation":
        """Raises OperationFailed when the keys are not the environment file's to change."""
        if operator.target.name == "kubernetes":
            raise OperationFailed(
                "in Kubernetes the keys are in a Secret, which this machine's environment file does not reach: "
                "change it there in the same three steps (docs/signed-requests.md), with a rollout after each"
            )
        configuration = Configuration.load()
        env_file = configuration.settings.env_file
        for name in (CURRENT, NEW, OLD):
            origin = configuration.origins[name]
            if origin not in (str(env_file), "default"):
                raise OperationFailed(f"{name} comes from {origin}, and not from {env_file}: move it there first, and restart")
        if configuration.settings.hmac_key is None:
            raise OperationFailed(f"{env_file} has no {CURRENT}: there is no key to change")
        return cls(env_file, operator.service.url, operator.target.reload, operator.service)

    def held(self) -> dict[str, str]:
        """The keys in the file, by variable. Raises OperationFailed."""
        settings = Configuration.load().settings
        held = {CURRENT: settings.hmac_key, NEW: settings.hmac_key_new, OLD: settings.hmac_key_old}
        return {name: secret.get_secret_value() for name, secret in held.items() if secret is not None}

    def begin(self) -> str:
        """From idle, or from where a rotation was cut off, to overlapping; the new key. Raises OperationFailed, and then rolls back."""
        keys, before = self.held(), self.env_file.read_bytes()
        former = keys[CURRENT]
        if OLD in keys:
            raise OperationFailed(f"{OLD} is still there: the last rotation is not finished (pxl ops rotate-key --finish)")
        self._require_signatures(former)
        new = keys.get(NEW) or secrets.token_hex(MIN_KEY_BYTES)
        if NEW in keys:
            self.steps.append("going on with the new key that a rotation left which was cut off")
        with _RollBack(self, before):
            self._write({NEW: new})
            self._in_force(new, f"{NEW} is in force")
            self._require(former, "the former key is still accepted")
            self._write({CURRENT: new, OLD: former, NEW: None})
            self._promoted(former)
            self._require(new, "the new key is accepted")
            self._require(former, "the former key is accepted as the old one")
        return new

    def finish(self) -> None:
        """From overlapping to idle. Raises OperationFailed."""
        keys, before = self.held(), self.env_file.read_bytes()
        if OLD not in keys:
            raise OperationFailed(f"{self.env_file} has no {OLD}: no rotation is under way")
        self._require_signatures(keys[CURRENT])
        with _RollBack(self, before):
            self._write({OLD: None, NEW: None})
            self._until(lambda: not self.accepts(keys[OLD]), "the old key is refused", "the old key is still accepted")
            self._require(keys[CURRENT], "the current key is accepted")

    def restore(self, data: bytes) -> None:
        """Put the file back, and have it read."""
        replace_private_file(self.env_file, data)
        self.reload()

    def accepts(self, key: str) -> bool:
        """Whether the service lets a request pass that is signed with this key. Raises OperationFailed when it does not tell."""
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        try:
            answer = Service(self.url, key=key, timeout_s=_REQUEST_S).ask("POST", "/prove", body=GOAL, headers=headers, patient=False)
        except NotReachable as error:
            raise OperationFailed(f"the service does not answer: {error}") from error
        if answer.status not in (*_ACCEPTED, _REFUSED):
            raise OperationFailed(f"POST {self.url}/prove: status {answer.status}, which says nothing of a signature")
        return answer.status != _REFUSED

    def _require_signatures(self, current: str) -> None:
        if self.reader.health().get("authentication") != "hmac":
            raise OperationFailed(
                f"the service demands no signatures (/health: authentication off), so that no key could be verified: set {CURRENT} by hand"
            )
        if not self.accepts(current):
            raise OperationFailed(f"the service refuses the {CURRENT} that stands in {self.env_file}: reload or restart it first")

    def _write(self, changes: Mapping[str, str | None]) -> None:
        text = self.env_file.read_bytes().decode("utf-8")
        replace_private_file(self.env_file, edited(text, changes, after=CURRENT).encode())
        self.reload()

    def _in_force(self, key: str, said: str) -> None:
        self._until(lambda: all(self.accepts(key) for _ in range(_IN_A_ROW)), said, "the service does not accept the new key")

    def _promoted(self, former: str) -> None:
        """Until the service counts the former key as the old one."""
        before = self._old_count()

        def counted() -> bool:
            return self.accepts(former) and self._old_count() > before

        self._until(counted, f"{CURRENT} is the new key, {OLD} the former one", "the service does not take the former key for the old one")

    def _old_count(self) -> float:
        return float(self.reader.metrics().get(_OLD_COUNT, 0))

    def _require(self, key: str, said: str) -> None:
        if not all(self.accepts(key) for _ in range(_IN_A_ROW)):
            raise OperationFailed(f"verification failed: not so that {said}")
        self.steps.append(said)

    def _until(self, holds: Callable[[], bool], said: str, otherwise: str) -> None:
        ends = time.monotonic() + _IN_FORCE_S
        while not holds():
            if time.monotonic() > ends:
                raise OperationFailed(f"{otherwise} {_IN_FORCE_S:g} s after it was told to read {self.env_file} again: see its log")
            time.sleep(_POLL_S)
        self.steps.append(said)


class _RollBack:
    """Puts the file back when the block fails, and says so."""

    def __init__(self, rotation: KeyRotation, before: bytes) -> None:
        self._rotation = rotation
        self._before = before

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Put the former file back."""
        if error is None:
            return
        try:
            self._rotation.restore(self._before)
        except (OperationFailed, OSError) as worse:
            raise OperationFailed(f"{error}; and it could not be rolled back: {worse}") from error
        if isinstance(error, OperationFailed | OSError):
            raise OperationFailed(f"{error}; rolled back: {self._rotation.env_file} is as it was") from error

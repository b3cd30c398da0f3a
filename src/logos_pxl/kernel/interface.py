"""What the pool needs of a session, so that another protocol can be added without changing the pool.

Invariant: a session answers one check at a time. The pool may cancel a check at any moment; such a session is only stopped
afterwards, never used again.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from logos_pxl.errors import SessionError


class CheckKind(Enum):
    """What a certificate claims. The values are the kinds of the session protocol's requests."""

    PROOF = 1
    COUNTERMODEL = 2


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """One check: the goal on the wire and the certificate (docs/certificate-format.md).

    ``statement`` asks for the accepted theorem as Coq prints it.
    """

    kind: CheckKind
    goal_wire: bytes
    certificate: bytes
    statement: bool


@dataclass(frozen=True, slots=True)
class CheckReply:
    """The answer of Coq's kernel. ``reason`` is empty exactly when ``accepted``; ``statement`` is given when asked for and accepted."""

    accepted: bool
    statement: str | None
    reason: str
    kernel_us: int


@dataclass(frozen=True, slots=True)
class SessionUsage:
    """Resident memory now and processor time since the start of one session."""

    resident_bytes: int
    cpu_s: float


class SessionDied(SessionError):
    """The session's process ended during a check. ``exhausted``: for want of memory or stack."""

    code = "session-died"

    def __init__(self, message: str, *, exhausted: bool) -> None:
        super().__init__(message)
        self.exhausted = exhausted


class Session(Protocol):
    """A warm kernel process."""

    @property
    def session_id(self) -> int:
        """The number that its pool gave it."""

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""

    @property
    def confinement(self) -> Mapping[str, str]:
        """What the process gave up, by mechanism."""

    async def check(self, request: CheckRequest) -> CheckReply:
        """Ask for one check. Raises SessionDied, ProtocolViolation, RequestTooLarge. Cancelling it returns at once."""

    def usage(self) -> SessionUsage | None:
        """What the process holds and has used; ``None`` when it is gone."""

    async def stop(self) -> None:
        """End the process and reap it. May be called twice."""


SessionOpener = Callable[[int, Callable[[int], None]], Awaitable[Session]]
"""Opens the session with the given number. Calls back with that number once, when the process ends. Raises SessionStartError."""

"""How many sessions a load wants.

Little's law: at ``rate`` requests in a second that each hold a session for ``seconds``, ``rate * seconds`` sessions are busy on average
(the offered load, in erlangs). How many there must be so that hardly a request waits is Erlang's C formula (A. K. Erlang 1917), for
arrivals that know nothing of each other and durations that scatter as exponential ones do.
"""

from dataclasses import dataclass
from math import floor

WAITING = 0.05
"""The share of requests that may find no free session."""

FULL = 0.7
"""The share of the sessions that may be busy on average: below the manual's 80 %, so that an alert is news."""

SMALLEST = 2
"""A long check must not hold up the canaries."""

PER_CORE = 2
"""Sessions of one core that still help: a check keeps its core busy, and a second one lets short checks pass a long one."""

_LARGEST = 256


def waiting_share(sessions: int, load: float) -> float:
    """Erlang's C: the share of requests that wait, when ``load`` sessions are busy on average."""
    if load >= sessions:
        return 1.0
    if load <= 0:
        return 0.0
    blocked = 1.0
    for number in range(1, sessions + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / sessions * (1 - blocked))


def sessions_for(load: float) -> int:
    """The fewest that carry the load within ``WAITING`` and ``FULL``; one more than may be configured when none do."""
    for sessions in range(SMALLEST, _LARGEST + 1):
        if load <= FULL * sessions and waiting_share(sessions, load) <= WAITING:
            return sessions
    return _LARGEST + 1


@dataclass(frozen=True, slots=True)
class Machine:
    """What sessions have to share. ``cores`` is ``None`` where that is not known from here; the rest is in bytes."""

    cores: float | None
    memory_bytes: float
    service_bytes: float
    session_bytes: float
    spares: int
    share: float
    """Of the memory, that may be used."""

    @property
    def most_by_cores(self) -> int | None:
        """Sessions beyond which more are no help."""
        return None if self.cores is None else max(SMALLEST, floor(self.cores * PER_CORE))

    @property
    def most_by_memory(self) -> int:
        """Sessions that the memory has room for, spares besides."""
        room = self.memory_bytes * self.share - self.service_bytes
        return max(0, floor(room / self.session_bytes) - self.spares)

    @property
    def most(self) -> int:
        """Sessions that this machine carries."""
        bounds = [self.most_by_memory, *([] if self.most_by_cores is None else [self.most_by_cores])]
        return max(1, min(bounds))

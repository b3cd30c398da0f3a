"""How supervisor and service stand, for ``pxl status``."""

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from logos_pxl.ops.report import Status
from logos_pxl.ops.supervisor.lock import holder
from logos_pxl.ops.supervisor.places import Places
from logos_pxl.ops.supervisor.processes import age_s, marked
from logos_pxl.ops.supervisor.state import Phase, State, read_state

_MANY_DEATHS = 3


@dataclass(frozen=True, slots=True)
class Overview:
    """``supervisor`` is its process, if there is one; ``state`` what it told; ``unsupervised`` are services whose supervisor was killed."""

    folder: str
    supervisor: int | None
    state: State | None
    unsupervised: tuple[int, ...]

    @property
    def status(self) -> Status:
        """Fine: ready. Attention: coming up, not ready, without a supervisor, or dying often. Critical: no service."""
        if self.supervisor is None:
            return Status.ATTENTION if self.unsupervised else Status.CRITICAL
        if self.state is None or self.state.phase is Phase.STARTING:
            return Status.ATTENTION
        if self.state.service is None:
            return Status.CRITICAL
        well = self.state.phase is Phase.READY and self.state.in_a_row < _MANY_DEATHS
        return Status.FINE if well else Status.ATTENTION

    def as_json(self) -> dict[str, Any]:
        """One document."""
        state = self.state
        return {
            "status": self.status.word,
            "exit_status": int(self.status),
            "folder": self.folder,
            "supervisor_pid": self.supervisor,
            "supervised_since": _iso(state.since) if state else None,
            "phase": state.phase.value if state else None,
            "service": ({**asdict(state.service), "age_s": round(age_s(state.service.born), 1)} if state and state.service else None),
            "deaths": state.deaths if state else 0,
            "deaths_in_a_row": state.in_a_row if state else 0,
            "last_death": state.last_death or None if state else None,
            "last_words": state.last_words if state else [],
            "next_start": _iso(state.next_start) if state and state.next_start else None,
            "restarts": state.restarts_handled if state else 0,
            "last_restart": state.last_restart or None if state else None,
            "unsupervised_pids": list(self.unsupervised),
        }

    def lines(self) -> list[str]:
        """For people."""
        if self.supervisor is None:
            if self.unsupervised:
                pids = ", ".join(map(str, self.unsupervised))
                return [f"no supervisor, but its service runs ({pids}): 'pxl up' supervises it again, 'pxl down' ends it"]
            return ["down: neither supervisor nor service; 'pxl up' starts them"]
        if self.state is None:
            return [f"supervisor {self.supervisor} is starting"]
        return list(_told(self.state))


def overview(places: Places) -> Overview:
    """How they stand now."""
    supervisor, state = holder(places.lock), read_state(places.state)
    current = state if state is not None and state.supervisor_pid == supervisor else None
    unsupervised = tuple(marked(places.folder)) if supervisor is None else ()
    return Overview(str(places.folder), supervisor, current, unsupervised)


def _told(state: State) -> list[str]:
    lines = [f"supervisor {state.supervisor_pid}, since {_iso(state.since)}"]
    if state.service is not None:
        where = f" at {state.service.url}" if state.service.url else ""
        lines.append(f"service {state.service.pid}: {state.phase.value}{where}, for {age_s(state.service.born):.0f} s")
    elif state.next_start is not None:
        lines.append(f"no service; the next start is in {max(0.0, state.next_start - time.time()):.0f} s")
    if state.deaths:
        lines.append(f"died {state.deaths} times, {state.in_a_row} in a row; the last: {state.last_death}")
        lines.extend(f"  | {words}" for words in state.last_words)
    if state.last_restart:
        lines.append(f"last restart: {state.last_restart}")
    return lines


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")

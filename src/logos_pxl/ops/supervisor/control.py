"""What is done to a supervisor from outside: up, down, restart, reload.

Invariant: each call is bounded in time and says what came of it. ``down`` leaves no service behind, with a supervisor or without.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from logos_pxl.ops.errors import OperationFailed, TargetFailed
from logos_pxl.ops.log_files import last_lines
from logos_pxl.ops.supervisor.daemon import ANOTHER, BEGUN
from logos_pxl.ops.supervisor.lock import holder
from logos_pxl.ops.supervisor.places import Places
from logos_pxl.ops.supervisor.processes import born, marked
from logos_pxl.ops.supervisor.service_process import STOP_MARGIN_S
from logos_pxl.ops.supervisor.state import Phase, State, read_state
from logos_pxl.settings import Settings

_LOOK_S = 0.05
_DAEMON_START_S = 60.0
_MARGIN_S = 15.0


class Control:
    """The supervisor of the settings' data folder, seen from outside."""

    def __init__(self, settings: Settings) -> None:
        self.places = Places.of(settings)
        self._settings = settings
        self._stop_s = settings.shutdown_timeout_s + STOP_MARGIN_S + _MARGIN_S

    def up(self) -> str:
        """Start the supervisor unless there is one, and wait until its service is ready. Raises OperationFailed: it is not (yet)."""
        _wait(lambda: not self._stopping(), self._stop_s)
        was_there = holder(self.places.lock) is not None
        if not was_there:
            self._start_supervisor()
        state = self._until_ready(since_deaths=None if was_there else 0)
        return f"{'was up already' if was_there else 'up'}: {_service_words(state)}, supervisor {state.supervisor_pid}"

    def down(self) -> str:
        """End the supervisor and its service. Raises OperationFailed when a process does not end."""
        supervisor = holder(self.places.lock)
        if supervisor is not None:
            _signal(supervisor, signal.SIGTERM)
            if not _wait(lambda: holder(self.places.lock) is None, self._stop_s):
                _signal(supervisor, signal.SIGKILL)
        left = list(marked(self.places.folder))
        for pid in left:
            self._end_stray(pid)
        if supervisor is None and not left:
            return "down: nothing was running"
        return "down" + (f"; without a supervisor ran, and was ended: {', '.join(map(str, left))}" if left else "")

    def restart(self) -> str:
        """Replace the service, and wait until the new one is ready. Raises OperationFailed; then the old one runs on."""
        state = self._required_state()
        before = state.restarts_handled
        _signal(state.supervisor_pid, signal.SIGUSR1)
        within_s = self._settings.start_timeout_s + self._stop_s
        if not _wait(lambda: self._required_state().restarts_handled > before, within_s):
            raise OperationFailed(f"restart: the supervisor has not done it within {within_s:g} s; {self.places.log} may tell why")
        handled = self._required_state()
        if not handled.last_restart_succeeded:
            raise OperationFailed(f"restart: {handled.last_restart}")
        ready = self._until_ready(since_deaths=handled.deaths)
        return f"restarted: {handled.last_restart}; {_service_words(ready)}"

    def reload(self) -> str:
        """Have the service read keys, log level and quota again; its log tells what came of it."""
        state = self._required_state()
        _signal(state.supervisor_pid, signal.SIGHUP)
        return f"reload: SIGHUP is on its way; {self._settings.log_dir / 'pxl-server.log'} tells what is in force"

    def _required_state(self) -> State:
        if holder(self.places.lock) is None:
            raise TargetFailed(f"no supervisor runs for {self.places.folder}: 'pxl up' starts one")
        state = self._state()
        if state is None:
            raise TargetFailed("the supervisor has not yet told its state; try again")
        return state

    def _start_supervisor(self) -> None:
        self.places.folder.mkdir(parents=True, exist_ok=True)
        with self.places.log.open("ab") as log:
            try:
                started = subprocess.run(
                    [sys.executable, "-m", "logos_pxl.ops.supervisor.daemon"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    timeout=_DAEMON_START_S,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise OperationFailed(f"no supervisor has begun within {_DAEMON_START_S:g} s; {self.places.log} may tell why") from error
        # Of two at once, one finds the other, which is as good.
        if started.returncode not in (BEGUN, ANOTHER):
            raise OperationFailed(f"the supervisor ended at once: {' / '.join(last_lines(self.places.log, 5))}")

    def _state(self) -> State | None:
        """What the supervisor that runs has told; ``None`` when none runs, or it has told nothing yet."""
        supervisor, state = holder(self.places.lock), read_state(self.places.state)
        return state if supervisor is not None and state is not None and state.supervisor_pid == supervisor else None

    def _stopping(self) -> bool:
        state = self._state()
        return state is not None and state.phase is Phase.STOPPING

    def _until_ready(self, *, since_deaths: int | None) -> State:
        """The state when the service is ready. Raises OperationFailed when it dies before that, or takes too long."""
        deadline = time.monotonic() + self._settings.start_timeout_s
        deaths = since_deaths
        while time.monotonic() < deadline:
            if holder(self.places.lock) is None:
                raise OperationFailed("the supervisor has ended meanwhile; was it told to by somebody else?")
            state = self._state()
            if state is not None and state.phase is Phase.READY:
                return state
            if state is not None:
                deaths = state.deaths if deaths is None else deaths
                if state.deaths > deaths and state.phase is Phase.WAITING:
                    raise OperationFailed(f"{_death_words(state)} The supervisor goes on trying; 'pxl down' ends it.")
            time.sleep(_LOOK_S)
        limit = f"PXL_START_TIMEOUT_S ({self._settings.start_timeout_s:g} s)"
        raise OperationFailed(f"the service is not ready after {limit}; 'pxl status' and 'pxl logs' tell more")

    def _end_stray(self, pid: int) -> None:
        since = born(pid)
        for number, within_s in ((signal.SIGTERM, self._settings.shutdown_timeout_s + STOP_MARGIN_S), (signal.SIGKILL, _MARGIN_S)):
            # Gone, or another process has its number by now.
            if since is None or born(pid) != since:
                return
            _signal(pid, number)
            if _wait(lambda: born(pid) != since, within_s):
                return
        raise OperationFailed(f"process {pid} does not end, though it was killed")


def _service_words(state: State) -> str:
    return f"service {state.service.pid} is ready at {state.service.url}" if state.service else "no service"


def _death_words(state: State) -> str:
    words = "\n  ".join(state.last_words)
    return f"the service did not start ({state.last_death})" + (f"; it said:\n  {words}\n" if words else ".")


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise OperationFailed(f"process {pid} belongs to another user: run this command as that user") from error


def _wait(holds: Callable[[], bool], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_S)
    return True

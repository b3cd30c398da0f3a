"""The service as processes of this machine: systemd (deploy/systemd/), and supervisord where there is no systemd."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from logos_pxl.logs import SERVER_LOG
from logos_pxl.ops.errors import TargetFailed
from logos_pxl.ops.log_files import last_lines
from logos_pxl.ops.targets.base import QUICK_S, START_S, Standing, Target, run_program

_STATE_FOLDER = Path("var/supervisor")
_END_S = 15.0
_LOOK_S = 0.1
_LAST_OUTPUT = 3
# Exit statuses of supervisorctl: a program is not running; no supervisord answers (`status`, and other commands).
_NOT_RUNNING, _NO_SUPERVISORD, _UNREACHABLE = 3, 4, 7
_INACTIVE = 3


class SystemdTarget(Target):
    """The units of ``PXL_OPS_SERVICE``, such as pxl-prover@8088, under the systemd of this machine."""

    name = "systemd"

    @property
    def restart_command(self) -> str:
        """``systemctl restart``."""
        return f"systemctl restart {' '.join(self._names)}"

    def start(self) -> None:
        """``systemctl start``: returns when the service is ready (Type=notify)."""
        self._systemctl("start", *self._names, timeout_s=START_S + QUICK_S)

    def stop(self) -> None:
        """``systemctl stop``."""
        self._systemctl("stop", *self._names, timeout_s=self._stop_s + QUICK_S)

    def restart_replica(self, name: str, /) -> None:
        """``systemctl restart``."""
        self._systemctl("restart", name, timeout_s=self._stop_s + START_S + QUICK_S)

    def reload(self) -> None:
        """``systemctl reload``."""
        self._systemctl("reload", *self._names)

    def standing(self) -> Standing:
        """``systemctl is-active``."""
        states = self._systemctl("is-active", *self._names, statuses=(0, _INACTIVE)).split()
        return Standing("active" in states, tuple(f"{name}: {state}" for name, state in zip(self._names, states, strict=False)))

    def log_command(self, count: int, *, follow: bool) -> list[str]:
        """``journalctl``."""
        units = [f"--unit={name}" for name in self._names]
        return ["journalctl", "--no-pager", "--output=cat", f"--lines={count}", *units, *(["--follow"] if follow else [])]

    def _systemctl(self, *arguments: str, timeout_s: float = QUICK_S, statuses: tuple[int, ...] = (0,)) -> str:
        return run_program(["systemctl", *arguments], timeout_s=timeout_s, statuses=statuses)


class SupervisordTarget(Target):
    """The programs of ``PXL_OPS_SERVICE`` under the supervisord that ``PXL_SUPERVISORD_CONF`` configures, started in this folder."""

    name = "supervisord"

    @property
    def restart_command(self) -> str:
        """``supervisorctl restart``."""
        return f"supervisorctl -c {self._conf} restart {' '.join(self._names)}"

    def start(self) -> None:
        """Start supervisord unless it runs, then the programs."""
        if self._supervisord_pid() is None:
            _STATE_FOLDER.mkdir(parents=True, exist_ok=True)
            run_program(["supervisord", "-c", self._conf], timeout_s=QUICK_S)
        self._started(lambda: self._supervisorctl("start", *self._names, timeout_s=START_S))

    def stop(self) -> None:
        """Stop the programs, then supervisord."""
        pid = self._supervisord_pid()
        if pid is None:
            return
        self._supervisorctl("stop", *self._names, timeout_s=len(self._names) * self._stop_s + QUICK_S)
        self._supervisorctl("shutdown")
        deadline = time.monotonic() + self._stop_s + _END_S
        while psutil.pid_exists(pid):
            if time.monotonic() > deadline:
                raise TargetFailed(f"supervisord ({pid}) has not ended; see {_STATE_FOLDER / 'supervisord.log'}")
            time.sleep(_LOOK_S)

    def restart_replica(self, name: str, /) -> None:
        """``supervisorctl restart``; it starts the program too when it was not running."""
        if self._supervisord_pid() is None:
            self.start()
        else:
            self._started(lambda: self._supervisorctl("restart", name, timeout_s=self._stop_s + START_S))

    def reload(self) -> None:
        """``supervisorctl signal HUP``."""
        self._supervisorctl("signal", "HUP", *self._names)

    def require_not_hidden(self, name: str, value: str) -> None:
        """Raises TargetFailed when the environment that supervisord was started in has another value."""
        pid = self._supervisord_pid()
        with contextlib.suppress(psutil.Error):
            if pid is not None and psutil.Process(pid).environ().get(name, value) != value:
                raise TargetFailed(
                    f"{name} is set in the environment of supervisord, which comes before files: stop it, unset {name}, start it"
                )

    def standing(self) -> Standing:
        """``supervisorctl status``."""
        said = self._supervisorctl("status", *self._names, statuses=(0, _NOT_RUNNING, _NO_SUPERVISORD))
        return Standing(" RUNNING " in said, tuple(said.splitlines()))

    def log_command(self, count: int, *, follow: bool) -> list[str]:
        """``tail`` of pxl-server.log."""
        return ["tail", "-n", str(count), *(["-F"] if follow else []), *map(str, self._logs())]

    def log_lines(self, count: int) -> list[str]:
        """The last lines of pxl-server.log, of each replica; none where there is no such file yet."""
        return [line for path in self._logs() for line in last_lines(path, count)]

    def _logs(self) -> list[Path]:
        """The first replica logs into ``PXL_LOG_DIR``, each other one into the folder of its port below that."""
        folder = self._settings.log_dir
        return [folder / SERVER_LOG, *(folder / str(replica.port) / SERVER_LOG for replica in self.replicas[1:])]

    def _started(self, work: Callable[[], object]) -> None:
        """Do ``work``, and wait until no program is starting. When one does not run, TargetFailed has the service's last output."""
        try:
            work()
            self._require_running()
        except TargetFailed as error:
            output = [line for name in self._names for line in last_lines(_STATE_FOLDER / f"{name}.out", _LAST_OUTPUT)]
            raise TargetFailed(f"{error}; last output: {' / '.join(output) or 'none'}") from error

    def _require_running(self) -> None:
        while " STARTING " in (said := self._supervisorctl("status", *self._names, statuses=(0, _NOT_RUNNING))):
            time.sleep(_LOOK_S)
        if said.count(" RUNNING ") < len(self.replicas):
            raise TargetFailed(said.strip())

    @property
    def _conf(self) -> str:
        return str(self._settings.supervisord_conf)

    def _supervisord_pid(self) -> int | None:
        said = self._supervisorctl("pid", statuses=(0, _UNREACHABLE)).strip()
        return int(said) if said.isdecimal() else None

    def _supervisorctl(self, *arguments: str, timeout_s: float = QUICK_S, statuses: tuple[int, ...] = (0,)) -> str:
        return run_program(["supervisorctl", "-c", self._conf, *arguments], timeout_s=timeout_s, statuses=statuses)

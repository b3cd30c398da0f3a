"""What all targets have in common: programs with a time limit, variables in the environment file, the restart of replicas in turn."""

import math
import os
import shlex
import shutil
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from dotenv import set_key

from logos_pxl.errors import ConfigurationError
from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable, TargetFailed
from logos_pxl.ops.service import Replica, ServiceReader, replicas_of
from logos_pxl.settings import Settings
from logos_pxl.settings.sources import ENVIRONMENT, Sources

QUICK_S = 30.0
START_S = 120.0
# A target waits for a service to end for longer than the service waits for its requests.
STOP_MARGIN_S = 10
# nginx sends requests to a restarted replica again after its fail_timeout (2 s).
_SETTLE_S = 3.0
_READY_LOOK_S = 0.2
_SHOWN_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the target says that the service ``runs``, and the target's own words."""

    runs: bool
    lines: tuple[str, ...]


class Target(ABC):
    """Where the service runs. Every call is bounded in time. Raises TargetFailed when a command did not succeed."""

    name: str
    """The value of ``PXL_OPS_TARGET``."""
    here = True
    """Whether the service's folders and processes are on this machine."""

    def __init__(self, settings: Settings) -> None:
        self.replicas = replicas_of(settings)
        self._settings = settings
        self._stop_s = math.ceil(settings.shutdown_timeout_s) + STOP_MARGIN_S

    @property
    @abstractmethod
    def restart_command(self) -> str:
        """The target's own command that restarts the service, for advice."""

    @abstractmethod
    def start(self) -> None:
        """Start the service."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the service. Requests in flight may end within ``PXL_SHUTDOWN_TIMEOUT``."""

    @abstractmethod
    def restart_replica(self, name: str, /) -> None:
        """Replace one replica by a new process with the settings as they are now."""

    @abstractmethod
    def reload(self) -> None:
        """Have the service read keys, log level and quotas again (SIGHUP)."""

    @abstractmethod
    def standing(self) -> Standing:
        """What the target says of the service."""

    @abstractmethod
    def log_command(self, count: int, *, follow: bool) -> list[str]:
        """The command that prints the last ``count`` lines of the service's log, and goes on with new ones when it follows."""

    def log_lines(self, count: int) -> list[str]:
        """The last lines of the service's log; fewer when there are no more."""
        return run_program(self.log_command(count, follow=False), timeout_s=QUICK_S).splitlines()[-count:]

    def set_variable(self, name: str, value: str) -> None:
        """Set a variable for the next start, in the environment file. Raises OperationFailed when the service would refuse it."""
        require_valid(name, value)
        path = self._settings.env_file
        held = Sources().read().get(name)
        if held is not None and held.origin == ENVIRONMENT and held.value != value:
            raise TargetFailed(f"{name} is set in the environment, which comes before {path}: unset it there, or set it there")
        self.require_not_hidden(name, value)
        try:
            # The file may hold keys: dotenv makes a new file readable by its owner only, and keeps the mode of an existing one.
            set_key(path, name, value, quote_mode="auto", follow_symlinks=True)
        except OSError as error:
            raise TargetFailed(f"{path} cannot be written: {error.strerror}") from error

    def require_not_hidden(self, name: str, value: str) -> None:  # noqa: B027 - most targets hide nothing
        """Raises TargetFailed when the target gives the service another value, which the environment file would not change."""

    def restart(self) -> None:
        """Restart the replicas one after the other. With two replicas or more one of them always serves.

        Nothing is restarted while another replica is not ready. Raises OperationFailed then, and when a restarted one does not get ready.
        """
        within_s = self._settings.start_timeout_s
        for number, replica in enumerate(self.replicas):
            for other in self.replicas:
                if other is not replica and not is_ready(other):
                    raise OperationFailed(f"{other.name} is not ready: {replica.name} is not restarted")
            self.restart_replica(replica.name)
            if len(self.replicas) == 1:
                return
            deadline = time.monotonic() + within_s
            while not is_ready(replica):
                if time.monotonic() > deadline:
                    raise OperationFailed(f"{replica.name} was not ready within {within_s:g} s: the others are left as they are")
                time.sleep(_READY_LOOK_S)
            if number < len(self.replicas) - 1:
                time.sleep(_SETTLE_S)

    @property
    def _names(self) -> list[str]:
        return [replica.name for replica in self.replicas]


def is_ready(replica: Replica) -> bool:
    """Whether ``/health/ready`` of one replica says so."""
    if replica.port is None:
        raise OperationFailed(f"PXL_OPS_SERVICE: give the port of each replica ({replica.name}=PORT)")
    try:
        return ServiceReader(f"http://127.0.0.1:{replica.port}", timeout_s=5).ask("GET", "/health/ready").status == 200  # noqa: PLR2004
    except ServiceUnreachable:
        return False


def require_valid(name: str, value: str) -> None:
    """Raises OperationFailed when the service would refuse the variable at its next start."""
    if "\n" in value or "\r" in value:
        raise OperationFailed(f"{name}: a value is one line")
    # Other values in force may be wrong already; only the new one is judged.
    known = {str(field.validation_alias): field_name for field_name, field in Settings.model_fields.items()}
    if name not in known:
        raise OperationFailed(f"{name} is no variable of the service")
    try:
        Settings.of({}, **{known[name]: value})
    except ConfigurationError as error:
        raise OperationFailed(str(error)) from error


def find_program(name: str) -> str:
    """The path of a program on the search path or beside this Python. Raises TargetFailed when it is missing."""
    search = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{Path(sys.executable).parent}"
    path = shutil.which(name, path=search)
    if path is None:
        raise TargetFailed(
            f"there is no {name} on the search path; install it, or set PXL_OPS_TARGET to where the service runs "
            "(systemd, supervisord, compose, kubernetes)"
        )
    return path


def run_program(arguments: Sequence[str], *, timeout_s: float, statuses: Collection[int] = (0,)) -> str:
    """The standard output of a program. Raises TargetFailed when it is missing, takes too long, or ends with another of ``statuses``."""
    shown = shlex.join(arguments)
    program = find_program(arguments[0])
    try:
        ended = subprocess.run(
            [program, *arguments[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TargetFailed(f"{shown}: not done after {timeout_s:g} s") from error
    except OSError as error:
        raise TargetFailed(f"{shown}: {error}") from error
    if ended.returncode not in statuses:
        said = (ended.stderr.strip() or ended.stdout.strip())[-_SHOWN_CHARACTERS:]
        raise TargetFailed(f"{shown}: status {ended.returncode}: {said}")
    return ended.stdout

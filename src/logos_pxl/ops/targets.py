"""Where the service runs (``PXL_OPS_TARGET``), and the commands that control it there.

A target is a table of commands. In them ``{names}`` stands for all names of ``PXL_OPS_SERVICE``, ``{name}`` for one replica, ``{stop_s}``
for the seconds until a kill. Every command is bounded in time; one that fails raises TargetFailed.
"""

import contextlib
import math
import shlex
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from dotenv import set_key

from logos_pxl.errors import ConfigurationError
from logos_pxl.logs import SERVER_LOG
from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable, TargetFailed
from logos_pxl.ops.log_files import last_lines
from logos_pxl.ops.programs import run_program
from logos_pxl.ops.service import Replica, ServiceReader, replicas_of
from logos_pxl.settings import Settings
from logos_pxl.settings.sources import ENVIRONMENT, Sources

# A start, and what a target needs beyond the time that the service takes to stop.
_START_S, _STOP_MARGIN_S, _QUICK_S = 300.0, 10, 30.0
# nginx sends requests to a restarted replica again after its fail_timeout (2 s).
_SETTLE_S = 3.0
_LOOK_S = 0.2
_OK = 200


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands of one target; ``running`` is the word in the output of ``status`` that says so."""

    start: tuple[str, ...]
    stop: tuple[str, ...]
    restart: tuple[str, ...]
    reload: tuple[str, ...]
    status: str
    running: str
    logs: str


_ROLLED_OUT = "kubectl {namespace} rollout status deployment/{name} --timeout=300s"

COMMANDS = {
    "systemd": Commands(
        start=("systemctl start {names}",),
        stop=("systemctl stop {names}",),
        restart=("systemctl restart {name}",),
        reload=("systemctl reload {names}",),
        status="systemctl show --property=Id,ActiveState,SubState {names}",
        running="ActiveState=active",
        logs="journalctl --no-pager --output=cat --lines={count} {units}",
    ),
    "supervisord": Commands(
        start=("supervisorctl -c {conf} start {names}",),
        stop=("supervisorctl -c {conf} stop {names}", "supervisorctl -c {conf} shutdown"),
        restart=("supervisorctl -c {conf} restart {name}",),
        reload=("supervisorctl -c {conf} signal HUP {names}",),
        status="supervisorctl -c {conf} status {names}",
        running=" RUNNING ",
        logs="tail -n {count} {logs}",
    ),
    # `docker-compose restart` would start the old container, with the environment that it was made with.
    "compose": Commands(
        start=("{compose} up -d {names}",),
        stop=("{compose} stop --timeout {stop_s} {names}",),
        restart=("{compose} up -d --no-deps --force-recreate --timeout {stop_s} {name}",),
        reload=("{compose} kill -s SIGHUP {names}",),
        status="{compose} ps {names}",
        running=" Up",
        logs="{compose} logs --no-color --tail={count} {names}",
    ),
    # The environment of a pod is fixed at its start: a reload is a rolling restart. The autoscaler sets the number of replicas afterwards.
    "kubernetes": Commands(
        start=("kubectl {namespace} scale deployment/{name} --replicas=2", _ROLLED_OUT),
        stop=(
            "kubectl {namespace} scale deployment/{name} --replicas=0",
            "kubectl {namespace} wait pod --selector=app.kubernetes.io/name={name} --for=delete --timeout={stop_s}s",
        ),
        restart=("kubectl {namespace} rollout restart deployment/{name}", _ROLLED_OUT),
        reload=("kubectl {namespace} rollout restart deployment/{name}", _ROLLED_OUT),
        status="kubectl {namespace} get pods --selector=app.kubernetes.io/name={name}",
        running=" Running ",
        logs="kubectl {namespace} logs --selector=app.kubernetes.io/name={name} --prefix --tail={count}",
    ),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the target says that the service ``runs``, and the target's own words."""

    runs: bool
    lines: tuple[str, ...]


class Target:
    """A target by its commands; ``here`` tells whether the service's processes and folders are on this machine."""

    def __init__(self, settings: Settings) -> None:
        self.name: str = settings.ops_target
        self.here = self.name in ("systemd", "supervisord")
        self.replicas = replicas_of(settings)
        self.settings = settings
        self.commands = COMMANDS[self.name]
        self._stop_s = math.ceil(settings.shutdown_timeout_s) + _STOP_MARGIN_S

    @property
    def restart_command(self) -> str:
        """The target's own command that restarts the service, for advice."""
        return "; ".join(shlex.join(self._filled(self.commands.restart[0], replica)) for replica in self.replicas)

    def start(self) -> None:
        """Start the service."""
        self._run(self.commands.start)

    def stop(self) -> None:
        """Stop the service. Requests in flight may end within ``PXL_SHUTDOWN_TIMEOUT``."""
        self._run(self.commands.stop)

    def reload(self) -> None:
        """Have the service read keys, log level and quotas again (SIGHUP)."""
        self._run(self.commands.reload)

    def restart(self) -> None:
        """Restart the replicas one after the other. With two replicas or more one of them always serves.

        Nothing is restarted while another replica is not ready. Raises OperationFailed then, and when a restarted one does not get ready.
        """
        for number, replica in enumerate(self.replicas):
            for other in self.replicas:
                if other is not replica and not is_ready(other):
                    raise OperationFailed(f"{other.name} is not ready: {replica.name} is not restarted")
            self.restart_replica(replica)
            if len(self.replicas) > 1:
                self._wait_for(replica)
            if number < len(self.replicas) - 1:
                time.sleep(_SETTLE_S)

    def restart_replica(self, replica: Replica) -> None:
        """Replace one replica by a process with the settings as they are now."""
        self._run(self.commands.restart, replica)

    def standing(self) -> Standing:
        """What the target says of the service."""
        said = run_program(self._filled(self.commands.status), timeout_s=_QUICK_S, statuses=(0, 3, 4))
        return Standing(self.commands.running in said, tuple(line for line in said.splitlines() if line.strip()))

    def log_command(self, count: int, *, follow: bool) -> list[str]:
        """The command that prints the last ``count`` lines of the log, and with ``follow`` goes on with new ones."""
        return [
            *self._filled(self.commands.logs, count=count),
            *((["-F"] if self.name == "supervisord" else ["--follow"]) if follow else []),
        ]

    def log_lines(self, count: int) -> list[str]:
        """The last lines of the service's log; fewer when there are no more."""
        said = run_program(self.log_command(count, follow=False), timeout_s=_QUICK_S).splitlines()[-count:]
        return [line.partition("| ")[2] or line for line in said] if self.name == "compose" else said

    def set_variable(self, name: str, value: str) -> None:
        """Set a variable for the next start: in the environment file, or in the Deployment. No secrets. Raises OperationFailed."""
        require_valid(name, value)
        if self.name == "kubernetes":
            self._run((f"kubectl {{namespace}} set env deployment/{{name}} {shlex.quote(f'{name}={value}')}",))
            return
        path = self.settings.env_file
        held = Sources().read().get(name)
        if held is not None and held.origin == ENVIRONMENT and held.value != value:
            raise TargetFailed(f"{name} is set in the environment, which comes before {path}: unset it there, or set it there")
        try:
            # The file may hold keys: dotenv makes a new file readable by its owner only, and keeps the mode of an existing one.
            set_key(path, name, value, quote_mode="auto", follow_symlinks=True)
        except OSError as error:
            raise TargetFailed(f"{path} cannot be written: {error.strerror}") from error

    def _run(self, commands: tuple[str, ...], replica: Replica | None = None) -> None:
        timeout_s = len(self.replicas) * self._stop_s + _START_S
        for command in commands:
            run_program(self._filled(command, replica), timeout_s=timeout_s)

    def _filled(self, command: str, replica: Replica | None = None, *, count: int = 0) -> list[str]:
        names = [each.name for each in self.replicas]
        values = {
            "names": shlex.join(names),
            "name": (replica or self.replicas[0]).name,
            "units": " ".join(f"--unit={name}" for name in names),
            "stop_s": self._stop_s,
            "count": count,
            "conf": shlex.quote(str(self.settings.supervisord_conf)),
            "logs": shlex.join(map(str, self._logs())),
            "namespace": f"--namespace {self.settings.ops_namespace}" if self.settings.ops_namespace else "",
            # Compose 2 is a part of docker; Compose 1 was a program of its own, which the manual names.
            "compose": "docker compose" if shutil.which("docker-compose") is None and shutil.which("docker") else "docker-compose",
        }
        return shlex.split(command.format_map(values))

    def _logs(self) -> list[Path]:
        """The first replica logs into ``PXL_LOG_DIR``, under supervisord each other one into the folder of its port below that."""
        folder = self.settings.log_dir
        return [folder / SERVER_LOG, *(folder / str(replica.port) / SERVER_LOG for replica in self.replicas[1:])]

    def _wait_for(self, replica: Replica) -> None:
        deadline = time.monotonic() + self.settings.start_timeout_s
        while not is_ready(replica):
            if time.monotonic() > deadline:
                within = f"{self.settings.start_timeout_s:g} s"
                raise OperationFailed(f"{replica.name} was not ready within {within}: the others are left as they are")
            time.sleep(_LOOK_S)


class Supervisord(Target):
    """The target supervisord, whose daemon is started when it is needed."""

    _STATE = Path("var/supervisor")
    _SOCKET = Path("var/pxl.sock")
    # A socket's path has 107 characters at most; supervisord appends its process id for a moment.
    _SOCKET_CHARACTERS = 98
    _UNREACHABLE = 7
    _LAST_OUTPUT = 3

    def start(self) -> None:
        """Start supervisord unless it runs, then the programs; returns when they run."""
        if self._daemon() is None:
            if len(str(self._SOCKET.absolute())) > self._SOCKET_CHARACTERS:
                raise TargetFailed(
                    f"{self._SOCKET.absolute()} is longer than a socket's path may be: run the service in a folder with a shorter name"
                )
            self._STATE.mkdir(parents=True, exist_ok=True)
            self._run(("supervisord -c {conf}",))
        self._require_running(self.commands.start)

    def stop(self) -> None:
        """Stop the programs and supervisord."""
        daemon = self._daemon()
        if daemon is not None:
            super().stop()
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(daemon).wait(self._stop_s)

    def restart_replica(self, replica: Replica) -> None:
        """Restart the program; it is started when it was not running."""
        if self._daemon() is None:
            self.start()
        else:
            self._require_running(self.commands.restart, replica)

    def log_lines(self, count: int) -> list[str]:
        """The last lines of pxl-server.log of each replica; none where there is no such file yet."""
        return [line for path in self._logs() for line in last_lines(path, count)]

    def set_variable(self, name: str, value: str) -> None:
        """As ever, unless the environment that supervisord was started in would hide the file's value."""
        require_valid(name, value)
        daemon = self._daemon() if self.settings.supervisord_conf.exists() else None
        with contextlib.suppress(psutil.Error):
            if daemon is not None and psutil.Process(daemon).environ().get(name, value) != value:
                raise TargetFailed(
                    f"{name} is set in the environment of supervisord, which comes before files: stop it, unset {name}, start it"
                )
        super().set_variable(name, value)

    def _daemon(self) -> int | None:
        said = run_program(self._filled("supervisorctl -c {conf} pid"), timeout_s=_QUICK_S, statuses=(0, self._UNREACHABLE)).strip()
        return int(said) if said.isdecimal() else None

    def _require_running(self, commands: tuple[str, ...], replica: Replica | None = None) -> None:
        """Run ``commands``, and wait until no program is starting. When one does not run, TargetFailed has the service's last output."""
        try:
            self._run(commands, replica)
            problem = self._not_running()
        except TargetFailed as error:
            problem = str(error)
        if problem:
            output = [line for each in self.replicas for line in last_lines(self._STATE / f"{each.name}.out", self._LAST_OUTPUT)]
            raise TargetFailed(f"{problem}; last output: {' / '.join(output) or 'none'}")

    def _not_running(self) -> str:
        while " STARTING " in (said := "; ".join(self.standing().lines)):
            time.sleep(_LOOK_S)
        return "" if said.count(self.commands.running) == len(self.replicas) else said


def target_of(settings: Settings) -> Target:
    """The target that ``PXL_OPS_TARGET`` names."""
    return Supervisord(settings) if settings.ops_target == "supervisord" else Target(settings)


def is_ready(replica: Replica) -> bool:
    """Whether ``/health/ready`` of one replica says so. Raises OperationFailed when its port is not known."""
    if replica.port is None:
        raise OperationFailed(f"PXL_OPS_SERVICE: give the port of each replica ({replica.name}=PORT)")
    try:
        return ServiceReader(f"http://127.0.0.1:{replica.port}", timeout_s=5).ask("GET", "/health/ready").status == _OK
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

"""The service in a container of docker-compose.

``restart`` makes the container anew: ``docker-compose restart`` would start the old one with the environment that it was made with.
"""

import math
import shutil

from logos_pxl.ops.targets.commands import run_program
from logos_pxl.ops.targets.environment_file import environment_file, set_in_file
from logos_pxl.ops.targets.interface import Standing
from logos_pxl.settings import Settings

_QUICK_S = 30.0
# Making a container, and pulling nothing.
_START_S = 120.0
# The container's end comes after the service's own.
_STOP_MARGIN_S = 10


class ComposeTarget:
    """The service ``PXL_OPS_SERVICE`` of the compose file in the current folder (or ``COMPOSE_FILE``)."""

    name = "compose"

    def __init__(self, settings: Settings) -> None:
        self._service = settings.ops_service
        self._stop_s = math.ceil(settings.shutdown_timeout_s) + _STOP_MARGIN_S
        self._env_file = environment_file(settings)
        self.restart_command = f"docker-compose up -d --no-deps --force-recreate {self._service}"

    def start(self) -> None:
        """``up -d``."""
        self._compose("up", "-d", self._service, timeout_s=_START_S)

    def stop(self) -> None:
        """``stop``: the container stays, its dependencies too."""
        self._compose("stop", "--timeout", str(self._stop_s), self._service, timeout_s=self._stop_s + _QUICK_S)

    def restart(self) -> None:
        """``up -d --force-recreate``: with what the environment file says now."""
        options = ("--no-deps", "--force-recreate", "--timeout", str(self._stop_s))
        self._compose("up", "-d", *options, self._service, timeout_s=self._stop_s + _START_S)

    def reload(self) -> None:
        """SIGHUP to the container's first process."""
        self._compose("kill", "-s", "SIGHUP", self._service, timeout_s=_QUICK_S)

    def set_variable(self, name: str, value: str) -> None:
        """In the environment file, which compose reads."""
        set_in_file(self._env_file, name, value)

    def standing(self) -> Standing:
        """``ps``: the service runs when it has a container that does."""
        running = self._compose("ps", "--services", "--filter", "status=running", timeout_s=_QUICK_S).split()
        return Standing(self._service in running, tuple(self._compose("ps", self._service, timeout_s=_QUICK_S).splitlines()))

    def log_lines(self, count: int) -> list[str]:
        """``logs``."""
        said = self._compose("logs", "--no-color", f"--tail={count}", self._service, timeout_s=_QUICK_S)
        return [line.partition("| ")[2] or line for line in said.splitlines()][-count:]

    def _compose(self, *arguments: str, timeout_s: float) -> str:
        # Compose 2 is a part of docker; its 1 was a program of its own, whose name the manual has.
        program = ["docker", "compose"] if shutil.which("docker-compose") is None and shutil.which("docker") else ["docker-compose"]
        return run_program([*program, *arguments], timeout_s=timeout_s)

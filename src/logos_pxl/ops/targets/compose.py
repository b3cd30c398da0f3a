"""The service in containers of docker-compose.

A restart makes the container anew: ``docker-compose restart`` would start the old one with the environment that it was made with.
"""

import shutil

from logos_pxl.ops.targets.base import QUICK_S, START_S, Standing, Target, run_program


class ComposeTarget(Target):
    """The services of ``PXL_OPS_SERVICE`` in the compose file of the current folder (or ``COMPOSE_FILE``)."""

    name = "compose"
    here = False

    @property
    def restart_command(self) -> str:
        """``up -d --force-recreate``."""
        return f"docker-compose up -d --no-deps --force-recreate {' '.join(self._names)}"

    def start(self) -> None:
        """``up -d``."""
        self._compose("up", "-d", *self._names, timeout_s=START_S)

    def stop(self) -> None:
        """``stop``: containers stay, their dependencies too."""
        self._compose("stop", "--timeout", str(self._stop_s), *self._names, timeout_s=self._stop_s + QUICK_S)

    def restart_replica(self, name: str, /) -> None:
        """``up -d --force-recreate``: with what the environment file says now."""
        options = ("--no-deps", "--force-recreate", "--timeout", str(self._stop_s))
        self._compose("up", "-d", *options, name, timeout_s=self._stop_s + START_S)

    def reload(self) -> None:
        """SIGHUP to the first process of each container."""
        self._compose("kill", "-s", "SIGHUP", *self._names)

    def standing(self) -> Standing:
        """``ps``: the service runs when one of its containers does."""
        running = self._compose("ps", "--services", "--filter", "status=running").split()
        return Standing(any(name in running for name in self._names), tuple(self._compose("ps", *self._names).splitlines()))

    def log_command(self, count: int, *, follow: bool) -> list[str]:
        """``logs``."""
        return [*self._program, "logs", "--no-color", f"--tail={count}", *(["--follow"] if follow else []), *self._names]

    def log_lines(self, count: int) -> list[str]:
        """``logs``, without the container's name before each line."""
        return [line.partition("| ")[2] or line for line in super().log_lines(count)]

    @property
    def _program(self) -> list[str]:
        # Compose 2 is a part of docker; Compose 1 was a program of its own, which the manual names.
        return ["docker", "compose"] if shutil.which("docker-compose") is None and shutil.which("docker") else ["docker-compose"]

    def _compose(self, *arguments: str, timeout_s: float = QUICK_S) -> str:
        return run_program([*self._program, *arguments], timeout_s=timeout_s)

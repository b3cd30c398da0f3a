"""The service on this machine, under ``pxl up``."""

import contextlib
from collections.abc import Callable

import psutil

from logos_pxl.logs.names import SERVER_LOG
from logos_pxl.ops.errors import OperationFailed, TargetFailed
from logos_pxl.ops.log_files import last_lines
from logos_pxl.ops.supervisor.control import Control
from logos_pxl.ops.supervisor.lock import holder
from logos_pxl.ops.supervisor.overview import overview
from logos_pxl.ops.targets.environment_file import environment_file, set_in_file
from logos_pxl.ops.targets.interface import Standing
from logos_pxl.settings import Settings


class LocalTarget:
    """The service that ``pxl up`` supervises in this folder."""

    name = "local"
    restart_command = "pxl restart"

    def __init__(self, settings: Settings) -> None:
        self._control = Control(settings)
        self._log = settings.log_dir / SERVER_LOG
        self._env_file = environment_file(settings)

    def start(self) -> None:
        """``pxl up``: returns when the service is ready."""
        _as_target(self._control.up)

    def stop(self) -> None:
        """``pxl down``."""
        _as_target(self._control.down)

    def restart(self) -> None:
        """``pxl restart``; ``pxl up`` when nothing runs."""
        runs = holder(self._control.places.lock) is not None
        _as_target(self._control.restart if runs else self._control.up)

    def reload(self) -> None:
        """``pxl reload``."""
        _as_target(self._control.reload)

    def set_variable(self, name: str, value: str) -> None:
        """In the environment file, unless the supervisor's own environment would hide it."""
        supervisor = holder(self._control.places.lock)
        with contextlib.suppress(psutil.Error):
            if supervisor is not None and psutil.Process(supervisor).environ().get(name, value) != value:
                raise TargetFailed(
                    f"{name} was set in the environment of 'pxl up', which comes before files: pxl down, unset {name}, pxl up"
                )
        set_in_file(self._env_file, name, value)

    def standing(self) -> Standing:
        """As ``pxl status`` has it."""
        found = overview(self._control.places)
        runs = bool(found.unsupervised) or (found.state is not None and found.state.service is not None)
        return Standing(runs, tuple(found.lines()))

    def log_lines(self, count: int) -> list[str]:
        """Of pxl-server.log."""
        return last_lines(self._log, count)


def _as_target(order: Callable[[], str]) -> None:
    try:
        order()
    except OperationFailed as error:
        raise TargetFailed(str(error)) from error

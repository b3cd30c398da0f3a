"""The service on this machine, under ``pxl up``."""

from logos_pxl.logs.opening import SERVER_LOG
from logos_pxl.ops.errors import TargetFailed
from logos_pxl.ops.targets.environment_file import environment_file, set_in_file
from logos_pxl.ops.targets.interface import Standing
from logos_pxl.ops.targets.log_files import last_lines
from logos_pxl.settings import Settings

_NOT_YET = "the local supervisor is not built in this version"


class LocalTarget:
    """The service that ``pxl up`` supervises in this folder."""

    name = "local"
    restart_command = "pxl restart"

    def __init__(self, settings: Settings) -> None:
        self._log = settings.log_dir / SERVER_LOG
        self._env_file = environment_file(settings)

    def start(self) -> None:
        """``pxl up``."""
        raise TargetFailed(_NOT_YET)

    def stop(self) -> None:
        """``pxl down``."""
        raise TargetFailed(_NOT_YET)

    def restart(self) -> None:
        """``pxl restart``."""
        raise TargetFailed(_NOT_YET)

    def reload(self) -> None:
        """SIGHUP, through the supervisor."""
        raise TargetFailed(_NOT_YET)

    def set_variable(self, name: str, value: str) -> None:
        """In the environment file."""
        set_in_file(self._env_file, name, value)

    def standing(self) -> Standing:
        """As ``pxl status`` has it."""
        raise TargetFailed(_NOT_YET)

    def log_lines(self, count: int) -> list[str]:
        """Of pxl-server.log."""
        return last_lines(self._log, count)

"""``pxl serve``."""

from collections.abc import Mapping
from typing import Any

from logos_pxl.cli.failing import tell
from logos_pxl.cli.statuses import ExitStatus
from logos_pxl.errors import PxlError
from logos_pxl.logs.opening import log_failed_start
from logos_pxl.settings.configuration import Configuration


def serve_with(overrides: Mapping[str, Any]) -> ExitStatus:
    """Serve with the environment's settings; ``overrides`` (field names, ``None`` for not given) come before them."""
    try:
        configuration = Configuration.load(**{name: value for name, value in overrides.items() if value is not None})
    except PxlError as error:
        tell(error)
        log_failed_start(str(error))
        return ExitStatus.ERROR
    from logos_pxl.service.server import run_server  # noqa: PLC0415 - wrong settings are told before the server is loaded

    try:
        run_server(configuration)
    except (PxlError, OSError) as error:
        tell(error)
        return ExitStatus.ERROR
    except KeyboardInterrupt:
        return ExitStatus.ERROR
    return ExitStatus.VALID

"""Settings for commands that must work when the configuration is wrong: stop, logs, diagnose, recover, incident."""

import contextlib
import logging
import os
import tomllib
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from logos_pxl.errors import ConfigurationError
from logos_pxl.settings import Settings
from logos_pxl.settings.declaring import fields_by_variable
from logos_pxl.settings.sources import CONFIG_DIR, ENV_FILE, ENVIRONMENT, Sourced


def lenient_settings() -> tuple[Settings, str | None]:
    """The settings, and what is wrong with them (``None`` when nothing is). Wrong values are left at their defaults."""
    try:
        return Settings.load(), None
    except ConfigurationError as error:
        return Settings.of({name: held for name, held in _readable().items() if _valid(name, held)}), str(error)


def _readable() -> dict[str, Sourced]:
    """The variables of all sources that can be read, in the sources' order."""
    values: dict[str, Any] = {}
    for path in sorted(Path(os.environ.get(CONFIG_DIR) or "configs").glob("*.toml")):
        with contextlib.suppress(OSError, ValueError):
            values |= tomllib.loads(path.read_text())
    # dotenv warns of each line that it cannot read; the message of the caller says so already.
    logging.getLogger("dotenv.main").setLevel(logging.ERROR)
    with contextlib.suppress(OSError, ValueError):
        values |= {name: value for name, value in dotenv_values(os.environ.get(ENV_FILE) or ".env", interpolate=False).items() if value}
    values |= {name: value for name, value in os.environ.items() if value}
    known = fields_by_variable(Settings)
    return {name: Sourced(_text(value), ENVIRONMENT) for name, value in values.items() if name in known and value != ""}


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)


def _valid(name: str, held: Sourced) -> bool:
    try:
        Settings.of({name: held})
    except ConfigurationError:
        return False
    return True

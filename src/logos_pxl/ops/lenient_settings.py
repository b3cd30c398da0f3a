"""Settings for commands that must work just when the configuration is broken: end the service, tell how it stands, say what is wrong.

Invariant: what can be read is read as the service would; only what is wrong is left at its default, and the caller is told.
"""

import logging
import os
import tomllib
from pathlib import Path

from dotenv import dotenv_values

from logos_pxl.errors import ConfigurationError
from logos_pxl.settings import Settings
from logos_pxl.settings.declaring import fields_by_variable
from logos_pxl.settings.sources import CONFIG_DIR, ENV_FILE, ENVIRONMENT, Sourced


def lenient_settings() -> tuple[Settings, str | None]:
    """The settings, and what the service would say is wrong with them; ``None`` when nothing is."""
    try:
        return Settings.load(), None
    except ConfigurationError as error:
        wrong = str(error)
    found = {name: held for name, held in _readable().items() if _valid(name, held)}
    return Settings.of(found), wrong


def _readable() -> dict[str, Sourced]:
    """Of each source as much as can be read, in the sources' order."""
    found: dict[str, Sourced] = {}
    for path in sorted(Path(os.environ.get(CONFIG_DIR) or "configs").glob("*.toml")):
        try:
            document = tomllib.loads(path.read_text())
        except (OSError, ValueError):
            continue
        found |= {name: Sourced(_text(value), str(path)) for name, value in document.items() if value != ""}
    found |= {name: Sourced(value, ENV_FILE) for name, value in _environment_file().items() if value}
    found |= {name: Sourced(value, ENVIRONMENT) for name, value in os.environ.items() if value}
    return {name: held for name, held in found.items() if name in fields_by_variable(Settings)}


def _environment_file() -> dict[str, str | None]:
    # It warns of each line that it cannot read; the caller has been told already.
    logging.getLogger("dotenv.main").setLevel(logging.ERROR)
    try:
        return dict(dotenv_values(os.environ.get(ENV_FILE) or ".env", interpolate=False))
    except (OSError, ValueError):
        return {}


def _text(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case list():
            return ",".join(map(str, value))
    return str(value)


def _valid(name: str, held: Sourced) -> bool:
    try:
        Settings.of({name: held})
    except ConfigurationError:
        return False
    return True

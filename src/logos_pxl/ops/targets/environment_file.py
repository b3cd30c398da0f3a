"""Variables in the environment file, for the next start.

Invariant: the file is replaced whole or not at all; its other lines and its mode stay as they are.
"""

from pathlib import Path

from dotenv import set_key, unset_key

from logos_pxl.errors import ConfigurationError
from logos_pxl.ops.errors import OperationFailed, TargetFailed
from logos_pxl.settings import Settings
from logos_pxl.sources import ENVIRONMENT, Sources


def environment_file(settings: Settings) -> Path:
    """``PXL_ENV_FILE``."""
    return settings.env_file


def set_in_file(path: Path, name: str, value: str) -> None:
    """Set a variable of the service, in a form that it will accept. Raises TargetFailed, OperationFailed; then nothing was changed."""
    _require_valid(name, value)
    try:
        held = Sources().read().get(name)
        if held is not None and held.origin == ENVIRONMENT and held.value != value:
            raise TargetFailed(f"{name} is set in the environment, which comes before {path}: unset it there, or set it there")
        # The file may hold keys: dotenv makes a new one that only its owner may read, and keeps the mode of one that is there.
        set_key(path, name, value, quote_mode="auto", follow_symlinks=True)
    except OSError as error:
        raise TargetFailed(f"{path} cannot be written: {error.strerror}") from error


def unset_in_file(path: Path, name: str) -> None:
    """Remove a variable, when it is there. Raises TargetFailed."""
    try:
        if path.exists():
            unset_key(path, name, follow_symlinks=True)
    except OSError as error:
        raise TargetFailed(f"{path} cannot be written: {error.strerror}") from error


def _require_valid(name: str, value: str) -> None:
    if "\n" in value or "\r" in value:
        raise OperationFailed(f"{name}: a value is one line")
    # What is there already may be wrong, and is none of this value's business: only the new one is looked at.
    known = {str(field.validation_alias): field_name for field_name, field in Settings.model_fields.items()}
    if name not in known:
        raise OperationFailed(f"{name} is no variable of the service")
    try:
        Settings.of({}, **{known[name]: value})
    except ConfigurationError as error:
        raise OperationFailed(str(error)) from error

"""Where values of variables come from: files in ``configs/``, the environment file, the environment.

Invariant: the last source that sets a variable counts, in the order ``configs/*.toml`` (by name), environment file, environment. An empty
value counts as not set. A ``Sources`` can be read again after a failure.

Service managers and compose files copy the environment file into the environment of the process, where the copy would hide later versions
of the file. So a variable that has the same value in both when they are first read belongs to the file from then on.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from dotenv.parser import parse_stream

from logos_pxl.errors import ConfigurationError

CONFIG_DIR = "PXL_CONFIG_DIR"
ENV_FILE = "PXL_ENV_FILE"
ENVIRONMENT = "environment"

_DEFAULT_CONFIG_DIR = "configs"
_DEFAULT_ENV_FILE = ".env"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Sourced:
    """One variable's value and its source: a file as it was named, or ``environment``."""

    value: str
    origin: str


class Sources:
    """The sources of one process. ``environment`` is not copied. Relative file names are resolved against ``folder``."""

    def __init__(self, environment: Mapping[str, str] = os.environ, *, folder: Path = Path()) -> None:
        self._environment = environment
        self._folder = folder
        self._own_of_file: frozenset[str] | None = None

    def read(self) -> dict[str, Sourced]:
        """All variables that any source sets, known or not. Raises ConfigurationError with the file and the place in it."""
        found: dict[str, Sourced] = {}
        for path in self._toml_files():
            found.update(_from_toml(path, self._shown(path)))
        env_file = self._env_file()
        from_file = {} if env_file is None else _from_env_file(env_file, self._shown(env_file))
        found.update(from_file)
        if self._own_of_file is None:
            self._own_of_file = frozenset(name for name, held in from_file.items() if self._environment.get(name) == held.value)
        for name, value in self._environment.items():
            if value and name not in self._own_of_file:
                found[name] = Sourced(value, ENVIRONMENT)
        return found

    def _toml_files(self) -> list[Path]:
        given = self._environment.get(CONFIG_DIR)
        folder = self._folder / (given or _DEFAULT_CONFIG_DIR)
        if given and not folder.is_dir():
            raise ConfigurationError(f"{CONFIG_DIR}={given!r}: no such folder; give a folder with TOML files, or unset it")
        return sorted(folder.glob("*.toml"))

    def _env_file(self) -> Path | None:
        given = self._environment.get(ENV_FILE)
        path = self._folder / (given or _DEFAULT_ENV_FILE)
        if path.exists():
            return path
        if given:
            raise ConfigurationError(f"{ENV_FILE}={given!r}: no such file; give a file of NAME=value lines, or unset it")
        return None

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self._folder)) if path.is_relative_to(self._folder) else str(path)


def _from_toml(path: Path, shown: str) -> dict[str, Sourced]:
    try:
        document = tomllib.loads(_text(path, shown))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{shown}: {error}; give NAME = value lines in TOML") from error
    found = {}
    for name, value in document.items():
        _require_settable(name, shown)
        text = _as_text(value)
        if text is None:
            raise ConfigurationError(f"{shown}: {name} is {_kind(value)}; give a string, a number, true or false, or an array of strings")
        if text:
            found[name] = Sourced(text, shown)
    return found


def _from_env_file(path: Path, shown: str) -> dict[str, Sourced]:
    found: dict[str, Sourced] = {}
    with _opened(path, shown) as lines:
        try:
            bindings = list(parse_stream(lines))
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"{shown}: byte {error.start} is not UTF-8") from error
    for binding in bindings:
        # The line is not shown: it may hold a key.
        if binding.error or (binding.key is not None and (binding.value is None or not _NAME.fullmatch(binding.key))):
            raise ConfigurationError(f"{shown}, line {binding.original.line}: not a NAME=value line; correct it, or begin the line with #")
        if binding.key is not None:
            _require_settable(binding.key, shown)
            found.pop(binding.key, None)
            if binding.value:
                found[binding.key] = Sourced(binding.value, shown)
    return found


def _opened(path: Path, shown: str) -> TextIO:
    try:
        return path.open(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{shown} cannot be read: {error.strerror}") from error


def _text(path: Path, shown: str) -> str:
    with _opened(path, shown) as opened:
        try:
            return opened.read()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{shown} cannot be read: {error}") from error


def _require_settable(name: str, shown: str) -> None:
    if name in (CONFIG_DIR, ENV_FILE):
        raise ConfigurationError(f"{shown}: {name} names the files to read, so a file cannot set it; set it in the environment")


def _as_text(value: object) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case list() if all(isinstance(part, str) for part in value):
            return ",".join(value)
    return None


def _kind(value: object) -> str:
    match value:
        case dict():
            return "a table"
        case list():
            return "an array of other values"
    return f"a {type(value).__name__}"

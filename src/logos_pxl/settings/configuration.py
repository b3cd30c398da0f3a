"""The configuration in force: each setting, which source gave it, and what changes on a reload.

Invariant: no entry, warning or change shows a secret.
"""

import hashlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from logos_pxl.settings.declaring import fields_by_variable, is_secret, nearest, without_password
from logos_pxl.settings.fields import Settings
from logos_pxl.settings.sources import ENVIRONMENT, Sourced, Sources

_log = logging.getLogger(__name__)

DEFAULT = "default"
COMMAND_LINE = "command line"

# A variable whose name begins so is meant for this service.
_OURS = ("PXL_", "HMAC_", "ENABLE_HMAC", "RATE_LIMIT_")
_OURS_ALIKE = 0.6
_OTHERS_ALIKE = 0.9


@dataclass(frozen=True, slots=True)
class Entry:
    """One variable as it may be shown. ``value`` is what would set it; for a secret, only whether it is set, and a fingerprint."""

    variable: str
    value: str
    origin: str
    secret: bool
    wanted: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings with their origins. ``warnings`` are sentences about variables that are not read."""

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...]
    sources: Sources = field(repr=False)
    _overrides: Mapping[str, Any] = field(repr=False)

    @classmethod
    def load(cls, sources: Sources | None = None, **overrides: Any) -> "Configuration":
        """Read all sources. ``overrides`` (field names) have priority. Raises ConfigurationError."""
        sources = sources or Sources()
        found = sources.read()
        fields = fields_by_variable(Settings)
        origins = {name: found[name].origin if name in found else DEFAULT for name in fields}
        origins.update({name: COMMAND_LINE for name, (field_name, _) in fields.items() if field_name in overrides})
        return cls(Settings.of(found, **overrides), origins, tuple(_unread(found)), sources, overrides)

    def again(self) -> "Configuration":
        """Read the same sources again. Raises ConfigurationError."""
        return Configuration.load(self.sources, **self._overrides)

    def entries(self) -> list[Entry]:
        """All variables, sorted by name."""
        entries = []
        for name, (field_name, described) in sorted(fields_by_variable(Settings).items()):
            value = getattr(self.settings, field_name)
            entries.append(Entry(name, shown(value), self.origins[name], is_secret(described), described.description or ""))
        return entries

    def tell_warnings(self) -> None:
        """Log what the operator should correct."""
        for warning in (*self.warnings, *exposed_secrets(self)):
            _log.warning("%s", warning)

    def changes(self, newer: "Configuration") -> list[str]:
        """The variables whose values differ in ``newer``."""
        return [
            name
            for name, (field_name, _) in sorted(fields_by_variable(Settings).items())
            if getattr(self.settings, field_name) != getattr(newer.settings, field_name)
        ]


def shown(value: object) -> str:
    """A setting's value as an environment variable would hold it; a secret is hidden."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case SecretStr():
            fingerprint = hashlib.sha256(value.get_secret_value().lower().encode()).hexdigest()[:8]
            return f"(hidden; fingerprint {fingerprint})"
        case tuple():
            return ",".join(str(part) for part in value)
    return without_password(str(value))


def _unread(found: Mapping[str, Sourced]) -> Iterator[str]:
    known = fields_by_variable(Settings)
    for name, held in sorted(found.items()):
        if name in known:
            continue
        # The environment is full of other programs' variables; the files in configs/ are ours alone.
        ours = name.upper().startswith(_OURS) or held.origin.endswith(".toml")
        meant = nearest(name, known, alike=_OURS_ALIKE if ours else _OTHERS_ALIKE)
        if ours or meant is not None:
            yield f"{name} ({held.origin}) is not a variable of this service and is ignored" + (f"; did you mean {meant}?" if meant else "")


def exposed_secrets(configuration: Configuration) -> list[str]:
    """A sentence for each file that holds a secret and is readable by all users."""
    names = {
        configuration.origins[entry.variable]
        for entry in configuration.entries()
        if entry.secret and configuration.origins[entry.variable] not in (DEFAULT, ENVIRONMENT, COMMAND_LINE)
    }
    return [f"{name} holds a secret and is readable by all users: chmod 600 {name}" for name in sorted(names) if _readable_by_all(name)]


def _readable_by_all(name: str) -> bool:
    try:
        return bool(Path(name).stat().st_mode & 0o004)
    except OSError:
        return False

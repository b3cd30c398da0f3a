"""How a setting is declared, and the error message for a wrong value.

Each setting is declared once: its field (whose name carries the unit), its variable, its meaning, its bounds and its default. The error
messages, ``pxl config`` and the tests of docs/configuration.md and configs/pxl.toml are derived from that declaration.

Invariant: no message shows the value of a secret.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo

_USER = re.compile(r"//[^/@\s]*@")


def setting(default: Any, variable: str, wanted: str, **bounds: Any) -> Any:
    """A field that is read from ``variable``. ``wanted`` completes the sentence "give ..."; the bounds are added to it."""
    return Field(default, validation_alias=variable, description=wanted + _range(**bounds), **bounds)


def fields_by_variable(settings: type[BaseModel]) -> dict[str, tuple[str, FieldInfo]]:
    """The name and the description of each variable's field."""
    return {str(field.validation_alias): (name, field) for name, field in settings.model_fields.items()}


def is_secret(field: FieldInfo) -> bool:
    """Whether the field's value must never be shown."""
    return _mentions_secret(field.annotation)


def explain(settings: type[BaseModel], error: ValidationError) -> str:
    """One line for each wrong value: the variable, the value, what is wrong, and what would be right."""
    lines = []
    for problem in error.errors(include_url=False):
        place = str(problem["loc"][0])
        for name, (field_name, field) in fields_by_variable(settings).items():
            if place in (name, field_name):
                shown = "(hidden)" if is_secret(field) else without_password(repr(problem["input"]))
                wrong = problem["msg"].removeprefix("Value error, ")
                lines.append(f"{name}={shown}: {wrong}; give {field.description}")
    return "\n".join(sorted(lines))


def nearest(name: str, known: Iterable[str], *, alike: float) -> str | None:
    """The known name that ``name`` was probably meant to be. ``alike`` is the required similarity, from 0 to 1."""
    found = get_close_matches(name.upper(), list(known), n=1, cutoff=alike)
    return found[0] if found else None


def without_password(text: str) -> str:
    """``text`` without the user and the password of an address such as ``redis://user:password@host``."""
    return _USER.sub("//(hidden)@", text)


def _range(**bounds: Any) -> str:
    """The bounds in words, such as ``, from 1 to 256``; empty without numeric bounds."""
    if "gt" in bounds:
        return f", more than {bounds['gt']} and at most {bounds['le']}"
    return f", from {bounds['ge']} to {bounds['le']}" if "ge" in bounds else ""


def _mentions_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_mentions_secret(part) for part in get_args(annotation))

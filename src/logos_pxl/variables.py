"""Variables of the environment as fields of a settings class, and what is said when one is wrong.

Invariant: no message shows the value of a secret.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo

_USER = re.compile(r"//[^/@\s]*@")


def variable(default: Any, name: str, wanted: str, **bounds: Any) -> Any:
    """A field read from the environment variable ``name``; ``wanted`` completes the sentence "give ..."."""
    return Field(default, validation_alias=name, description=wanted, **bounds)


def fields_by_variable(settings: type[BaseModel]) -> dict[str, tuple[str, FieldInfo]]:
    """Each variable with the name and the description of its field."""
    return {str(field.validation_alias): (name, field) for name, field in settings.model_fields.items()}


def is_secret(field: FieldInfo) -> bool:
    """Whether the field's value must never be shown."""
    return _mentions_secret(field.annotation)


def explain(settings: type[BaseModel], error: ValidationError) -> str:
    """One line for each wrong value: the variable, the value, what is wrong, what would do."""
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
    """The known name that ``name`` was probably meant to be; ``alike`` is how much of it must agree, from 0 to 1."""
    found = get_close_matches(name.upper(), list(known), n=1, cutoff=alike)
    return found[0] if found else None


def without_password(text: str) -> str:
    """``text`` without the user and the password of an address such as ``redis://user:password@host``."""
    return _USER.sub("//(hidden)@", text)


def _mentions_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_mentions_secret(part) for part in get_args(annotation))

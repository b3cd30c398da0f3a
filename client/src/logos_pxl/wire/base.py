"""The base of all types on the wire, and the types of single values.

The service refuses request members that it does not know. The client keeps answer members that it does not know, and takes values of
``open_choice`` that it does not know: a newer service may send both. A ``Literal`` in an answer is closed on purpose: the client could not
check an answer with another value.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from logos_pxl.wire.ids import JOB_ID_PATTERN, SHA256_PATTERN

Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]
JobId = Annotated[str, Field(pattern=JOB_ID_PATTERN)]
Count = Annotated[int, Field(ge=0)]
Timestamp = Annotated[str, Field(description="ISO 8601, UTC.")]


def _whole(value: Any) -> Any:
    """JSON has one number type: 1000, 1000.0 and 1e3 are the same number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Milliseconds = Annotated[int, Field(ge=1), BeforeValidator(_whole)]


def open_choice(choices: type[StrEnum] | tuple[str, ...]) -> Any:
    """Field metadata: the values that this version of the service sends. They are documented and not enforced."""
    return Field(json_schema_extra={"enum": [str(choice) for choice in choices]})


class Request(BaseModel):
    """The body of a request: unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Answer(BaseModel):
    """Anything that the service answers. Unknown members are kept in ``model_extra``."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)

    def as_json(self) -> dict[str, Any]:
        """The answer as JSON, with the members that this version does not know."""
        return self.model_dump(mode="json", exclude_unset=True)

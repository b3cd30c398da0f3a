"""What a check is, and what it may demand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from logos_pxl.acceptance.service import Answer, Service


class Failed(Exception):
    """The service does not do what it promises; the message says what was found, and what was to be."""


class Skipped(Exception):
    """The check does not fit the service; the message says why."""


Run = Callable[[Service], str]
"""Asks the service; gives a remark for the report. Raises Failed or Skipped."""


@dataclass(frozen=True, slots=True)
class Check:
    """One promise: ``name`` says it, ``run`` finds out."""

    group: str
    name: str
    run: Run


def demand(holds: object, found: str) -> None:
    """Raise Failed with ``found`` unless ``holds``."""
    if not holds:
        raise Failed(found)


def shown(answer: Answer) -> str:
    """The answer for a message."""
    return f"status {answer.status}, {answer.body[:300]!r}"


def document(answer: Answer, status: int = 200) -> dict[str, Any]:
    """The JSON object of an answer with this status."""
    demand(answer.status == status, f"expected status {status}, found {shown(answer)}")
    demand(answer.media_type == "application/json", f"expected application/json, found {answer.media_type!r}")
    return _object(answer)


def problem(answer: Answer, status: int, *codes: str) -> dict[str, Any]:
    """The problem document of an answer that is one of these."""
    demand(answer.status == status, f"expected status {status}, found {shown(answer)}")
    demand(answer.media_type == "application/problem+json", f"expected application/problem+json, found {answer.media_type!r}")
    found = _object(answer)
    types = [f"urn:pxl:problem:{code}" for code in codes]
    demand(found.get("type") in types, f"expected a problem of type {' or '.join(types)}, found {found.get('type')!r}")
    demand(found.get("status") == status, f"the problem says status {found.get('status')!r}, the response {status}")
    demand(found.get("title") and found.get("detail"), "the problem has no title or no detail")
    return found


def member(found: dict[str, Any], name: str, *kinds: type) -> Any:
    """A member of a JSON object, of one of these types."""
    demand(name in found, f"the member {name!r} is missing; there are {', '.join(found)}")
    value = found[name]
    right = isinstance(value, kinds) and not (isinstance(value, bool) and bool not in kinds)
    demand(right, f"the member {name!r} is {value!r}; expected {' or '.join(kind.__name__ for kind in kinds)}")
    return value


def number(found: dict[str, Any], name: str, least: float = 0.0, most: float = float("inf")) -> float:
    """A numeric member within bounds."""
    value = member(found, name, int, float)
    demand(least <= value <= most, f"{name} is {value}; expected {least:g} to {most:g}")
    return float(value)


def _object(answer: Answer) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError as error:
        raise Failed(f"the body is not JSON: {answer.body[:200]!r}") from error
    demand(isinstance(found, dict), f"the body is no JSON object: {answer.body[:200]!r}")
    return dict(found)

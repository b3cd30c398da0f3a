"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How much it matters."""

    FINE = "fine"
    ATTENTION = "attention"
    """Goals can be decided, but something is not as it should be."""
    MISSING = "missing"
    """Without it no goal is decided."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``found`` says what is there, ``remedy`` what to do about it; empty when all is well."""

    name: str
    state: State
    found: str
    remedy: str = ""


def fine(name: str, found: str) -> Finding:
    """All is well."""
    return Finding(name, State.FINE, found)


def attention(name: str, found: str, remedy: str) -> Finding:
    """It works, but."""
    return Finding(name, State.ATTENTION, found, remedy)


def missing(name: str, found: str, remedy: str) -> Finding:
    """It does not work."""
    return Finding(name, State.MISSING, found, remedy)

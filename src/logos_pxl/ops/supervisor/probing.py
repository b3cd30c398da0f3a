"""Asking a service whether it lives and whether it is ready."""

from dataclasses import dataclass

from logos_pxl.ops.errors import ServiceUnreachable
from logos_pxl.ops.service import ServiceReader

_READY, _CLOSED = 200, (401, 403, 404)


@dataclass(frozen=True, slots=True)
class Probe:
    """What ``/health`` said. ``answers``: whether anything came back; ``uptime_s`` tells one process behind a shared port from another."""

    answers: bool
    ready: bool
    uptime_s: float | None = None
    problems: tuple[str, ...] = ()


def probe(url: str, *, key: str | None, timeout_s: float) -> Probe:
    """Ask once, over a connection of its own. A service that keeps its health to itself counts as ready when it answers."""
    try:
        answer = ServiceReader(url, key=key, timeout_s=timeout_s).ask("GET", "/health")
    except ServiceUnreachable:
        return Probe(answers=False, ready=False)
    if answer.status in _CLOSED:
        return Probe(answers=True, ready=True)
    try:
        document = answer.json()
        uptime_s, problems = document.get("uptime_s"), tuple(str(one) for one in document.get("problems", []))
    except (ValueError, AttributeError):
        uptime_s, problems = None, (f"/health answered {answer.status} with no document",)
    return Probe(True, answer.status == _READY, uptime_s, problems)

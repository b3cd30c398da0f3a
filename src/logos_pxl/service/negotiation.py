"""Which of several forms a client wants, by its ``Accept`` field (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence


def best_form(accept: str, offers: Sequence[str]) -> str | None:
    """The offer (a media type without parameters) of the highest quality, the first of equals; ``None`` when none will do."""
    ranges = [_media_range(part) for part in accept.split(",") if part.strip()]
    if not ranges:
        return offers[0]
    qualities = [_quality(offer, ranges) for offer in offers]
    highest = max(qualities)
    return offers[qualities.index(highest)] if highest > 0 else None


def _quality(offer: str, ranges: list[tuple[str, float]]) -> float:
    """That of the most specific range which fits; of several as specific, the highest: they differ in parameters."""
    kind = offer.partition("/")[0]
    for wanted in (offer, f"{kind}/*", "*/*"):
        fitting = [quality for name, quality in ranges if name == wanted]
        if fitting:
            return max(fitting)
    return 0.0


def _media_range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, min(max(float(parameter[2:]), 0.0), 1.0)
            except ValueError:
                return name, 0.0
    return name, 1.0

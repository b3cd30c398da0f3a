"""A row of numbers as a row of small bars."""

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"
_GAP = " "


def sparkline(values: Sequence[float | None], *, low: float, high: float, width: int) -> str:
    """The last ``width`` values between ``low`` and ``high``; what lies outside is drawn at the edge, what is not known is a gap."""
    span = high - low or 1.0
    bars = []
    for value in values[-width:] if width > 0 else ():
        if value is None:
            bars.append(_GAP)
        else:
            share = min(1.0, max(0.0, (value - low) / span))
            bars.append(_BARS[min(len(_BARS) - 1, int(share * len(_BARS)))])
    return "".join(bars)

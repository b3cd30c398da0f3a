"""Charts by day, as SVG.

Invariant: the same data give the same bytes; nothing of the machine, and no date of drawing, is in them.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup, escape
from matplotlib import dates, rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

_SIZE_INCHES = (7.2, 2.6)
# Told apart without red and green, and by their markers too (M. Okabe, K. Ito, "Color Universal Design", 2008).
_COLOURS = ("#0072b2", "#d55e00", "#cc79a7")
_MARKERS = ("o", "s", "^")
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Chart:
    """Values by day. ``stacked`` series are bars on top of each other, others are lines; ``threshold`` is drawn dashed."""

    title: str
    unit: str
    days: Sequence[date]
    series: Mapping[str, Sequence[float]]
    stacked: bool = False
    threshold: float | None = None

    def svg(self) -> Markup:
        """An ``<svg>`` element, with its title for who hears it."""
        with rc_context({"svg.hashsalt": "pxl", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}):
            figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
            axes: Any = figure.add_subplot()
            self._draw(axes)
            out = io.BytesIO()
            figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
        # The element alone: no declaration, no document type, which would be read from elsewhere.
        text = out.getvalue().decode()
        element = text[text.index("<svg ") :]
        head, _, rest = element.partition(">")
        return Markup(f'{head} role="img"><title>{escape(self.title)}</title>{rest}')  # noqa: S704 - matplotlib escapes what it draws

    def _draw(self, axes: Any) -> None:
        x = [day.toordinal() - _EPOCH for day in self.days]
        below = [0.0] * len(self.days)
        for number, (name, values) in enumerate(self.series.items()):
            colour = _COLOURS[number % len(_COLOURS)]
            if self.stacked:
                axes.bar(x, values, 0.8, bottom=below, label=name, color=colour)
                below = [base + value for base, value in zip(below, values, strict=True)]
            else:
                axes.plot(x, values, label=name, color=colour, marker=_MARKERS[number % len(_MARKERS)], markersize=4)
        if self.threshold is not None:
            axes.axhline(self.threshold, color="#555555", linestyle="--", linewidth=1, label=f"{self.threshold:g} {self.unit}")
        # The library has no types for what is about dates.
        kinds: Any = dates
        locator = kinds.AutoDateLocator(maxticks=10)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(kinds.ConciseDateFormatter(locator))
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=self.stacked))
        axes.set_ylim(bottom=0)
        axes.set_title(f"{self.title} ({self.unit})", loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)

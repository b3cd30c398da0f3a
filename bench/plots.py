"""The plots of the report, as SVG files that are the same for the same figures.

Each function writes one file into ``folder`` and returns its name. All raise OSError.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Series = Mapping[str, Sequence[tuple[float, float]]]
"""Points by the name of their line."""

_STEADY = {"svg.hashsalt": "pxl", "svg.fonttype": "none", "font.size": 8}
_MARKS = "os^vD*Px<>"


def strips(folder: Path, name: str, panels: Sequence[tuple[str, Series]], *, bound: float | None = None) -> str:
    """One row of points for each name, one panel for each measure, on logarithmic axes.

    ``bound`` draws a line in the first panel.
    """
    names = list(panels[0][1])
    places = {key: place for place, key in enumerate(reversed(names))}
    with mpl.rc_context(_STEADY):
        figure = Figure(figsize=(4.2 * len(panels) + 1, 0.17 * len(names) + 1), layout="constrained")
        grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (title, series) in zip(grid, panels, strict=True):
            for key, points in series.items():
                axes.scatter([max(y, 1e-3) for _, y in points], [places[key]] * len(points), s=9, alpha=0.6, linewidths=0)
            axes.set_xscale("log")
            axes.set_xlabel(title)
            axes.grid(visible=True, axis="x", alpha=0.4)
        grid[0].set_yticks(list(places.values()), list(places))
        grid[0].set_ylim(-0.7, len(names) - 0.3)
        if bound is not None:
            grid[0].axvline(bound, color="tab:red", linestyle="--", linewidth=1)
        return _save(figure, folder, name)


def growth(folder: Path, name: str, panels: Sequence[tuple[str, Series]], *, x_title: str, log_x: bool = True) -> str:
    """Lines over a size, one panel for each measure, on a logarithmic vertical axis; one legend for all."""
    with mpl.rc_context(_STEADY):
        figure = Figure(figsize=(4.2 * len(panels), 4.6), layout="constrained")
        grid = figure.subplots(1, len(panels), squeeze=False)[0]
        for axes, (title, series) in zip(grid, panels, strict=True):
            _lines(axes, series)
            axes.set_yscale("log")
            if log_x:
                axes.set_xscale("log")
            axes.set(xlabel=x_title, title=title)
            axes.grid(visible=True, alpha=0.3)
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=7)
        return _save(figure, folder, name)


def curves(folder: Path, name: str, series: Series, *, x_title: str, y_title: str, log_x: bool = False) -> str:
    """Lines without marks in one panel."""
    with mpl.rc_context(_STEADY):
        figure = Figure(figsize=(6, 4), layout="constrained")
        axes = figure.subplots()
        for key, points in series.items():
            axes.plot([x for x, _ in points], [y for _, y in points], label=key)
        if log_x:
            axes.set_xscale("log")
        axes.set(xlabel=x_title, ylabel=y_title)
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
        return _save(figure, folder, name)


def _lines(axes: Axes, series: Series) -> None:
    for place, (key, points) in enumerate(series.items()):
        ordered = sorted(points)
        mark = _MARKS[place // 10 % len(_MARKS)]
        axes.plot([x for x, _ in ordered], [max(y, 1e-3) for _, y in ordered], marker=mark, markersize=3, linewidth=1, label=key)


def _save(figure: Figure, folder: Path, name: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
    return f"{name}.svg"

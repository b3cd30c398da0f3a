"""Panels of a dashboard, and where they stand: what Grafana's JSON needs beyond a title and a query."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

WIDTH = 24

HERE = 'instance=~"$instance"'
"""Every series of a replica is asked for those that are chosen at the dashboard's head."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

Query = tuple[str, str]
"""An expression, and the legend of its series."""

Steps = Sequence[tuple[str, float | None]]
"""Colours and from which value on each counts; the first has no value."""

GOOD = (("green", None),)


def below(target: float, critical: float) -> Steps:
    """Colours of an indicator that is bad when it is low."""
    return (("red", None), ("orange", critical), ("green", target))


def above(target: float, critical: float) -> Steps:
    """Colours of an indicator that is bad when it is high."""
    return (("green", None), ("orange", target), ("red", critical))


@dataclass(frozen=True)
class Panel:
    """One panel. ``options`` and ``more`` go into Grafana's JSON as they are."""

    title: str
    kind: str
    queries: Sequence[Query]
    unit: str = "short"
    width: int = 8
    height: int = 8
    about: str = ""
    steps: Steps = GOOD
    thresholds: str = "off"
    options: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)


def stat(title: str, query: str, *, unit: str = "short", steps: Steps = GOOD, about: str = "") -> Panel:
    """The last value, on a coloured ground."""
    options = {"colorMode": "background", "graphMode": "area", "reduceOptions": {"calcs": ["lastNotNull"]}, "textMode": "value"}
    return Panel(title, "stat", [(query, "")], unit=unit, width=3, height=4, about=about, steps=steps, options=options)


def graph(title: str, *queries: Query, unit: str = "short", steps: Steps = GOOD, about: str = "", width: int = 8) -> Panel:
    """Lines over time; ``steps`` are drawn as lines across."""
    options = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    drawn = "dashed" if len(steps) > 1 else "off"
    return Panel(title, "timeseries", queries, unit=unit, width=width, about=about, steps=steps, thresholds=drawn, options=options)


def heatmap(title: str, query: str, *, repeat: str) -> Panel:
    """How often each duration came, over time; one panel for each value of the variable ``repeat``."""
    options = {"calculate": False, "yAxis": {"unit": "s"}, "color": {"mode": "scheme", "scheme": "Oranges"}, "cellGap": 1}
    more = {"repeat": repeat, "repeatDirection": "h", "maxPerRow": 4}
    return Panel(title, "heatmap", [(query, "{{le}}")], unit="s", width=6, options=options, more=more)


def rate(metric: str, by: str = "", only: str = "") -> str:
    """Events in a second, over Grafana's window."""
    inner = f"rate({metric}{{{HERE}{', ' if only else ''}{only}}}[$__rate_interval])"
    return f"sum by ({by}) ({inner})" if by else f"sum({inner})"


def quantile(share: float, by: str = "", only: str = "") -> str:
    """A quantile of the time that goals spent in a stage, in seconds."""
    return f"histogram_quantile({share}, {rate('logos_pxl_stage_duration_seconds_bucket', ', '.join(filter(None, [by, 'le'])), only)})"


def of(metric: str) -> str:
    """The series of the replicas that are chosen."""
    return f"{metric}{{{HERE}}}"


Rows = Sequence[tuple[str, Sequence[Panel]]]
"""Titles, and the panels below each."""


def panel_json(panel: Panel, number: int, x: int, y: int) -> dict[str, Any]:
    """A panel at its place."""
    targets = [
        {"refId": chr(ord("A") + index), "expr": query, "legendFormat": legend or "__auto", "datasource": DATASOURCE, **extra(panel)}
        for index, (query, legend) in enumerate(panel.queries)
    ]
    custom = {"thresholdsStyle": {"mode": panel.thresholds}, "fillOpacity": 8, "showPoints": "never"} if panel.kind == "timeseries" else {}
    steps = [{"color": colour, "value": value} for colour, value in panel.steps]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": DATASOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
        "targets": targets,
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}, "custom": custom},
            "overrides": [],
        },
        "options": panel.options,
        **panel.more,
    }


def extra(panel: Panel) -> dict[str, Any]:
    """What the query of a heatmap needs besides."""
    return {"format": "heatmap"} if panel.kind == "heatmap" else {}


def placed(rows: Rows) -> Iterator[dict[str, Any]]:
    """Rows and their panels, from left to right and from top to bottom."""
    number = y = 0
    for title, panels in rows:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
        }
        y += 1
        x = height = 0
        for panel in panels:
            number += 1
            if x + panel.width > WIDTH:
                x, y, height = 0, y + height, 0
            yield panel_json(panel, number, x, y)
            x, height = x + panel.width, max(height, panel.height)
        y += height

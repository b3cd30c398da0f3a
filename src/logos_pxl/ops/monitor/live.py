"""The live view in a terminal: indicators with their history and thresholds, and what the service is doing."""

from collections import deque
from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from logos_pxl.ops.monitor.lines import lines
from logos_pxl.ops.monitor.sampling import Sample
from logos_pxl.ops.monitor.sparkline import sparkline
from logos_pxl.ops.printing import COLOURS, marked
from logos_pxl.ops.report import Status
from logos_pxl.ops.thresholds import KPIS, Kpi

_HISTORY = 600
_FIXED_COLUMNS = 74
_SMALLEST, _LARGEST = 8, 60
_SHOWN_ALERTS = 6


class LiveView:
    """What is on the screen. ``url`` is where the service is."""

    def __init__(self, url: str, *, interval_s: float) -> None:
        self._url = url
        self._interval_s = interval_s
        self._samples: deque[Sample] = deque(maxlen=_HISTORY)
        self._alerts: deque[str] = deque(maxlen=_SHOWN_ALERTS)

    def add(self, sample: Sample) -> None:
        """One more look."""
        self._samples.append(sample)
        at = sample.at.astimezone().strftime("%H:%M:%S")
        self._alerts.extend(f"{at} {line}" for line in lines(sample)[1:])

    def render(self, width: int) -> RenderableType:
        """The screen, for a terminal of this width."""
        newest = self._samples[-1]
        parts: list[RenderableType] = [self._head(newest), self._table(newest, width)]
        if newest.metrics:
            parts.append(Text("  ".join(self._figures(newest))))
        parts.extend(Text(line, style=COLOURS[Status.CRITICAL]) for line in self._alerts)
        parts.append(Text(f"every {self._interval_s:g} s; Ctrl-C ends", style="dim"))
        return Group(*parts)

    def _head(self, newest: Sample) -> Text:
        state = str(newest.health.get("status", "unreachable"))
        uptime = newest.figure("logos_pxl_uptime_seconds")
        text = Text.assemble((f" {state} ", f"reverse {COLOURS[newest.status]}"), f"  {self._url}  {newest.at.astimezone():%H:%M:%S}")
        text.append(f"  up {uptime:.0f} s  version {newest.health.get('version')}" if uptime is not None else f"  {newest.problem}")
        for problem in newest.health.get("problems", []):
            text.append(f"\n  {problem}", style=COLOURS[Status.ATTENTION])
        return text

    def _table(self, newest: Sample, width: int) -> Table:
        bars = max(_SMALLEST, min(_LARGEST, width - _FIXED_COLUMNS))
        table = Table(box=None, pad_edge=False)
        for title in ("", "indicator", "now", "history", "threshold"):
            table.add_column(title, justify="right" if title == "now" else "left", no_wrap=True)
        for kpi in KPIS:
            value, status = newest.value(kpi), kpi.judged(newest.metrics)
            now = "N/A" if value is None else f"{value:.1f} {kpi.unit}"
            table.add_row(marked(status), kpi.name, now, Text(self._history(kpi, bars), style=COLOURS[status]), kpi.wanted)
        return table

    def _history(self, kpi: Kpi, bars: int) -> str:
        values = [one.value(kpi) for one in self._samples][-bars:]
        highest = max([value for value in values if value is not None], default=0.0)
        # Per cents have an end, and shares that should be high are drawn from well below their threshold, so that a fall is seen;
        # milliseconds are drawn up to the critical threshold, or beyond when they are.
        low = max(0.0, 2 * kpi.critical - 100.0) if kpi.higher_is_better else 0.0
        high = 100.0 if kpi.unit == "%" else max(kpi.critical, highest)
        return sparkline(values, low=low, high=high, width=bars)

    def _figures(self, newest: Sample) -> Iterable[str]:
        yield f"goals/s {self._rate(newest):.1f}"
        for label, name in _FIGURES:
            value = newest.figure(name)
            yield f"{label} {'N/A' if value is None else f'{value:g}'}"

    def _rate(self, newest: Sample) -> float:
        if len(self._samples) < _TWO:
            return 0.0
        before = self._samples[-_TWO]
        seconds = (newest.at - before.at).total_seconds()
        return max(0.0, _verdicts(newest) - _verdicts(before)) / seconds if seconds > 0 else 0.0


_TWO = 2
_FIGURES = (
    ("sessions busy", "logos_pxl_session_pool_busy"),
    ("of", "logos_pxl_session_pool_max"),
    ("searches", "logos_pxl_searches_running"),
    ("waiting", "logos_pxl_kernel_queue_length"),
    ("in flight", "logos_pxl_http_requests_in_flight"),
    ("cached", "logos_pxl_cache_size"),
)


def _verdicts(sample: Sample) -> float:
    return sum(sample.figure(f'logos_pxl_verdicts_total{{verdict="{word}"}}') or 0.0 for word in ("valid", "invalid", "unknown"))


def show(view: LiveView, taken: Iterable[Sample], out: Console) -> None:
    """Show each sample as it comes, until there are no more."""
    with Live(console=out, auto_refresh=False, screen=False) as live:
        for sample in taken:
            view.add(sample)
            live.update(view.render(out.width), refresh=True)

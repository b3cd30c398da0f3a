"""Requests by day, from access.log.

Invariant: what is kept of a day has a bounded size, whatever its number of requests.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from logos_pxl.ops.history.log_lines import AccessLine
from logos_pxl.sketch import QuantileSketch

_SERVER_ERROR = 500
_DAY_S = 86_400
_MINUTES = 1440
# Their 503 tells a state, and is no failure.
_STATE = "/health"


@dataclass(slots=True)
class Day:
    """One day in UTC. ``work`` are requests that ask for verdicts; ``milliseconds`` is how long these took."""

    day: date
    requests: int = 0
    work: int = 0
    failed: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: QuantileSketch = field(default_factory=QuantileSketch)
    by_minute: list[int] = field(default_factory=lambda: [0] * _MINUTES)

    @property
    def p50_ms(self) -> float:
        """Half of the day's work took no longer."""
        return self.milliseconds.quantile(0.5) * 1000

    @property
    def p95_ms(self) -> float:
        """19 of 20 of the day's requests for verdicts took no longer."""
        return self.milliseconds.quantile(0.95) * 1000

    @property
    def busiest_hour_rate(self) -> float:
        """Requests for verdicts in a second, in that hour (any 60 minutes of the day) that had the most."""
        within = sum(self.by_minute[:60])
        most = within
        for minute in range(60, _MINUTES):
            within += self.by_minute[minute] - self.by_minute[minute - 60]
            most = max(most, within)
        return most / 3600

    @property
    def busiest_minute_rate(self) -> float:
        """Requests for verdicts in a second, in the busiest minute."""
        return max(self.by_minute) / 60


def by_day(lines: Iterable[AccessLine]) -> list[Day]:
    """The days that have requests, in order."""
    days: dict[int, Day] = {}
    for line in lines:
        number, second = divmod(int(line.at), _DAY_S)
        day = days.get(number)
        if day is None:
            day = days[number] = Day(datetime.fromtimestamp(number * _DAY_S, UTC).date())
        day.requests += 1
        day.statuses[line.status] += 1
        if line.status >= _SERVER_ERROR and not line.path.startswith(_STATE):
            day.failed += 1
        if asks_for_verdicts(line):
            day.work += 1
            day.by_minute[second // 60] += 1
            day.milliseconds.add(line.duration_ms / 1000)
    return [days[number] for number in sorted(days)]


def asks_for_verdicts(line: AccessLine) -> bool:
    """Whether the request was one that sessions may have to work for, and was let in."""
    return line.method == "POST" and line.path.startswith(("/prove", "/countermodel")) and line.status not in (401, 429)


def whole_days(days: Iterable[Day], now: datetime) -> list[Day]:
    """Those that have ended: half a day would look like a fall."""
    return [day for day in days if day.day < now.date()]


def numbered(day: date) -> float:
    """A day as a number, for trends."""
    return float(day.toordinal())


def days_ago(now: datetime, count: float) -> float:
    """The beginning (seconds since 1970) of the day so many days ago."""
    return (now - timedelta(days=count)).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

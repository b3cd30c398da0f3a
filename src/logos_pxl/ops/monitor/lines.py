"""Plain lines, in the format of the manual's monitor_pxl.sh."""

from logos_pxl.ops.monitor.sampling import Sample, shown
from logos_pxl.ops.thresholds import CACHE_HIT_RATE, P95_LATENCY, VERIFICATION_RATIO


def lines(sample: Sample) -> list[str]:
    """The line of the indicators, then one for each alert. Times are the machine's local ones, as the manual's."""
    ratio, p95, cache = (shown(sample.value(kpi)) for kpi in (VERIFICATION_RATIO, P95_LATENCY, CACHE_HIT_RATE))
    at = sample.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return [f"{at} | Verification: {ratio}% | P95: {p95}ms | Cache: {cache}%", *sample.alerts()]

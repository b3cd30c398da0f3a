"""The reviews as commands: the report, and with ``--output`` the document."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from logos_pxl.ops.report import Report, Section
from logos_pxl.ops.reviews.capacity import review_capacity
from logos_pxl.ops.reviews.performance import Reviewed, read_week, review_performance
from logos_pxl.ops.reviews.security import audit_security
from logos_pxl.ops.running import Operator
from logos_pxl.ops.thresholds import P95_LATENCY


def performance_review(operator: Operator, *, days: int, output: Path | None) -> Report:
    """The weekly one."""
    _require(output)
    now = datetime.now(UTC)
    reviewed = read_week(operator, days=days, now=now)
    return _kept(review_performance(operator, reviewed, days=days, now=now), output, reviewed)


def security_audit(operator: Operator, *, days: int, tls_url: str | None, attention_from: int, output: Path | None) -> Report:
    """The weekly one of security."""
    _require(output)
    return _kept(audit_security(operator, days=days, tls_url=tls_url, attention_from=attention_from), output, None)


def capacity_review(operator: Operator, *, days: int, ahead: int, cores: float | None, output: Path | None) -> Report:
    """The monthly one."""
    _require(output)
    report, seen = review_capacity(operator, days=days, ahead=ahead, cores=cores)
    return _kept(report, output, Reviewed(seen, [], []))


def _require(output: Path | None) -> None:
    """What cannot be written is told before logs are read for minutes."""
    if output is not None:
        from logos_pxl.ops.reviews.documents import require_kind  # noqa: PLC0415 - matplotlib is slow to load

        require_kind(output)


def _kept(report: Report, output: Path | None, reviewed: Reviewed | None) -> Report:
    if output is None:
        return report
    from logos_pxl.ops.reviews.charts import Chart  # noqa: PLC0415 - as above
    from logos_pxl.ops.reviews.documents import write_document  # noqa: PLC0415

    charts: dict[str, list[Chart]] = {}
    days = [] if reviewed is None else [day for day in reviewed.days if day.requests]
    if days:
        dates = [day.day for day in days]
        latency = {"P50": [day.p50_ms for day in days], "P95": [day.p95_ms for day in days]}
        requests = {"for verdicts": [float(day.work) for day in days], "others": [float(day.requests - day.work) for day in days]}
        refused = {
            "failures of ours": [float(day.failed) for day in days],
            "signatures refused (401)": [float(day.statuses[401]) for day in days],
            "over a quota (429)": [float(day.statuses[429]) for day in days],
        }
        charts[report.sections[1].title] = [
            Chart("Latency of requests for verdicts", "ms", dates, latency, threshold=P95_LATENCY.target),
            Chart("Requests", "a day", dates, requests, stacked=True),
            Chart("Failed and refused", "a day", dates, refused, stacked=True),
        ]
    write_document(output, report, charts)
    return replace(report, sections=(*report.sections, Section("Document", notes=(f"written: {output}",))))

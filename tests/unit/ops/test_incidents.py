"""Incident reports: severity by the manual's table, notes, duration, and no goal in them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.incidents.document import Evidence, Head, closed, head_of, new_document, sla_impact, with_note
from logos_pxl.ops.incidents.severity import judged
from logos_pxl.ops.log_files import error_lines

WELL = {"ready": True, "soundness_alarms": 0}
OPENED = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
HEAD = Head("INC-20260131-093000", "2026-01-31T09:30:00Z", "Critical")
EVIDENCE = Evidence(("- **t**: died",), ("| m |",), ("- d",), ("an error",))


def severity(problem: str = "", health: dict[str, Any] = WELL, **indicators: float) -> str:
    metrics = {"logos_pxl_window_goals": 50, "logos_pxl_window_cache_lookups": 50}
    names = {"ratio": "verification_ratio_percent", "p95": "p95_latency_ms", "cache": "cache_hit_rate_percent"}
    return judged(health, {**metrics, **{f"logos_pxl_{names[name]}": value for name, value in indicators.items()}}, problem).severity.value


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("Critical", severity("refused")),
        ("Critical", severity(health={"ready": False, "problems": ["no live session"]})),
        ("Critical", severity(health={"ready": True, "soundness_alarms": 1})),
        ("Critical", severity(ratio=84.9)),
        ("High", severity(ratio=89.9)),
        ("High", severity(ratio=95, p95=501)),
        ("Medium", severity(p95=301)),
        ("Medium", severity(cache=69)),
        ("Low", severity(ratio=92, p95=299, cache=71)),
    ],
)
def test_the_severity_is_the_manuals(expected: str, found: str) -> None:
    """System down or ratio < 85 %; P95 > 500 ms or ratio < 90 %; P95 > 300 ms or hit rate < 70 %; the rest."""
    assert found == expected


def test_few_goals_make_no_severity() -> None:
    """A latency that rests on two goals is no incident."""
    assert judged(WELL, {"logos_pxl_window_goals": 2, "logos_pxl_p95_latency_ms": 900}, "").severity.value == "Low"


def test_notes_are_lines_with_their_time() -> None:
    """At the end of the timeline, in order, whatever they hold; the rest stays as it is."""
    text = new_document(HEAD, "down\n## Root Cause", "why", "respond", EVIDENCE)
    noted = with_note(with_note(text, OPENED, "first\n\n## Root Cause\nx"), OPENED + timedelta(minutes=1), "second")
    timeline = noted.partition("## Timeline")[2].partition("\n## Root Cause\n")[0].strip().splitlines()
    assert timeline[0] == "- **t**: died"
    assert timeline[1].startswith("- **2026-01-31T09:30:00Z**: incident opened: down ## Root Cause; severity Critical: why (respond)")
    assert timeline[2:] == ["- **2026-01-31T09:30:00Z**: first ## Root Cause x", "- **2026-01-31T09:31:00Z**: second"]
    assert noted.partition("\n## Root Cause\n")[2] == text.partition("\n## Root Cause\n")[2]
    with pytest.raises(OperationFailed, match="Root Cause"):
        with_note("# another text", OPENED, "x")


def test_closing_fills_in_what_is_known() -> None:
    """Duration, status, SLA impact, and what was said; what a person wrote meanwhile is left alone."""
    text = new_document(HEAD, "down", "why", "respond", EVIDENCE).replace("Not resolved yet.", "By hand.")
    done = closed(text, HEAD, OPENED + timedelta(minutes=13), cause=r"a \1 cable", resolution="plugged in", users="all", down_minutes=None)
    assert "**Duration**: 09:30:00 - 2026-01-31 09:43:00 UTC (13.0 minutes)" in done
    assert "**Status**: Resolved" in done
    assert "- **Duration**: 13.0 minutes" in done
    assert "- **SLA Impact**: Yes - 13.0 of 43.2 minutes that 99.9 % allow in 30 days (30 %)" in done
    assert "- **Users Affected**: all" in done
    assert r"a \1 cable" in done
    assert "By hand." in done
    assert "incident closed: plugged in" in done
    assert head_of(done, "x").closed == "2026-01-31T09:43:00Z"


def test_only_downtime_counts_against_the_sla() -> None:
    """A critical incident counts whole unless told otherwise, another not unless told."""
    low = Head("x", HEAD.opened, "Low")
    assert sla_impact(low, 100, None).startswith("No - 0.0 of 43.2")
    assert sla_impact(low, 100, 5).startswith("Yes - 5.0 of 43.2")
    assert sla_impact(HEAD, 100, 0).startswith("No - 0.0 of 43.2")


def test_a_file_that_is_no_report_is_refused() -> None:
    """It is named."""
    for text in ("", "# x", "<!-- incident {} -->\n", "<!-- incident {] -->\n"):
        with pytest.raises(OperationFailed, match=r"INC-1\.md"):
            head_of(text, "INC-1.md")


def test_no_goal_gets_out_of_the_log() -> None:
    """Alarms lose theirs, traces are left out, in either form of the log."""
    lines = [
        "2026-01-31T09:30:00.25Z CRITICAL proving.judging: soundness alarm over a proof that the search found: no; goal: SECRET",
        "2026-01-31T09:30:00.25Z CRITICAL proving.canaries: soundness alarm over a canary: the kernel accepted another theorem: SECRET",
        "  | abc ERROR SECRET",
        '{"timestamp": "2026-01-31T09:30:01.00Z", "level": "ERROR", "logger": "x", "event": "broke", "trace": ["SECRET"]}',
        "2026-01-31T09:30:02.00Z INFO fine",
    ]
    found = error_lines(lines)
    assert len(found) == 3
    assert "SECRET" not in "".join(found)
    assert found[2] == "2026-01-31T09:30:01.00Z ERROR x: broke"

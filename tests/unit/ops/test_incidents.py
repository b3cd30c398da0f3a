"""An incident is a folder: the manual's template filled in, and what was known at that moment."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from logos_pxl.ops.incident import _judged, open_incident
from logos_pxl.ops.log_files import error_lines

KEY = "3d" * 32
HEALTH = {"ready": True, "soundness_alarms": 0}
METRICS: dict[str, Any] = {
    "logos_pxl_verification_ratio_percent": 100.0,
    "logos_pxl_p95_latency_ms": 10.0,
    "logos_pxl_cache_hit_rate_percent": 90.0,
    "logos_pxl_window_goals": 100,
    "logos_pxl_window_cache_lookups": 100,
}


def test_template_and_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With id, date and severity, private, without a secret; also when no service answers: then the system is down."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"HMAC_SECRET_KEY={KEY}\nPXL_OPS_URL=http://127.0.0.1:1\nLOG_LEVEL=DEBUG\n")
    report = open_incident("nobody gets\nanswers", None)
    path = Path(report.sections[0].data["path"])
    assert path.parent == tmp_path / "var" / "incidents" / report.sections[0].data["id"]
    assert {file.name for file in path.parent.iterdir()} == {
        "report.md", "health.json", "metrics.json", "log.txt", "settings.txt", "diagnosis.json"
    }  # fmt: skip
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in path.parent.iterdir())
    text = path.read_text()
    assert text.startswith(f"# Incident Report: {report.sections[0].data['id']}\n")
    assert "**Severity**: Critical" in text
    assert "## Summary\nnobody gets answers\n" in text
    assert "does not answer" in json.loads((path.parent / "health.json").read_text())["error"]
    assert "LOG_LEVEL=DEBUG" in (path.parent / "settings.txt").read_text()
    assert all(KEY not in file.read_text() for file in path.parent.iterdir())


def test_a_broken_configuration_does_not_hinder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be the incident; a given severity counts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("PXL_POOL_SIZE=many\nPXL_OPS_URL=http://127.0.0.1:1\n")
    report = open_incident("wrong size", "low")
    path = Path(report.sections[0].data["path"])
    assert "**Severity**: Low" in path.read_text()
    assert "PXL_POOL_SIZE" in (path.parent / "settings.txt").read_text()


@pytest.mark.parametrize(
    ("changed", "severity"),
    [
        ({}, "low"),
        ({"logos_pxl_cache_hit_rate_percent": 69.0}, "medium"),
        ({"logos_pxl_p95_latency_ms": 301.0}, "medium"),
        ({"logos_pxl_p95_latency_ms": 501.0}, "high"),
        ({"logos_pxl_verification_ratio_percent": 89.0}, "high"),
        ({"logos_pxl_verification_ratio_percent": 84.0}, "critical"),
        ({"logos_pxl_verification_ratio_percent": 84.0, "logos_pxl_window_goals": 3}, "low"),
    ],
)
def test_the_severity_is_the_manuals(changed: dict[str, Any], severity: str) -> None:
    """From the worst to the least; what rests on few goals says nothing."""
    assert _judged(HEALTH, METRICS | changed)[0] == severity


def test_a_service_that_is_down_or_unsound_is_critical() -> None:
    """Whatever its indicators say."""
    assert _judged({"ready": False, "problems": ["no session"]}, METRICS) == ("critical", "system down: no session")
    assert _judged(HEALTH | {"soundness_alarms": 1}, METRICS)[0] == "critical"


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

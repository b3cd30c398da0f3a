"""Rules of the diagnosis that a test cannot make true on a machine: full disks, clocks, old loads."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from logos_pxl.ops.diagnosis.facts import Facts
from logos_pxl.ops.diagnosis.operation import diagnosis
from logos_pxl.ops.diagnosis.reaching import Reach
from logos_pxl.ops.disks import Disk
from logos_pxl.ops.report import Check, Status
from logos_pxl.ops.sample_proofs import SampleProof
from logos_pxl.ops.targets import Standing
from logos_pxl.settings import Settings

GIB = 1 << 30
WELL = Facts(
    settings=Settings(),
    url="http://x",
    target="local",
    restart_command="pxl restart",
    reach=Reach.ANSWERS,
    standing=Standing(True, ("up",)),
    health={"status": "ok", "ready": True, "problems": [], "soundness_alarms": 0, "uptime_s": 60.0, "authentication": "hmac"},
    metrics={"logos_pxl_window_goals": 100, "logos_pxl_verification_ratio_percent": 100, "logos_pxl_p95_latency_ms": 5},
    proofs=(
        SampleProof("valid", "valid", True, 5.0, "search+kernel", ""),
        SampleProof("invalid", "invalid", True, 5.0, "search+kernel", ""),
    ),
    disks=(Disk("data", Path("/d"), 50 * GIB, 100 * GIB),),
    pool_utilization_percent=10.0,
    memory_percent=20.0,
    processors=8,
    clock_offset_s=0.1,
)


def found(**changes: Any) -> list[Check]:
    """What is wrong with facts that are well but for these changes."""
    report = diagnosis(replace(WELL, **changes))
    return [check for check in report.sections[0].checks if report.sections[0].title.startswith("What is wrong")]


def test_nothing_is_wrong_when_nothing_is() -> None:
    """Status 0, and it says that it looked."""
    report = diagnosis(WELL)
    assert (report.status, len(report.sections)) == (Status.FINE, 1)
    assert "nothing is wrong" in report.summary


@pytest.mark.parametrize(
    ("changes", "code", "status"),
    [
        ({"disks": (Disk("logs", Path("/l"), GIB, 100 * GIB),)}, "disk full: logs", "critical"),
        ({"disks": (Disk("logs", Path("/l"), 50 << 20, 100 << 20),)}, "disk full: logs", "critical"),
        ({"disks": (Disk("logs", Path("/l"), 5 * GIB, 100 * GIB),)}, "disk filling: logs", "attention"),
        ({"disks": (Disk("data", Path("/l"), 50 * GIB, 100 * GIB, "Read-only file system"),)}, "data not writable", "critical"),
        ({"memory_percent": 96.0}, "memory", "critical"),
        ({"clock_offset_s": -70.0}, "clock", "critical"),
        ({"clock_offset_s": 20.0}, "clock", "attention"),
        ({"pool_utilization_percent": 91.0}, "pool saturated", "critical"),
        ({"pool_utilization_percent": 85.0}, "pool saturated", "attention"),
        ({"reach": Reach.REFUSED, "health": {}, "metrics": {}, "proofs": ()}, "service down", "critical"),
        ({"reach": Reach.SILENT, "health": {}, "metrics": {}, "proofs": ()}, "service hung", "critical"),
        ({"reach": Reach.UNAUTHORIZED, "health": {}, "metrics": {}, "proofs": ()}, "not let in", "unknown"),
        ({"kernel_problem": "no serve.v", "reach": Reach.REFUSED}, "kernel missing", "critical"),
        ({"wrong_configuration": "PXL_X", "reach": Reach.REFUSED}, "configuration wrong", "critical"),
        ({"wrong_configuration": "PXL_X"}, "configuration wrong", "attention"),
        ({"proofs": (SampleProof("valid", "invalid", True, 5.0, "", "x"),)}, "wrong verdict", "critical"),
        ({"proofs": (SampleProof("valid", "unknown", False, 5.0, "", "time ran out"),)}, "proofs fail", "critical"),
        ({"health": {**WELL.health, "soundness_alarms": 2}}, "soundness alarm", "critical"),
        ({"metrics": {**WELL.metrics, "logos_pxl_draining": 1}}, "ending", "attention"),
        ({"metrics": {**WELL.metrics, "logos_pxl_performance_write_failures_total": 3}}, "writes failed", "attention"),
        ({"proof_server": {"canaries": [{"name": "valid", "failing": "too old", "step": "kernel"}]}}, "canary failing", "critical"),
        ({"proof_server": {"session_pool": {"last_start_failure": "no", "active_sessions": 0}}}, "sessions do not start", "critical"),
    ],
)
def test_each_cause_is_named(changes: dict[str, Any], code: str, status: str) -> None:
    """First of all that is wrong, with what to do."""
    first = found(**changes)[0]
    assert (first.name, first.status.word) == (code, status)
    assert first.advice


def test_a_tenth_of_a_large_disk_is_plenty() -> None:
    """Share and bytes together decide."""
    assert found(disks=(Disk("data", Path("/d"), 40 * GIB, 4096 * GIB),)) == []


def test_causes_stand_before_what_they_cause() -> None:
    """Of two that are equally bad; and what is worse comes first."""
    checks = found(wrong_configuration="PXL_X", reach=Reach.REFUSED, clock_offset_s=20.0, disks=(Disk("data", Path("/d"), 0, GIB),))
    assert [check.name for check in checks] == ["configuration wrong", "disk full: data", "service down", "clock"]


def test_slow_answers_are_traced_to_their_stage() -> None:
    """Scenario 2: the stage that takes longest decides the advice."""
    stages = {"queue": (50.0, 100), "search": (1.0, 100), "kernel": (2.0, 100)}
    metrics = {**WELL.metrics, "logos_pxl_p95_latency_ms": 800}
    for stage, (total, count) in stages.items():
        metrics[f'logos_pxl_stage_duration_seconds_sum{{stage="{stage}"}}'] = total
        metrics[f'logos_pxl_stage_duration_seconds_count{{stage="{stage}"}}'] = count
    [check] = found(metrics=metrics)
    assert (check.name, check.status) == ("high latency", Status.CRITICAL)
    assert "queue 500 ms, kernel 20 ms, search 10 ms" in str(check.value)
    assert "PXL_THREADS" in check.advice


def test_missing_verdicts_are_traced_to_their_reason() -> None:
    """Scenario 3: the commonest reason decides the advice."""
    reasons = {"timeout": 3, "kernel_unavailable": 9}
    metrics = {**WELL.metrics, "logos_pxl_verification_ratio_percent": 80.0}
    metrics |= {f'logos_pxl_unknown_verdicts_total{{reason="{reason}"}}': count for reason, count in reasons.items()}
    [check] = found(metrics=metrics)
    assert (check.name, check.status) == ("low verification ratio", Status.CRITICAL)
    assert "kernel_unavailable 9" in str(check.value)
    assert "sessions crash" in check.advice


def test_errors_from_before_the_start_are_the_past() -> None:
    """Only what the running service wrote is told."""
    now = datetime.now(UTC)
    old, new = ((now - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%S.00Z ERROR x: it failed") for ago in (600, 10))
    assert found(log_lines=(old,)) == []
    [check] = found(log_lines=(old, new, old.replace("ERROR", "INFO")))
    assert "1 in the last lines" in str(check.value)

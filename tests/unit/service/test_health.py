"""What /health shows of soundness alarms and canaries, whoever reported them."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from logos_pxl.goals import Goal
from logos_pxl.kernel import CheckKind, KernelIdentity
from logos_pxl.proving import Finding, PostMortems, SoundnessAlarms, Versions
from logos_pxl.proving.canaries import CanariesState, CanaryState
from logos_pxl.service import health

IDENTITY = KernelIdentity(kernel_hash="0" * 64, coq_version="8.16.1", theory_version="1")
STATS = {"total_sessions": 1, "active_sessions": 1, "busy_sessions": 0, "max_pool_size": 1, "utilization_rate": 0.0}


def service(alarms: SoundnessAlarms, failing: str = "") -> Any:
    """As much of a service as /health reads."""
    canary = CanaryState("valid", "A -> A", 1.0, 1.0, None, "", failing)
    pool = SimpleNamespace(stats=lambda: SimpleNamespace(**STATS, last_start_failure=""))
    return SimpleNamespace(
        runtime=SimpleNamespace(
            pool=pool,
            identity=IDENTITY,
            alarms=alarms,
            draining=SimpleNamespace(active=False),
            settings=SimpleNamespace(hmac_auth_enabled=False),
        ),
        canaries=SimpleNamespace(state=lambda: CanariesState((canary,), failing)),
        metrics=SimpleNamespace(condition=SimpleNamespace(redis_state="local", failing="")),
        started=0.0,
    )


@pytest.fixture
def alarms(tmp_path: Path) -> SoundnessAlarms:
    return SoundnessAlarms(PostMortems(tmp_path, max_files=3, max_bytes=1 << 20))


async def shown(of: Any) -> tuple[int, dict[str, Any]]:
    """Status and document."""
    response = await health.health(of, None)  # type: ignore[arg-type]
    return response.status_code, json.loads(bytes(response.body))


async def test_without_either_all_is_well(alarms: SoundnessAlarms) -> None:
    """200, ok, no alarm."""
    status, document = await shown(service(alarms))
    assert (status, document["status"], document["soundness_alarms"], document["problems"]) == (200, "ok", 0, [])


async def test_a_soundness_alarm_is_shown(alarms: SoundnessAlarms) -> None:
    """Degraded, counted, and named."""
    versions = Versions("8.16.1", "1", "1", "1")
    await alarms.report(Goal.parse("A"), Finding(CheckKind.PROOF, b"x"), "no", identity=IDENTITY, versions=versions)
    status, document = await shown(service(alarms))
    assert (status, document["status"], document["soundness_alarms"]) == (200, "degraded", 1)
    assert any("search and kernel disagreed" in problem for problem in document["problems"])


async def test_a_failing_canary_is_shown(alarms: SoundnessAlarms) -> None:
    """Unavailable, not ready, and named with its step."""
    status, document = await shown(service(alarms, "kernel: refused"))
    assert (status, document["status"], document["ready"]) == (503, "unavailable", False)
    assert document["problems"] == ["the valid canary: kernel: refused"]

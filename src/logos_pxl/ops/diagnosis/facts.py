"""What can be known about a service from outside, also when it is down and its configuration is broken."""

import contextlib
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psutil

from logos_pxl.ops.diagnosis.reaching import Listener, Reach, connects, listener_at, reach
from logos_pxl.ops.disks import Disk, disks_of
from logos_pxl.ops.errors import OperationFailed, ServiceUnreachable
from logos_pxl.ops.running import Operator
from logos_pxl.ops.sample_proofs import SampleProof, sample_proofs
from logos_pxl.ops.service import ServiceReader
from logos_pxl.ops.supervisor.overview import Overview, overview
from logos_pxl.ops.supervisor.places import Places
from logos_pxl.ops.targets import Standing
from logos_pxl.ops.targets.commands import run_program
from logos_pxl.ops.thresholds import POOL_UTILIZATION, number
from logos_pxl.settings import Settings

LOG_LINES = 200
_LOOKS, _BETWEEN_S = 5, 0.2
_KERNEL_S = 60.0
_PROOF_MS = 3_000
_REACH_S = 5.0


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules know. What could not be asked is empty or ``None``."""

    settings: Settings
    url: str
    target: str
    restart_command: str
    reach: Reach
    problem: str = ""
    wrong_configuration: str = ""
    standing: Standing | None = None
    target_problem: str = ""
    local: Overview | None = None
    listener: Listener | None = None
    health: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    proof_server: Mapping[str, Any] = field(default_factory=dict)
    proofs: tuple[SampleProof, ...] = ()
    pool_utilization_percent: float | None = None
    kernel_problem: str = ""
    disks: tuple[Disk, ...] = ()
    memory_percent: float | None = None
    processors: int = 1
    redis_problem: str = ""
    clock_offset_s: float | None = None
    log_lines: tuple[str, ...] = ()


def gather(operator: Operator, wrong_configuration: str | None) -> Facts:
    """Look at everything. Takes seconds, and some more when what is asked does not answer."""
    settings, on_this_machine = operator.settings, operator.target.name == "local"
    standing, target_problem = _standing(operator)
    how, problem = reach(ServiceReader.of(settings, timeout_s=_REACH_S))
    answers = how is Reach.ANSWERS
    health, offset_s = _health(operator) if answers else ({}, None)
    return Facts(
        settings=settings,
        url=operator.service.url,
        target=operator.target.name,
        restart_command=operator.target.restart_command,
        reach=how,
        problem=problem,
        wrong_configuration=wrong_configuration or "",
        standing=standing,
        target_problem=target_problem,
        local=overview(Places.of(settings)) if on_this_machine else None,
        listener=listener_at(operator.service.url, Places.of(settings)) if on_this_machine else None,
        health=health,
        metrics=_asked(operator.service.metrics) if answers else {},
        proof_server=_asked(operator.service.proof_server) if answers else {},
        pool_utilization_percent=_pool_utilization(operator) if answers else None,
        # Last of what is asked: proofs change what is measured.
        proofs=_proofs(operator) if answers else (),
        kernel_problem="" if answers or not on_this_machine else _kernel_problem(),
        disks=disks_of(settings) if on_this_machine else (),
        memory_percent=psutil.virtual_memory().percent if on_this_machine else None,
        processors=psutil.cpu_count() or 1,
        redis_problem=_redis_problem(settings),
        clock_offset_s=offset_s,
        log_lines=_log_lines(operator),
    )


def _standing(operator: Operator) -> tuple[Standing | None, str]:
    try:
        return operator.target.standing(), ""
    except OperationFailed as error:
        return None, str(error)


def _health(operator: Operator) -> tuple[Mapping[str, Any], float | None]:
    """``/health``, and how far the service's clock is before ours."""
    asked = time.time()
    try:
        health = operator.service.health()
        answered = datetime.fromisoformat(str(health["timestamp"])).timestamp()
    except (OperationFailed, KeyError, ValueError):
        return {}, None
    return health, answered - (asked + time.time()) / 2


def _asked(ask: Any) -> Mapping[str, Any]:
    try:
        return dict(ask())
    except OperationFailed:
        return {}


def _pool_utilization(operator: Operator) -> float | None:
    """The median of several looks: one could fall on a busy moment."""
    seen = []
    for _ in range(_LOOKS):
        value = number(_asked(operator.service.metrics), POOL_UTILIZATION.metric)
        if value is not None:
            seen.append(value)
        time.sleep(_BETWEEN_S)
    return statistics.median(seen) if seen else None


def _proofs(operator: Operator) -> tuple[SampleProof, ...]:
    try:
        return sample_proofs(operator.service, timeout_ms=min(_PROOF_MS, operator.settings.max_timeout_ms))
    except ServiceUnreachable:
        return ()


def _kernel_problem() -> str:
    """Why no Coq session can be started here; nothing when one can: one is."""
    try:
        run_program([sys.executable, "-m", "logos_pxl", "version"], timeout_s=_KERNEL_S)
    except OperationFailed as error:
        return str(error).partition("version: ")[2] or str(error)
    return ""


def _redis_problem(settings: Settings) -> str:
    return connects(settings.redis_url.get_secret_value(), default_port=6379) if settings.redis_url else ""


def _log_lines(operator: Operator) -> tuple[str, ...]:
    with contextlib.suppress(OperationFailed):
        return tuple(operator.target.log_lines(LOG_LINES))
    return ()

"""What every way of deploying must get right, asked of the settings that it gives the service."""

import re
from collections.abc import Mapping
from pathlib import Path

from e2e.running import ROOT

from logos_pxl.settings import Settings
from logos_pxl.settings.declaring import fields_by_variable
from logos_pxl.settings.sources import Sourced

# The service itself, with its caches, jobs and the interpreter.
SERVICE_BYTES = 512 << 20
# Sessions stop, logs are written out, after PXL_SHUTDOWN_TIMEOUT.
_LAST_STEPS_S = 15

VARIABLES = frozenset(fields_by_variable(Settings))


def settings_of(variables: Mapping[str, object]) -> Settings:
    """What the service makes of these variables; a name that is none, or a value that it refuses, fails the test."""
    assert not variables.keys() - VARIABLES
    return Settings.of({name: Sourced(str(value), "deployment") for name, value in variables.items() if value not in ("", None)})


def worst_case_bytes(settings: Settings) -> int:
    """The memory that sessions, searches and the service may take together."""
    sessions = (settings.pool_size + settings.pool_spares) * settings.session_memory_bytes
    return sessions + settings.search_threads * settings.search_memory_bytes + SERVICE_BYTES


def idle_s(site: str) -> float:
    """Seconds that nginx keeps idle connections to replicas."""
    text = (ROOT / "nginx" / "sites" / site / "upstreams.conf").read_text()
    times = {float(found) for found in re.findall(r"keepalive_timeout (\d+)s;", text)}
    assert len(times) == 1
    assert text.count("keepalive_timeout") == len(re.findall(r"^upstream ", text, re.MULTILINE))
    return times.pop()


def require_an_end_without_loss(settings: Settings, *, grace_s: float, idle_s: float) -> None:
    """Idle connections are gone before they would be closed, the longest request can end, and nothing is killed meanwhile."""
    assert settings.drain_delay_s > idle_s
    assert settings.shutdown_timeout_s - settings.drain_delay_s >= settings.max_timeout_ms / 1000
    assert grace_s >= settings.shutdown_timeout_s + _LAST_STEPS_S


def require_nginx_knows_jobs(site: str, replicas: Mapping[str, str]) -> None:
    """Each replica's jobs go to its address; ``replicas`` are addresses by names."""
    text = (ROOT / "nginx" / "sites" / site / "upstreams.conf").read_text()
    upstreams = {name: re.findall(r"server (\S+) ", body) for name, body in re.findall(r"upstream (\S+) \{(.*?)\n\}", text, re.DOTALL)}
    jobs = dict(re.findall(r'"~\^/jobs/(\S+)-" (\S+);', text))
    assert {name: upstreams[upstream] for name, upstream in jobs.items()} == {name: [address] for name, address in replicas.items()}
    assert sorted(upstreams["pxl"]) == sorted(replicas.values())


def env_file(path: Path) -> dict[str, str]:
    """NAME=value lines."""
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", path.read_text(), re.MULTILINE))

"""Rules about what the service needs around it: configuration, kernel, port, disks, memory, Redis, clocks."""

from collections.abc import Iterator

from logos_pxl.ops.diagnosis.facts import Facts
from logos_pxl.ops.diagnosis.findings import Finding
from logos_pxl.ops.diagnosis.reaching import Reach
from logos_pxl.ops.report import Status
from logos_pxl.ops.thresholds import MEMORY_USAGE, number
from logos_pxl.wire.signing import WINDOW_S

_CLOCK_ATTENTION_S = 5.0
_IN_USE = "Address already in use"


def configuration(facts: Facts) -> Iterator[Finding]:
    """The configuration cannot be read."""
    if facts.wrong_configuration:
        runs = facts.reach is Reach.ANSWERS
        yield Finding(
            "configuration wrong",
            Status.ATTENTION if runs else Status.CRITICAL,
            facts.wrong_configuration + ("; the running service still has the one before" if runs else ""),
            "mend it ('pxl config' shows what is in force), or bring back a backup: pxl ops restore; "
            + ("only then restart" if runs else f"then: {_start_command(facts)}"),
        )


def kernel(facts: Facts) -> Iterator[Finding]:
    """No Coq session can be started here."""
    if facts.kernel_problem and not facts.wrong_configuration:
        todo = f"make build, or set PXL_COQ_DIR and PXL_COQTOP to where they are; then: {_start_command(facts)}"
        yield Finding("kernel missing", Status.CRITICAL, facts.kernel_problem, todo)


def port(facts: Facts) -> Iterator[Finding]:
    """Somebody else has the port."""
    if facts.reach is Reach.ANSWERS:
        return
    stranger = facts.listener is not None and not facts.listener.ours
    if facts.target == "local" and stranger and facts.listener is not None and not _unsupervised(facts):
        who = f"process {facts.listener.pid} ({facts.listener.name})" if facts.listener.pid else "a process of another user"
        what = f"{who} listens on port {facts.settings.server_port}, and it was not started by 'pxl up' here"
        yield Finding("port taken", Status.CRITICAL, what, "end that process, or give the service another PXL_SERVER_PORT; then: pxl up")
    elif facts.local is not None and facts.local.state is not None and _IN_USE in " ".join(facts.local.state.last_words):
        yield Finding(
            "port taken", Status.CRITICAL, facts.local.state.last_words[-1], "another PXL_SERVER_PORT, or free this one; then: pxl up"
        )


def disks(facts: Facts) -> Iterator[Finding]:
    """No room, or no right to write, where data and logs go."""
    for disk in facts.disks:
        if disk.problem:
            todo = "make room (pxl ops rotate-logs), or give the service the right to write"
            yield Finding(f"{disk.name} not writable", Status.CRITICAL, str(disk), todo)
        elif disk.status is Status.CRITICAL:
            yield Finding(
                f"disk full: {disk.name}", Status.CRITICAL, str(disk), "make room: pxl ops rotate-logs, old backups, others' files"
            )
        elif disk.status is Status.ATTENTION:
            yield Finding(f"disk filling: {disk.name}", Status.ATTENTION, str(disk), "make room before it is full: pxl ops rotate-logs")
    lost = {name: number(facts.metrics, name) or 0.0 for name in _WRITE_FAILURES}
    if any(lost.values()):
        what = ", ".join(f"{name}: {count:g}" for name, count in lost.items() if count)
        yield Finding(
            "writes failed", Status.ATTENTION, what, "since the start of the service something could not be written: look at the disks"
        )


_WRITE_FAILURES = (
    "logos_pxl_performance_write_failures_total",
    'logos_pxl_certificate_failures_total{step="write"}',
    'logos_pxl_log_lines_lost_total{file="access.log"}',
    'logos_pxl_log_lines_lost_total{file="pxl-server.log"}',
)


def memory(facts: Facts) -> Iterator[Finding]:
    """The machine, or the service's own share of it, is full."""
    usage = [value for value in (facts.memory_percent, number(facts.metrics, MEMORY_USAGE.metric)) if value is not None]
    if usage and (status := MEMORY_USAGE.status(max(usage))) is not Status.FINE:
        yield Finding("memory", status, f"{max(usage):.0f} % of the memory are in use", MEMORY_USAGE.advice)


def redis(facts: Facts) -> Iterator[Finding]:
    """Redis is configured and away."""
    if facts.settings.redis_url is None:
        return
    lost = facts.health.get("shared_state") == "redis-lost"
    if lost or facts.redis_problem:
        away = (
            f"Redis does not answer: {facts.redis_problem}"
            if facts.redis_problem
            else "the service has lost Redis, which takes connections again"
        )
        what = f"{away}; cache, nonces and quotas are each replica's own meanwhile"
        yield Finding("redis lost", Status.ATTENTION, what, "start Redis, or mend PXL_REDIS_URL; the service comes back to it by itself")


def clock(facts: Facts) -> Iterator[Finding]:
    """Signatures are judged by the service's clock."""
    offset_s = facts.clock_offset_s
    if offset_s is not None and abs(offset_s) > _CLOCK_ATTENTION_S:
        status = Status.CRITICAL if abs(offset_s) >= WINDOW_S and facts.health.get("authentication") == "hmac" else Status.ATTENTION
        what = f"the service's clock is {abs(offset_s):.0f} s {'ahead of' if offset_s > 0 else 'behind'} this machine's"
        yield Finding("clock", status, what, f"set both by NTP: signatures are refused when clocks differ by more than {WINDOW_S} s")
    failures = {
        reason: _refused(facts, reason) for reason in ("timestamp-outside-window", "invalid-signature", "missing-signature", "nonce-reused")
    }
    late = failures["timestamp-outside-window"]
    if late and late >= sum(failures.values()) / 2:
        what = f"{late:g} of {sum(failures.values()):g} refused signatures had a time outside the window of {WINDOW_S} s"
        yield Finding("clock of clients", Status.ATTENTION, what, "set the clocks of the clients, or of the service, by NTP")


def _refused(facts: Facts, reason: str) -> float:
    return number(facts.metrics, f'logos_pxl_authentication_failures_total{{reason="{reason}"}}') or 0.0


def _unsupervised(facts: Facts) -> bool:
    return facts.local is not None and bool(facts.local.unsupervised)


def _start_command(facts: Facts) -> str:
    return "pxl up" if facts.target == "local" else facts.restart_command

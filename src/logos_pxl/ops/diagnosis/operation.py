"""``pxl ops diagnose``: what is wrong, most likely cause first, and what to do."""

from collections.abc import Callable, Iterator

from logos_pxl.ops.diagnosis import machine_rules, service_rules
from logos_pxl.ops.diagnosis.facts import Facts, gather
from logos_pxl.ops.diagnosis.findings import Finding, most_likely_first
from logos_pxl.ops.lenient_settings import lenient_settings
from logos_pxl.ops.report import Check, Report, Section, Status
from logos_pxl.ops.running import Operator

Rule = Callable[[Facts], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    service_rules.soundness,
    machine_rules.configuration,
    machine_rules.kernel,
    machine_rules.port,
    machine_rules.disks,
    machine_rules.memory,
    service_rules.kernel_sessions,
    service_rules.down,
    service_rules.saturation,
    machine_rules.redis,
    machine_rules.clock,
    service_rules.latency,
    service_rules.ratio,
    service_rules.log,
)
"""From causes to what they cause."""


def diagnose() -> Report:
    """Look at everything, and say what is wrong; works with a broken configuration too."""
    settings, wrong = lenient_settings()
    return diagnosis(gather(Operator.of(settings), wrong))


def diagnosis(facts: Facts) -> Report:
    """What the facts mean."""
    findings = most_likely_first(finding for rule in RULES for finding in rule(facts))
    wrong = Section("What is wrong, most likely cause first", tuple(finding.check() for finding in findings))
    looked = Section("What was looked at", tuple(_looked_at(facts)), data={"codes": [finding.code for finding in findings]})
    summary = f"{findings[0].code}: {findings[0].todo}" if findings else "nothing is wrong that could be seen from here"
    return Report("diagnose", facts.url, (wrong, looked) if findings else (looked,), summary)


def _looked_at(facts: Facts) -> Iterator[Check]:
    """What is known, for who wants to know more; what is wrong stands above."""
    if facts.target_problem:
        yield Check(f"target {facts.target}", Status.UNKNOWN, advice=facts.target_problem)
    elif facts.standing is not None:
        yield Check(f"target {facts.target}", Status.FINE, "; ".join(facts.standing.lines[:2]))
    yield Check("service", Status.FINE, facts.reach.value)
    if facts.health:
        yield Check("health", Status.FINE, "; ".join([str(facts.health.get("status")), *facts.health.get("problems", [])]))
    for proof in facts.proofs:
        yield Check(f"test proof, expected {proof.expected}", Status.FINE, f"{proof.verdict or 'none'} in {proof.latency_ms:.0f} ms")
    if facts.pool_utilization_percent is not None:
        yield Check("sessions busy", Status.FINE, round(facts.pool_utilization_percent), "%")
    for disk in facts.disks:
        yield Check(f"disk of {disk.name}", Status.FINE, disk.free_bytes // (1 << 20), "MiB free")
    if facts.memory_percent is not None:
        yield Check("memory of the machine", Status.FINE, round(facts.memory_percent), "% used")
    if facts.clock_offset_s is not None:
        yield Check("clock", Status.FINE, round(abs(facts.clock_offset_s), 1), "s from this machine's")

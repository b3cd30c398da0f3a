"""Error budgets: alerts by how fast they burn, as the workbook of site reliability has them."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from monitoring.alert_cases import HERE, JOB, Gauge
from monitoring.promtool import ALERTS, Expectation, check, fired, firing, rules, seconds

from logos_pxl.proving import UnknownReason
from logos_pxl.service.metrics.recorder import OUR_REJECTIONS

DAY_STEPS = 24 * 12
"""Of five minutes each."""


def test_budgets_tiers_are_those_of_the_workbook() -> None:
    """Burn rates fall as windows grow, and each short window is a twelfth of its long one."""
    tiers = [rule for rule in ALERTS if rule["alert"] == "ErrorBudgetBurn"]
    for slo in ("goals", "uptime"):
        mine = [rule for rule in tiers if rule["labels"]["indicator"] == f"budget-{slo}"]
        assert [float(rule["labels"]["burn_rate"]) for rule in mine] == [14.4, 6, 3, 1]
        assert [rule["labels"]["level"] for rule in mine] == ["high", "high", "medium", "low"]
        for rule in mine:
            long, short = re.findall(r"ratio_rate(\w+)\{", rule["expr"])
            assert seconds(long) == 12 * seconds(short) == seconds(rule["labels"]["window"]), rule
            assert set(re.findall(r"> ([0-9.]+) \* 0.001", rule["expr"])) == {rule["labels"]["burn_rate"]}
        assert all(seconds(a["labels"]["window"]) < seconds(b["labels"]["window"]) for a, b in pairwise(mine))


def goals(
    bad_share: float, steps: int, *, begin: tuple[float, float] = (0.0, 0.0), per_step: float = 10_000
) -> tuple[list[float], list[float]]:
    """Counts of verdicts and of those that failed for our reasons."""
    verdicts, bad = begin
    return (
        [verdicts + per_step * (step + 1) for step in range(steps)],
        [bad + bad_share * per_step * (step + 1) for step in range(steps)],
    )


def goal_series(verdicts: list[float], bad: list[float]) -> dict[str, list[float]]:
    return {
        f'logos_pxl_verdicts_total{{{HERE},verdict="valid"}}': verdicts,
        f'logos_pxl_unknown_verdicts_total{{{HERE},reason="kernel_unavailable"}}': bad,
        f'logos_pxl_unknown_verdicts_total{{{HERE},reason="timeout"}}': verdicts,
        f'logos_pxl_rejections_total{{{HERE},reason="internal"}}': [0.0] * len(bad),
    }


def burning(slo: str, windows: set[str], at_s: int) -> list[Expectation]:
    """Which tiers of a budget fire."""
    expectations = []
    for rule in ALERTS:
        if rule["alert"] == "ErrorBudgetBurn" and rule["labels"]["indicator"] == f"budget-{slo}":
            answer = fired(rule, {**JOB, "slo": slo}) if rule["labels"]["window"] in windows else []
            expectations.append(
                Expectation(at_s, firing("ErrorBudgetBurn", indicator=f"budget-{slo}", window=rule["labels"]["window"]), answer)
            )
    return expectations


@pytest.mark.parametrize(
    ("share", "windows"),
    [
        (0.0009, set()),
        (0.0011, {"3d"}),
        (0.0029, {"3d"}),
        (0.0031, {"3d", "1d"}),
        (0.0059, {"3d", "1d"}),
        (0.0061, {"3d", "1d", "6h"}),
        (0.0143, {"3d", "1d", "6h"}),
        (0.0145, {"3d", "1d", "6h", "1h"}),
    ],
)
def test_a_budget_burns_as_fast_as_goals_fail(share: float, windows: set[str], tmp_path: Path) -> None:
    """Just below and just above each burn rate; goals that time out burn nothing."""
    verdicts, bad = goals(share, 75)
    check(tmp_path, [], goal_series(verdicts, bad), burning("goals", windows, 4400), interval_s=60, also="slo.yml")


def test_a_burn_that_is_over_is_told_no_longer(tmp_path: Path) -> None:
    """The short window ends it: half an hour after the failures nothing fires that wakes anybody."""
    verdicts, bad = goals(0.05, 60)
    more, no_more = goals(0, 40, begin=(verdicts[-1], bad[-1]))
    expectations = [
        *burning("goals", {"1h", "6h", "1d"}, 3540),
        *burning("goals", {"6h", "1d", "3d"}, 4080),
        *burning("goals", {"1d", "3d"}, 5940),
    ]
    check(tmp_path, [], goal_series(verdicts + more, bad + no_more), expectations, interval_s=60, also="slo.yml")


def test_two_failures_of_the_night_wake_nobody(tmp_path: Path) -> None:
    """Two of three goals in an hour are two thirds, and no more than two."""
    verdicts = [0.0] * 10 + [3.0] * 60
    check(tmp_path, [], goal_series(verdicts, [0.0] * 10 + [2.0] * 60), burning("goals", set(), 2400), interval_s=60, also="slo.yml")


@pytest.mark.parametrize(
    ("reason", "burns"),
    [("kernel_rejected", True), ("overloaded", True), ("cancelled", True), ("timeout", False), ("resource_limit", False)],
)
def test_whose_fault_burns(reason: str, burns: bool, tmp_path: Path) -> None:
    """Ours does, that of the goal's budget does not."""
    verdicts, bad = goals(0.5, 30)
    series = {
        f'logos_pxl_verdicts_total{{{HERE},verdict="valid"}}': verdicts,
        f'logos_pxl_unknown_verdicts_total{{{HERE},reason="{reason}"}}': bad,
        f'logos_pxl_rejections_total{{{HERE},reason="internal"}}': [0.0] * len(bad),
    }
    check(tmp_path, [], series, burning("goals", {"1h", "6h", "1d"} if burns else set(), 1700), interval_s=60, also="slo.yml")


def test_uptime_burns_while_nobody_is_there(tmp_path: Path) -> None:
    """After two days without a fault, half an hour without any target is told by its burn rate."""
    up = Gauge(1, None).samples(2 * DAY_STEPS, 7, 40)
    series = {f"up{{{HERE}}}": up, f"logos_pxl_ready{{{HERE}}}": up}
    began_s = 2 * 86_400
    expectations = [
        *burning("uptime", set(), began_s),
        *burning("uptime", {"1h", "6h", "1d"}, began_s + 2000),
        *burning("uptime", {"1d"}, began_s + 7800),
    ]
    check(tmp_path, [], series, expectations, interval_s=300, also="slo.yml")


def test_bad_is_what_the_service_calls_its_own_fault() -> None:
    """Every refusal that is no client's, and every unknown that is neither the goal's time nor its memory; in all windows alike."""
    theirs = {UnknownReason.TIMEOUT, UnknownReason.RESOURCE_LIMIT}
    for rule in rules(alerts=False):
        if rule["record"].startswith("job:logos_pxl_goals"):
            named = {
                metric: set(reasons.split("|")) for metric, reasons in re.findall(r'logos_pxl_(\w+)_total\{reason=~"([^"]+)"', rule["expr"])
            }
            assert named["rejections"] == set(OUR_REJECTIONS), rule["record"]
            if "goals_bad" in rule["record"]:
                assert named["unknown_verdicts"] == {reason.value for reason in UnknownReason if reason not in theirs}, rule["record"]

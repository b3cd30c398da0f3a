"""All checks, one after the other, and what came of them."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from logos_pxl.acceptance.checks import Check, Failed, Skipped
from logos_pxl.acceptance.refusal_checks import refusal_checks
from logos_pxl.acceptance.service import NotReachable, Service
from logos_pxl.acceptance.signature_checks import signature_checks
from logos_pxl.acceptance.state_checks import state_checks
from logos_pxl.acceptance.verdict_checks import verdict_checks
from logos_pxl.acceptance.work_checks import work_checks


class Outcome(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Result:
    """One check's outcome; ``detail`` is a remark, or why it failed or was skipped."""

    group: str
    name: str
    outcome: Outcome
    detail: str
    duration_ms: float


@dataclass(frozen=True, slots=True)
class Report:
    """The whole run. ``quota_waits``: how often the run had to wait for its quota."""

    url: str
    started: str
    duration_s: float
    quota_waits: int
    results: tuple[Result, ...]

    def count(self, outcome: Outcome) -> int:
        """How many checks had this outcome."""
        return sum(result.outcome is outcome for result in self.results)

    def as_json(self) -> dict[str, Any]:
        """The report for machines."""
        return {
            "url": self.url,
            "started": self.started,
            "duration_s": round(self.duration_s, 3),
            **{outcome.value: self.count(outcome) for outcome in Outcome},
            "quota_waits": self.quota_waits,
            "checks": [asdict(result) for result in self.results],
        }


def all_checks() -> Iterator[Check]:
    """Every check, in the order of the report."""
    for group in (state_checks, verdict_checks, refusal_checks, work_checks, signature_checks):
        yield from group()


def run(service: Service, checks: Iterable[Check], on_result: Callable[[Result], None]) -> Report:
    """Run the checks; each result is told as soon as it is there."""
    began, started = datetime.now(UTC), time.monotonic()
    results = []
    for check in checks:
        result = _result(service, check)
        on_result(result)
        results.append(result)
    return Report(service.url, began.isoformat(timespec="seconds"), time.monotonic() - started, service.quota_waits, tuple(results))


def _result(service: Service, check: Check) -> Result:
    started = time.monotonic()
    try:
        outcome, detail = Outcome.PASSED, check.run(service)
    except Skipped as reason:
        outcome, detail = Outcome.SKIPPED, str(reason)
    except (Failed, NotReachable) as error:
        outcome, detail = Outcome.FAILED, str(error)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # The answer has a shape that no check had reckoned with.
        outcome, detail = Outcome.FAILED, f"an answer of an unexpected shape: {error!r}"
    return Result(check.group, check.name, outcome, detail, round((time.monotonic() - started) * 1000, 1))

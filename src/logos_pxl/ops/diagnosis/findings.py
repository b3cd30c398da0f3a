"""What a rule found."""

from collections.abc import Iterable
from dataclasses import dataclass

from logos_pxl.ops.report import Check, Status

_SEVERITY = (Status.CRITICAL, Status.UNKNOWN, Status.ATTENTION, Status.FINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong. ``code`` is its stable name, ``what`` the evidence, ``todo`` what to do about it."""

    code: str
    status: Status
    what: str
    todo: str

    def check(self) -> Check:
        """As it stands in the report."""
        return Check(self.code, self.status, self.what, advice=self.todo)


def most_likely_first(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first; of equally bad ones in the order of the rules, which is from causes to what they cause."""
    return sorted(findings, key=lambda finding: _SEVERITY.index(finding.status))

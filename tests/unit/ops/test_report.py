"""Reports: what they add up to, and how they are printed."""

import json

import pytest

from logos_pxl.ops.printing import print_report
from logos_pxl.ops.report import Check, Report, Section, Status, failed, worst


def report(*statuses: Status) -> Report:
    checks = tuple(Check(f"check {place}", status, 1.5, "ms", "< 2 ms", "advice [bold]") for place, status in enumerate(statuses))
    return Report("some", "http://x", (Section("First", checks[:1]), Section("Rest", checks[1:], notes=("a note",))))


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], Status.FINE),
        ([Status.FINE, Status.ATTENTION], Status.ATTENTION),
        ([Status.ATTENTION, Status.UNKNOWN], Status.UNKNOWN),
        ([Status.UNKNOWN, Status.CRITICAL, Status.FINE], Status.CRITICAL),
    ],
)
def test_the_worst_check_decides(statuses: list[Status], expected: Status) -> None:
    """Critical before unknown, unknown before attention, and nothing unknown is fine."""
    assert worst(statuses) is expected
    assert report(*statuses).status is expected


def test_a_report_as_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    """With the exit status in it."""
    assert print_report(report(Status.FINE, Status.CRITICAL), as_json=True) == 2
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["exit_status"]) == ("critical", 2)
    [check] = document["sections"][1]["checks"]
    assert check == {
        "name": "check 1", "status": "critical", "value": 1.5, "unit": "ms", "threshold": "< 2 ms", "advice": "advice [bold]",
    }  # fmt: skip


def test_a_report_in_a_pipe_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """Every check with its status, value, threshold and advice on one line; nothing in brackets is taken for markup."""
    assert print_report(report(Status.FINE, Status.ATTENTION), as_json=False) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ATTENTION  some  http://x")
    assert any(line.split() == ["attention", "check", "1", "1.5", "ms", "<", "2", "ms", "advice", "[bold]"] for line in lines)
    assert "a note" in lines


def test_what_could_not_be_told_is_unknown() -> None:
    """Status 3, with the reason."""
    could_not = failed("some", "no such thing")
    assert (could_not.status, could_not.summary) == (Status.UNKNOWN, "no such thing")

"""Exit statuses."""

import pytest

from logos_pxl.cli.printing import ExitStatus, worst

VALID, INVALID, ERROR, UNKNOWN = ExitStatus


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], VALID),
        ([VALID, VALID], VALID),
        ([VALID, INVALID], INVALID),
        ([UNKNOWN, INVALID, VALID], UNKNOWN),
        ([UNKNOWN, ERROR, INVALID], ERROR),
        ([ERROR, UNKNOWN], ERROR),
    ],
)
def test_the_worst_of_several_goals_is_the_exit_status(statuses: list[ExitStatus], expected: ExitStatus) -> None:
    """An error comes before unknown, unknown before invalid, invalid before valid, in whatever order."""
    assert worst(statuses) is expected


def test_the_numbers_are_the_documented_ones() -> None:
    """0 valid, 1 invalid, 2 error, 3 unknown."""
    assert [status.value for status in (VALID, INVALID, ERROR, UNKNOWN)] == [0, 1, 2, 3]

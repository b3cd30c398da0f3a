"""Rows of bars."""

from logos_pxl.ops.monitor.sparkline import sparkline


def test_bars_are_between_low_and_high() -> None:
    """The last values that fit; what is outside at the edge, what is not known as a gap."""
    assert sparkline([0, 50, 100], low=0, high=100, width=10) == "▁▅█"
    assert sparkline([-5, 500, None, 99.9], low=0, high=100, width=10) == "▁█ █"
    assert sparkline([1, 2, 3], low=0, high=3, width=2) == "▆█"
    assert sparkline([1, 2, 3], low=0, high=3, width=0) == ""
    assert sparkline([7, 7], low=7, high=7, width=5) == "▁▁"

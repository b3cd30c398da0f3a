"""What counts as failing, with a clock in the test's hand."""

from logos_pxl.service.condition import FAILURE_HOLD_S, Condition


def test_nothing_fails_at_first() -> None:
    """A service that was asked nothing is well."""
    assert Condition(lambda: 5.0).failing == ""


def test_a_failure_counts_until_the_kernel_works_again() -> None:
    """However long ago it was: nothing shows that it is over."""
    now = [0.0]
    condition = Condition(lambda: now[0])
    condition.failed("kernel_unavailable")
    now[0] = 3_600.0
    assert condition.failing == "kernel_unavailable"
    condition.kernel_checked()
    assert condition.failing == ""


def test_a_success_between_failures_does_not_hide_them() -> None:
    """When half of all requests fail, health does not say ok at every other look."""
    now = [0.0]
    condition = Condition(lambda: now[0])
    for _ in range(100):
        condition.failed("overloaded")
        now[0] += 0.001
        condition.kernel_checked()
        assert condition.failing == "overloaded"
        now[0] += 0.001
    now[0] += FAILURE_HOLD_S
    assert condition.failing == ""

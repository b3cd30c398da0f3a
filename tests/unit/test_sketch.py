"""Quantiles from buckets against quantiles from the sorted numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logos_pxl.sketch import RELATIVE_ERROR, QuantileSketch

numbers = st.floats(min_value=1e-6, max_value=86_400, allow_nan=False)


def sketch_of(values: list[float]) -> QuantileSketch:
    sketch = QuantileSketch()
    for value in values:
        sketch.add(value)
    return sketch


def exact(values: list[float], share: float) -> float:
    """By nearest rank, as the module defines it."""
    return sorted(values)[max(1, math.ceil(share * len(values))) - 1]


@given(st.lists(numbers, min_size=1, max_size=300), st.floats(min_value=0, max_value=1))
def test_every_quantile_is_within_its_bound(values: list[float], share: float) -> None:
    """No quantile is off by more than the stated share of the true one."""
    true = exact(values, share)
    assert abs(sketch_of(values).quantile(share) - true) <= true * (RELATIVE_ERROR + 1e-9)


@given(st.lists(st.lists(numbers, max_size=50), max_size=6))
def test_merging_loses_nothing(parts: list[list[float]]) -> None:
    """The sketch of several sketches is the sketch of all their numbers."""
    merged = QuantileSketch.merged(sketch_of(part) for part in parts)
    whole = sketch_of([value for part in parts for value in part])
    assert merged.count == whole.count
    assert [merged.quantile(share / 20) for share in range(21)] == [whole.quantile(share / 20) for share in range(21)]


def test_nothing_has_no_quantile() -> None:
    """An empty sketch says 0."""
    assert QuantileSketch().quantile(0.95) == 0


@pytest.mark.parametrize("odd", [0.0, -1.0, 1e-300, 1e300, math.inf])
def test_numbers_out_of_range_count_as_its_ends(odd: float) -> None:
    """A clock that stood still, or an hour of a hundred years, does no harm."""
    assert 0.9e-6 < sketch_of([odd]).quantile(0.5) < 90_000

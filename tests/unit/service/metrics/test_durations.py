"""The quick histogram against the client library's own."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from logos_pxl.service.metrics.instruments import DurationFamily

BOUNDS = (0.001, 0.01, 0.1, 1.0)

durations = st.one_of(st.sampled_from([0.0, *BOUNDS, 5.0]), st.floats(min_value=0, max_value=10))


@given(st.lists(st.tuples(st.sampled_from(["parse", "search"]), durations)))
def test_it_exposes_what_the_librarys_histogram_would(observed: list[tuple[str, float]]) -> None:
    """Bucket for bucket, on the bounds and between them."""
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    family = DurationFamily("stage_seconds", "A.", "stage", BOUNDS, ours)
    histogram = Histogram("stage_seconds", "A.", ["stage"], buckets=BOUNDS, registry=theirs)
    for stage, seconds in observed:
        family.labels(stage).observe(seconds)
        histogram.labels(stage).observe(seconds)
    without_created = [line for line in generate_latest(theirs).decode().splitlines() if "_created" not in line]
    assert generate_latest(ours).decode().splitlines() == without_created

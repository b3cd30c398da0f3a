"""Counters of our own: what Prometheus reads of them is what the client library would give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, generate_latest

from logos_pxl.service.metrics.instruments import CountFamily


@given(st.lists(st.tuples(st.sampled_from(["a", 'b"\\\n', "c"]), st.sampled_from(["200", "503"]), st.integers(0, 10**6))))
def test_the_text_is_that_of_the_client_library(events: list[tuple[str, str, int]]) -> None:
    """With labels and without, whatever was counted."""
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    names = ("endpoint", "status")
    counts, counter = CountFamily("events_total", "Events.", names, ours), Counter("events_total", "Events.", names, registry=theirs)
    alone, lonely = CountFamily("all_total", "All.", (), ours), Counter("all_total", "All.", registry=theirs)
    for endpoint, status, amount in events:
        counts.labels(endpoint, status).inc(amount)
        counter.labels(endpoint, status).inc(amount)
        alone.inc()
        lonely.inc()
    expected = [line for line in generate_latest(theirs).decode().splitlines() if "_created" not in line]
    assert sorted(generate_latest(ours).decode().splitlines()) == sorted(expected)


def test_labels_are_all_given() -> None:
    """A series with too few or too many would not be what it says."""
    counts = CountFamily("events_total", "Events.", ("endpoint", "status"), CollectorRegistry())
    for values in ((), ("a",), ("a", "b", "c")):
        with pytest.raises(ValueError, match="labels"):
            counts.labels(*values)

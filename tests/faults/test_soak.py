"""Many requests of every kind, one after the other: what is looked for is what grows or stays behind.

``python -m bench soak`` is the same with 100,000 requests, and prints figures.
"""

from bench import soak

REQUESTS = 4_000


def test_nothing_grows_and_nothing_stays_behind() -> None:
    """Memory is flat, descriptors come back, no process survives, no verdict is wrong, every request has its expected status."""
    seen = soak.run(REQUESTS)
    assert sum(seen.statuses.values()) == REQUESTS
    assert [floor for floor in soak.floors(seen) if not floor.passed] == []
    assert min(sample.sessions for sample in seen.samples) >= 4, "sessions were not seen"

"""The mapping whose entries end, held against one that looks at every entry each time."""

from hypothesis import given
from hypothesis import strategies as st

from logos_pxl.shared_state.expiring import ExpiringMap

keys = st.sampled_from("abcd")
spans = st.sampled_from((0.25, 0.5, 1.0, 1.75, 3.0))


@given(st.lists(st.tuples(st.sampled_from(("put", "drop", "wait")), keys, spans), max_size=60))
def test_nothing_outlives_its_end_and_its_room(steps: list[tuple[str, str, float]]) -> None:
    """What is found is what a plain dictionary holds that has not ended; room is free a second later; nothing goes before its time."""
    tried: ExpiringMap[int] = ExpiringMap()
    plain: dict[str, tuple[float, int]] = {}
    now = 100.5
    for number, (step, key, span) in enumerate(steps):
        if step == "put":
            tried.put(key, number, ends=now + span)
            plain[key] = (now + span, number)
        elif step == "wait":
            now += span
        else:
            tried.drop_ended(now=now)
            assert len(tried) <= sum(now < ends + 1 for ends, _ in plain.values())
        alive = {key: held for key, held in plain.items() if now < held[0]}
        assert {key: held for key in plain if (held := tried.get(key, now=now)) is not None} == alive
    tried.drop_ended(now=now + 10)
    assert len(tried) == 0


@given(st.lists(st.tuples(keys, spans), min_size=1, max_size=30))
def test_room_is_made_by_what_ends_first(puts: list[tuple[str, float]]) -> None:
    """To the second."""
    tried: ExpiringMap[None] = ExpiringMap()
    ends: dict[str, float] = {}
    for key, span in puts:
        tried.put(key, None, ends=(ends.setdefault(key, 0) or 10) + span)
        ends[key] = (ends[key] or 10) + span
    while ends:
        tried.drop_soonest()
        left = {key: held[0] for key in ends if (held := tried.get(key, now=0)) is not None}
        [gone] = set(ends) - set(left)
        assert ends.pop(gone) <= min([*ends.values(), float("inf")]) + 1
        assert left == ends
    tried.drop_soonest()
    assert len(tried) == 0

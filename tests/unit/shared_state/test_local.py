"""Shared state in one process."""

import pytest

from logos_pxl.shared_state import LocalState, NoncesFull


class _Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


async def test_a_nonce_is_good_once(clock: _Clock) -> None:
    """A nonce is claimed once within its time, and is free again after it."""
    state = LocalState(clock=clock)
    assert await state.claim_nonce("n", 60)
    clock.now += 59.9
    assert not await state.claim_nonce("n", 60)
    clock.now += 0.2
    assert await state.claim_nonce("n", 60)


async def test_a_full_store_refuses_rather_than_forgets(clock: _Clock) -> None:
    """When no more nonces can be kept, none is forgotten: the claim is refused until one has ended."""
    state = LocalState(max_nonces=2, clock=clock)
    assert await state.claim_nonce("a", 60)
    assert await state.claim_nonce("b", 30)
    with pytest.raises(NoncesFull, match="2 nonces are alive"):
        await state.claim_nonce("c", 60)
    assert not await state.claim_nonce("a", 60)
    clock.now += 31
    assert await state.claim_nonce("c", 60)
    assert dict(state.live_nonces()) == pytest.approx({"a": 29, "c": 60})


async def test_a_quota_is_spent_and_whole_again(clock: _Clock) -> None:
    """A bucket allows its limit within a window, tells what is left and when it is whole again, and keeps that promise."""
    state = LocalState(clock=clock)
    decisions = [await state.take_token("c", 3, 60) for _ in range(4)]
    assert [(d.allowed, d.remaining) for d in decisions] == [(True, 2), (True, 1), (True, 0), (False, 0)]
    clock.now += 20
    refused = await state.take_token("c", 3, 60)
    assert not refused.allowed
    assert refused.reset_s == pytest.approx(40)
    assert (await state.take_token("other", 3, 60)).allowed
    clock.now += refused.reset_s
    assert (await state.take_token("c", 3, 60)).remaining == 2


async def test_buckets_are_bounded(clock: _Clock) -> None:
    """However many clients come, only so many buckets are kept, and those that end first go first."""
    state = LocalState(max_buckets=2, clock=clock)
    for name in ("a", "b", "c"):
        await state.take_token(name, 1, 60)
        clock.now += 1
    assert not (await state.take_token("b", 1, 60)).allowed
    assert not (await state.take_token("c", 1, 60)).allowed
    assert (await state.take_token("a", 1, 60)).allowed


async def test_alone_means_nothing_is_shared() -> None:
    """A service without Redis says so, and finds no entry that it left for others."""
    state = LocalState()
    await state.put("k", b"entry", 60)
    assert await state.get("k") is None
    assert state.state() == "local"

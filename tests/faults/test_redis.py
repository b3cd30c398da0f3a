"""Shared state over a real Redis that is killed, stopped and restarted."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis_server import PASSWORD, RedisServer, running_redis

from logos_pxl.errors import ConfigurationError
from logos_pxl.observing import NullObserver, Observer
from logos_pxl.settings import Settings
from logos_pxl.shared_state import SharedState, open_shared_state

pytestmark = pytest.mark.alone

Eventually = Callable[..., Awaitable[None]]
TIMEOUT_S = 0.25


class _Heard(Observer):
    def __init__(self) -> None:
        self.states: list[str] = []
        self.failed: list[str] = []

    def redis(self, state: str) -> None:
        self.states.append(state)

    def redis_failed(self, operation: str) -> None:
        self.failed.append(operation)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@asynccontextmanager
async def replicas(url: str, observer: Observer | None = None) -> AsyncIterator[tuple[SharedState, SharedState]]:
    observer = observer or NullObserver()
    async with (
        open_shared_state(url, timeout_s=TIMEOUT_S, max_entry_bytes=1_000, observer=observer) as one,
        open_shared_state(url, timeout_s=TIMEOUT_S, max_entry_bytes=1_000, observer=NullObserver()) as other,
    ):
        yield one, other


async def test_two_replicas_share_nonces_quotas_and_entries(redis: RedisServer) -> None:
    """What one has claimed, spent or left, the other knows."""
    async with replicas(redis.url) as (one, other):
        assert (one.state(), other.state()) == ("redis", "redis")
        assert await one.claim_nonce("n", 60)
        assert not await other.claim_nonce("n", 60)
        assert not await one.claim_nonce("n", 60)
        decisions = [await state.take_token("client", 3, 60) for state in (one, other, one, other)]
        assert [(decision.allowed, decision.remaining) for decision in decisions] == [(True, 2), (True, 1), (True, 0), (False, 0)]
        assert all(0 < decision.reset_s <= 60 for decision in decisions)
        await one.put("key", b"entry", 60)
        assert await other.get("key") == b"entry"
        await other.delete("key")
        assert await one.get("key") is None


async def test_what_was_claimed_or_spent_ends_in_time(redis: RedisServer) -> None:
    """Nonces, quotas and entries are free again when their time is over, and Redis is empty then."""
    async with replicas(redis.url) as (one, other):
        await one.claim_nonce("n", 0.3)
        await one.take_token("client", 1, 1)
        await one.put("key", b"entry", 0.3)
        refused = await other.take_token("client", 1, 1)
        assert not refused.allowed
        await asyncio.sleep(refused.reset_s + 0.05)
        assert await other.claim_nonce("n", 0.05)
        assert (await other.take_token("client", 1, 1)).allowed
        assert await other.get("key") is None
        await asyncio.sleep(1.1)
        async with Redis.from_url(redis.url) as client:
            assert await client.dbsize() == 0


async def test_a_race_for_one_nonce_has_one_winner(redis: RedisServer) -> None:
    """Of hundreds of claims at once on two replicas exactly one succeeds, and a quota is never overdrawn."""
    async with replicas(redis.url) as both:
        for number in range(50):
            claims = await asyncio.gather(*(state.claim_nonce(f"n{number}", 60) for state in both for _ in range(4)))
            assert sum(claims) == 1
        decisions = await asyncio.gather(*(state.take_token("client", 100, 60) for state in both for _ in range(150)))
        assert sum(decision.allowed for decision in decisions) == 100


async def test_a_burst_does_not_lose_redis(redis: RedisServer) -> None:
    """Five thousand calls at once are our own load: they travel together, and Redis is not given up for it."""
    heard = _Heard()
    async with replicas(redis.url, heard) as (one, _):
        assert all(await asyncio.gather(*(one.claim_nonce(f"n{number}", 60) for number in range(5_000))))
    assert (heard.states, heard.failed) == (["redis"], [])


async def test_a_killed_redis_costs_no_call_and_comes_back(redis: RedisServer, eventually: Eventually) -> None:
    """The service goes on alone at once, says so, and shares again when Redis is back, though that has forgotten everything."""
    heard = _Heard()
    async with replicas(redis.url, heard) as (one, other):
        assert await one.claim_nonce("before", 60)
        redis.kill()
        started = time.monotonic()
        assert await one.claim_nonce("during", 60)
        assert not await one.claim_nonce("during", 60)
        assert not await one.claim_nonce("before", 60)
        assert (await one.take_token("client", 1, 60)).allowed
        assert not (await one.take_token("client", 1, 60)).allowed
        assert await one.get("key") is None
        assert time.monotonic() - started < 2 * TIMEOUT_S
        assert one.state() == "redis-lost"
        redis.start()
        await eventually(lambda: one.state() == "redis", within_s=5)
        assert heard.states == ["redis", "redis-lost", "redis"]
        assert heard.failed == ["claim_nonce"]
        # The other replica has not noticed anything yet, and its Redis is a new one: replays are refused all the same.
        assert not await other.claim_nonce("before", 60)
        assert not await other.claim_nonce("during", 60)
        assert other.state() == "redis"


async def test_a_replica_that_slept_through_a_restart_tells_its_nonces(redis: RedisServer) -> None:
    """What it had claimed before the restart is refused elsewhere as soon as it has used Redis again."""
    async with replicas(redis.url) as (one, other):
        assert await one.claim_nonce("before", 60)
        redis.kill()
        redis.start()
        assert await one.claim_nonce("after", 60)
        assert one.state() == "redis"
        assert not await other.claim_nonce("before", 60)
        assert not await other.claim_nonce("after", 60)


async def test_many_nonces_to_tell_hold_up_nobody(redis: RedisServer, eventually: Eventually) -> None:
    """Getting a new Redis up to date may take its time: who asks meanwhile is answered alone, and then all of it is told."""
    async with replicas(redis.url) as (one, other):
        redis.kill()
        for number in range(40_000):
            await one.claim_nonce(f"n{number}", 600)
        redis.start()
        await eventually(lambda: one.state() == "redis", within_s=20)
        redis.kill()
        redis.start()
        started = time.monotonic()
        assert await one.claim_nonce("new", 600)
        assert time.monotonic() - started < 5 * TIMEOUT_S
        await eventually(lambda: one.state() == "redis", within_s=20)
        assert not any([await other.claim_nonce(f"n{number}", 60) for number in range(0, 40_000, 1_000)])
        assert not await other.claim_nonce("new", 600)


async def test_a_stopped_redis_is_waited_for_once(redis: RedisServer, eventually: Eventually) -> None:
    """A Redis that hangs costs the calls under way their time-out, later ones nothing, and is used again when it goes on."""
    async with replicas(redis.url) as (one, other):
        await one.put("key", b"entry", 60)
        redis.pause()
        started = time.monotonic()
        claims = await asyncio.gather(*(one.claim_nonce(f"n{number}", 60) for number in range(100)))
        assert all(claims)
        assert time.monotonic() - started < 3 * TIMEOUT_S
        started = time.monotonic()
        for number in range(100):
            assert not await one.claim_nonce(f"n{number}", 60)
            assert await one.get("key") is None
            assert (await one.take_token("client", 1_000, 60)).allowed
        assert time.monotonic() - started < TIMEOUT_S
        redis.resume()
        await eventually(lambda: one.state() == "redis", within_s=5)
        assert await one.get("key") == b"entry"
        assert not any([await other.claim_nonce(f"n{number}", 60) for number in range(100)])


async def test_the_service_starts_without_its_redis(redis: RedisServer, eventually: Eventually) -> None:
    """A Redis that is away at the start is waited for in the background."""
    redis.kill()
    async with replicas(redis.url) as (one, other):
        assert one.state() == "redis-lost"
        assert await one.claim_nonce("n", 60)
        redis.start()
        await eventually(lambda: one.state() == other.state() == "redis", within_s=5)
        assert not await other.claim_nonce("n", 60)


async def test_a_redis_that_takes_no_writes_is_lost(redis: RedisServer, eventually: Eventually) -> None:
    """A full or read-only Redis answers, but shares nothing: that is told, and ends when it can be written again."""
    async with replicas(redis.url) as (one, _), Redis.from_url(redis.url) as client:
        await client.config_set("maxmemory", "1")
        assert await one.claim_nonce("n", 60)
        assert one.state() == "redis-lost"
        await asyncio.sleep(0.5)
        assert one.state() == "redis-lost"
        await client.config_set("maxmemory", "0")
        await eventually(lambda: one.state() == "redis", within_s=5)


async def test_a_key_of_another_type_spoils_only_itself(redis: RedisServer) -> None:
    """Somebody else's value under one of our keys is refused, and everything else goes on in Redis."""
    heard = _Heard()
    async with replicas(redis.url, heard) as (one, _), Redis.from_url(redis.url) as client:
        await client.lpush("pxl:1:cache:key", "x")
        await client.set("pxl:1:cache:huge", b"x" * 5_000)
        assert await one.get("key") is None
        assert await one.get("huge") is None
        assert one.state() == "redis"
        assert heard.failed == ["get"]


async def test_the_password_is_never_logged(redis: RedisServer, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """Not when Redis is lost, not when the password is wrong, not when the URL is none."""
    caplog.set_level(logging.DEBUG)
    async with replicas(redis.url) as (one, _):
        redis.kill()
        await one.claim_nonce("n", 60)
        redis.start()
    wrong = redis.url.replace(PASSWORD, PASSWORD + "-wrong")
    async with replicas(wrong) as (one, _):
        assert one.state() == "redis-lost"
    broken = f"rediz://:{PASSWORD}@127.0.0.1"
    with pytest.raises(ConfigurationError, match="PXL_REDIS_URL") as refused:
        async with replicas(broken):
            pass
    with pytest.raises(ConfigurationError) as unread:
        Settings.load(redis_url=[PASSWORD])
    told = caplog.text + str(refused.value) + str(unread.value) + repr(Settings.load(redis_url=redis.url))
    assert "Redis is lost" in told
    assert PASSWORD not in told

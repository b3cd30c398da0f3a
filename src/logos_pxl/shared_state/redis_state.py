"""Shared state in Redis, with this process as the fallback.

Invariant: after a call that found Redis lost, no call waits for it until it has answered again: meanwhile this process decides
alone. Each nonce is claimed here first, so what this process has seen is refused whatever becomes of Redis; and it is told to
Redis again whenever a connection was lost, for Redis may have forgotten it (docs/decisions/shared-state.md).
"""

import asyncio
import hashlib
import logging
import secrets
from types import TracebackType
from typing import Any, Self

from redis.exceptions import ConnectionError as RedisConnectionError

from logos_pxl.observing import NullObserver, Observer, RedisState
from logos_pxl.shared_state.interface import RateDecision
from logos_pxl.shared_state.local import LocalState
from logos_pxl.shared_state.redis_line import Command, RedisLine, RedisLost, RedisRefused

_log = logging.getLogger(__name__)

_PREFIX = "pxl:1:"
_FIRST_PROBE_S = 0.1
_LAST_PROBE_S = 2.0
_NONCES_AT_ONCE = 256

# Claiming twice with one mark is claiming once: a claim can be repeated when its answer was lost.
_CLAIM = """
local holder = redis.call('GET', KEYS[1])
if holder then
  return holder == ARGV[1] and 1 or 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

# One step for Redis: a count that is raised and a window that is opened belong together.
_TAKE = """
local taken = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = redis.call('PTTL', KEYS[1])
if left < 1 then
  taken = 0
  left = tonumber(ARGV[2])
end
if taken >= tonumber(ARGV[1]) then
  return {0, 0, left}
end
redis.call('SET', KEYS[1], taken + 1, 'PX', left)
return {1, tonumber(ARGV[1]) - taken - 1, left}
"""


class RedisShared:
    """An async context manager: entering tries Redis once and goes on without it if need be, leaving closes the connection."""

    def __init__(self, url: str, local: LocalState, *, timeout_s: float, max_entry_bytes: int, observer: Observer | None = None) -> None:
        """``url`` may hold a password and is never logged. Raises ValueError when it is none of redis-py's.

        ``timeout_s`` bounds a round trip. Entries of more than ``max_entry_bytes`` are neither left nor read.
        """
        self._local = local
        self._max_entry_bytes = max_entry_bytes
        self._observer = observer or NullObserver()
        self._line = RedisLine(url, timeout_s=timeout_s, on_reconnect=self._introduce)
        self._mark = secrets.token_hex(8)
        self._present = False
        self._probing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Try Redis once."""
        try:
            await self._introduce()
        except (RedisLost, RedisConnectionError) as error:
            self._lose("connect", error)
        else:
            self._present = True
            self._observer.redis("redis")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Close the connection."""
        self._present = False
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait((self._probing,))
        await self._line.close()

    async def claim_nonce(self, key: str, ttl_s: float) -> bool:
        """True once within ``ttl_s`` seconds, among all replicas while Redis is there. Raises NoncesFull."""
        if not await self._local.claim_nonce(key, ttl_s):
            return False
        answer = await self._ask("claim_nonce", *self._claim(key, ttl_s))
        return bool(answer != 0)

    async def take_token(self, bucket: str, limit: int, window_s: int) -> RateDecision:
        """Count one request against ``bucket``, for all replicas while Redis is there."""
        match await self._ask("take_token", "EVAL", _TAKE, 1, _hashed("rate", bucket), limit, window_s * 1000):
            case [int(allowed), int(remaining), int(left_ms)]:
                return RateDecision(bool(allowed), max(0, remaining), max(1, left_ms) / 1000)
            case _:
                return await self._local.take_token(bucket, limit, window_s)

    async def get(self, key: str) -> bytes | None:
        """The entry under ``key`` as a replica left it, unchecked."""
        # A value that is longer is none of ours, and is not taken into memory.
        entry = await self._ask("get", "GETRANGE", _entry(key), 0, self._max_entry_bytes)
        return entry if isinstance(entry, bytes) and 0 < len(entry) <= self._max_entry_bytes else None

    async def put(self, key: str, entry: bytes, ttl_s: float) -> None:
        """Leave an entry for the replicas."""
        if 0 < len(entry) <= self._max_entry_bytes:
            await self._ask("put", "SET", _entry(key), entry, "PX", _ms(ttl_s))

    async def delete(self, key: str) -> None:
        """Take an entry away."""
        await self._ask("delete", "DEL", _entry(key))

    def state(self) -> RedisState:
        """Where shared state lives now."""
        return "redis" if self._present else "redis-lost"

    async def _ask(self, operation: str, *command: str | bytes | int) -> Any:
        """Redis's answer; ``None`` when there is none to be had."""
        if not self._present:
            return None
        try:
            return await self._line.ask(*command)
        except RedisRefused as error:
            self._observer.redis_failed(operation)
            _log.warning("Redis refused %s: %s", operation, error)
        except RedisLost as error:
            self._observer.redis_failed(operation)
            self._lose(operation, error)
        return None

    def _lose(self, operation: str, reason: Exception) -> None:
        if self._probing is not None:
            return
        self._present = False
        self._observer.redis("redis-lost")
        _log.warning(
            "Redis is lost (%s: %s): cache, nonces and quotas are this process's own until it is back",
            operation,
            str(reason) if isinstance(reason, RedisLost) else type(reason).__name__,
        )
        self._probing = asyncio.create_task(self._await_return())

    async def _await_return(self) -> None:
        pause_s = _FIRST_PROBE_S
        while True:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LAST_PROBE_S)
            try:
                await self._introduce()
            except (RedisLost, RedisConnectionError):
                continue
            # No await since the last nonce was told: what is claimed from now on is claimed in Redis.
            self._present = True
            self._probing = None
            self._observer.redis("redis")
            _log.warning("Redis is back: cache, nonces and quotas are shared again")
            return

    async def _introduce(self) -> None:
        """Whether Redis takes what is written, which a replica of it, or a full one, does not; and all live nonces, for it to know them."""
        await self._line.send([("SET", _PREFIX + "probe", b"1", "PX", 1_000)])
        told: set[str] = set()
        while untold := [nonce for nonce in self._local.live_nonces() if nonce[0] not in told]:
            for start in range(0, len(untold), _NONCES_AT_ONCE):
                part = untold[start : start + _NONCES_AT_ONCE]
                await self._line.send([self._claim(key, left_s) for key, left_s in part])
                told.update(key for key, _ in part)

    def _claim(self, key: str, ttl_s: float) -> Command:
        return ("EVAL", _CLAIM, 1, _hashed("nonce", key), self._mark, _ms(ttl_s))


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _entry(key: str) -> str:
    return f"{_PREFIX}cache:{key}"


def _hashed(kind: str, name: str) -> str:
    """A key of bounded length that tells nobody an address or a nonce."""
    return f"{_PREFIX}{kind}:{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"

"""Shared state of a single service: all of it in this process.

Invariant: bounded. Of rate buckets the one that ends first goes when there are too many; nonces are never dropped before their time.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from logos_pxl.observing import RedisState
from logos_pxl.shared_state.expiring import ExpiringMap
from logos_pxl.shared_state.interface import NoncesFull, RateDecision


@dataclass(slots=True)
class _Spent:
    tokens: int = 0


class LocalState:
    """Nonces and rates of this process. Nothing waits, and there is nobody to leave entries for."""

    def __init__(self, *, max_nonces: int = 1_000_000, max_buckets: int = 100_000, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds and never goes back."""
        self._max_nonces = max_nonces
        self._max_buckets = max_buckets
        self._clock = clock
        self._nonces: ExpiringMap[None] = ExpiringMap()
        self._rates: ExpiringMap[_Spent] = ExpiringMap()

    async def claim_nonce(self, key: str, ttl_s: float) -> bool:
        """True once within ``ttl_s`` seconds. Raises NoncesFull."""
        now = self._clock()
        self._nonces.drop_ended(now=now)
        if self._nonces.get(key, now=now) is not None:
            return False
        if len(self._nonces) >= self._max_nonces:
            raise NoncesFull(f"{self._max_nonces} nonces are alive, and no more can be kept: try again in {ttl_s:g} s")
        self._nonces.put(key, None, ends=now + ttl_s)
        return True

    async def take_token(self, bucket: str, limit: int, window_s: int) -> RateDecision:
        """Count one request against ``bucket``."""
        now = self._clock()
        held = self._rates.get(bucket, now=now)
        if held is None:
            held = now + window_s, _Spent()
            self._rates.drop_ended(now=now)
            while len(self._rates) >= self._max_buckets:
                self._rates.drop_soonest()
            self._rates.put(bucket, held[1], ends=held[0])
        ends, spent = held
        if spent.tokens >= limit:
            return RateDecision(allowed=False, remaining=0, reset_s=ends - now)
        spent.tokens += 1
        return RateDecision(allowed=True, remaining=limit - spent.tokens, reset_s=ends - now)

    async def get(self, key: str) -> bytes | None:  # noqa: ARG002 - the interface's signature
        """Return nothing, for nothing is shared."""
        return None

    async def put(self, key: str, entry: bytes, ttl_s: float) -> None:
        """Do nothing, for no replica could read it."""

    async def delete(self, key: str) -> None:
        """Do nothing."""

    def state(self) -> RedisState:
        """In this process, by choice."""
        return "local"

    def live_nonces(self) -> list[tuple[str, float]]:
        """Each nonce that is alive, with the seconds that it has left."""
        now = self._clock()
        return [(nonce, ends - now) for nonce, ends in self._nonces.ends() if now < ends]

"""The interface of shared state.

Invariant: no call waits longer than a few times ``PXL_REDIS_TIMEOUT_MS``, and none fails because another process did: what cannot be shared
is kept in this process. Entries are untrusted bytes that their reader must check.
"""

from typing import NamedTuple, Protocol

from logos_pxl.errors import SessionError
from logos_pxl.observing import RedisState


class NoncesFull(SessionError):
    """More nonces are alive than can be kept, so that a replay could not be told from a new request (HTTP 503)."""

    code = "nonces-full"


class RateDecision(NamedTuple):
    """Whether a request is within its quota, what is left of it, and in how many seconds it is whole again.

    ``remaining`` counts requests and is at least 0. ``reset_s`` is more than 0; a request that was refused will be allowed after it.
    """

    allowed: bool
    remaining: int
    reset_s: float


class SharedState(Protocol):
    """Belongs to one event loop."""

    async def claim_nonce(self, key: str, ttl_s: float) -> bool:
        """Whether ``key`` is claimed for the first time within ``ttl_s`` seconds; true once.

        Raises NoncesFull. Claim a nonce only after its signature was found right, so that clients without a key cannot fill the store.
        """

    async def take_token(self, bucket: str, limit: int, window_s: int) -> RateDecision:
        """Count one request against ``bucket``, which allows ``limit`` (at least 1) within ``window_s`` seconds.

        The window opens with the bucket's first request and the quota is whole again when it ends: a fixed window, so that what the
        RateLimit fields promise is exact.
        """

    async def get(self, key: str) -> bytes | None:
        """The entry under ``key`` as a replica left it, unchecked; ``None`` when there is none or nothing is shared."""

    async def put(self, key: str, entry: bytes, ttl_s: float) -> None:
        """Leave an entry for the replicas, for ``ttl_s`` seconds."""

    async def delete(self, key: str) -> None:
        """Take an entry away."""

    def state(self) -> RedisState:
        """Where shared state lives now."""

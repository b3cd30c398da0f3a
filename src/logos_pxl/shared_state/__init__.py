"""What replicas share: used nonces, spent quotas, found certificates. Knows nothing of goals or of HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from logos_pxl.errors import ConfigurationError
from logos_pxl.observing import Observer
from logos_pxl.shared_state.interface import NoncesFull, RateDecision, SharedState
from logos_pxl.shared_state.local import LocalState

__all__ = ["LocalState", "NoncesFull", "RateDecision", "SharedState", "open_shared_state"]


@asynccontextmanager
async def open_shared_state(redis_url: str, *, timeout_s: float, max_entry_bytes: int, observer: Observer) -> AsyncIterator[SharedState]:
    """In Redis at ``redis_url``, or in this process when that is empty.

    A Redis that cannot be reached is waited for in the background. Raises ConfigurationError, without the URL, which may hold a password.
    """
    local = LocalState()
    if not redis_url:
        observer.redis("local")
        yield local
        return
    try:
        # Imported here: redis-py takes a tenth of a second, and most services are alone.
        from logos_pxl.shared_state.redis_state import RedisShared  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError("PXL_REDIS_URL is set, but redis-py is not installed: pip install 'logos-pxl[redis]'") from error
    try:
        shared = RedisShared(redis_url, local, timeout_s=timeout_s, max_entry_bytes=max_entry_bytes, observer=observer)
    except ValueError as error:
        raise ConfigurationError(
            "PXL_REDIS_URL=(hidden): not a Redis URL; give one such as redis://127.0.0.1:6379/0, rediss://:password@host:6379 or unix:///path"
        ) from error
    async with shared:
        yield shared

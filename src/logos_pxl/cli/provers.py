"""Who answers: a service, when ``--url`` or ``PXL_URL`` names one, else the engine and Coq of this process."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from logos_pxl.client.interface import AsyncProver
from logos_pxl.settings import Settings

_MOST = 8
# Somebody waits: a service that does not come back within seconds is told of.
_ATTEMPTS = 5


def service_address(url: str | None) -> str | None:
    """The service's address; None for the local engine. ``url`` is the option's value, None when it was not given."""
    return (Settings.load().url if url is None else url) or None


def at_once(asked: int | None, goals: int) -> int:
    """How many goals are worked on at once."""
    return max(1, min(goals, asked or min(os.cpu_count() or 1, _MOST)))


@asynccontextmanager
async def opened_prover(url: str | None, *, sessions: int) -> AsyncIterator[AsyncProver]:
    """The prover, open. Raises ConfigurationError, KernelUnavailable, RequestError."""
    address = service_address(url)
    if address is None:
        from logos_pxl.local import local_prover  # noqa: PLC0415 - a service can be asked where there is no engine

        async with local_prover(sessions=sessions) as local:
            yield local
        return
    from stamina.instrumentation import set_on_retry_hooks  # noqa: PLC0415

    from logos_pxl.client import AsyncPxlClient, Retrying  # noqa: PLC0415

    # By default retries are told to structlog, which prints to standard output.
    set_on_retry_hooks([])
    key = Settings.load().hmac_key
    async with AsyncPxlClient(address, key=key.get_secret_value() if key else None, retrying=Retrying(attempts=_ATTEMPTS)) as client:
        yield client

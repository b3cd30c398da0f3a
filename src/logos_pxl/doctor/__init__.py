"""What is missing on this machine for deciding goals, and how to get it.

Invariant: every check ends within its bound in a ``Finding``. A check is given the results that it needs. Nothing is changed: no file is
written, no port is kept, no setting is set.
"""

import asyncio
import email.utils
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from logos_pxl.doctor.findings import Finding, State, attention, fine, missing
from logos_pxl.doctor.kernel import confinement, coq, decision, kernel_files_found, plugin
from logos_pxl.doctor.machine import clock, environment_file, folders, port, redis
from logos_pxl.doctor.parts import engine, extras, python
from logos_pxl.errors import PxlError
from logos_pxl.settings import Settings
from logos_pxl.settings.configuration import Configuration

__all__ = ["Finding", "State", "examine"]

_NEAR_S = 30.0


def examine(url: str | None = None) -> Iterator[Finding]:
    """Each finding as it is made. ``url``: a service to look at too, instead of the one that ``PXL_URL`` names."""
    yield python()
    built = engine()
    yield built
    yield extras()
    try:
        configuration = Configuration.load()
    except PxlError as error:
        yield missing("settings", str(error), "correct the named variables; docs/configuration.md has all of them")
        return
    yield environment_file(configuration)
    settings = configuration.settings
    yield coq(settings)
    yield kernel_files_found(settings)
    yield confinement(built)
    yield plugin(settings, built)
    yield decision(built)
    yield folders(settings)
    yield port(settings)
    yield redis(settings)
    yield clock()
    address = settings.url if url is None else url
    if address:
        yield asyncio.run(service(address, settings))


async def service(url: str, settings: Settings) -> Finding:
    """Ask it for its health, and for a verdict."""
    from logos_pxl.client import NEVER, AsyncPxlClient  # noqa: PLC0415 - an extra

    key = settings.hmac_key.get_secret_value() if settings.hmac_key else None
    try:
        async with AsyncPxlClient(url, key=key, retrying=NEVER) as client:
            health = await client.health()
            apart_s = (datetime.fromisoformat(health.timestamp) - datetime.now(UTC)).total_seconds()
            verdict = await client.prove("BOX(A -> A)", timeout_ms=5_000)
    except PxlError as error:
        return missing("service", f"{url}: {error}", "see docs/client.md, 'When it fails'")
    if abs(apart_s) > _NEAR_S:
        now = email.utils.formatdate(time.time(), usegmt=True)
        return attention(
            "service", f"its clock is {apart_s:+.0f} s from ours ({now})", "set the wrong one: signatures are good for a minute"
        )
    if not verdict.valid or not health.ready:
        return missing("service", f"{url} is {health.status}: {'; '.join(health.problems) or verdict.verdict}", "look at its log")
    return fine("service", f"{url} is {health.status}, version {health.version}, kernel {health.kernel_hash}")

"""A service somewhere: whether it answers, accepts this client's key, and keeps the same time."""

import email.utils
import time
from datetime import UTC, datetime

from logos_pxl.doctor.findings import Finding, attention, fine, missing
from logos_pxl.errors import PxlError
from logos_pxl.settings import Settings

_NEAR_S = 30.0


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

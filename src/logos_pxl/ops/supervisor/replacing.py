"""A rolling restart: the new service is ready before the old one is asked to end.

Both listen on one port (``PXL_REUSE_PORT``), and the system spreads connections over them; so a new service is known to be ready only by an
answer that is its own.
"""

import asyncio
import time
from collections.abc import Callable

from logos_pxl.ops.errors import OperationFailed
from logos_pxl.ops.supervisor.places import Places
from logos_pxl.ops.supervisor.probing import probe
from logos_pxl.ops.supervisor.service_process import ServiceProcess
from logos_pxl.settings import Settings

_BETWEEN_S = 0.1
_TIMEOUT_S = 5.0


async def replacement(
    old: ServiceProcess, places: Places, settings: Settings, *, on_end: Callable[[ServiceProcess], None], ending: asyncio.Event
) -> ServiceProcess | None:
    """A new service, ready beside the old one; ``None`` when they cannot share the port.

    Raises OperationFailed when it does not get ready within ``PXL_START_TIMEOUT_S`` or the supervisor is to end; then it is gone.
    """
    if not (old.record.reuse_port and settings.reuse_port):
        return None
    new = ServiceProcess.start(places, reuse_port=True, on_end=on_end)
    try:
        await _until_ready(new, settings, ending)
    except BaseException:
        await new.stop(0)
        raise
    return new


async def _until_ready(new: ServiceProcess, settings: Settings, ending: asyncio.Event) -> None:
    deadline = time.monotonic() + settings.start_timeout_s
    while not await _ready(new, settings):
        if not new.alive:
            raise OperationFailed(f"the new service {new.end}: {' / '.join(new.last_words())}")
        if ending.is_set():
            raise OperationFailed("the supervisor was told to end meanwhile")
        if time.monotonic() > deadline:
            raise OperationFailed(f"the new service was not ready after PXL_START_TIMEOUT_S ({settings.start_timeout_s:g} s)")
        await asyncio.sleep(_BETWEEN_S)


async def _ready(new: ServiceProcess, settings: Settings) -> bool:
    url = new.url()
    if url is None:
        return False
    key = settings.hmac_key.get_secret_value() if settings.hmac_key else None
    seen = await asyncio.to_thread(probe, url, key=key, timeout_s=_TIMEOUT_S)
    # A service listens after its first canaries; who keeps its health to itself can be asked no more.
    return seen.ready and (seen.uptime_s is None or seen.uptime_s < new.age_s)

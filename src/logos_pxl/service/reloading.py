"""Reloading the configuration on SIGHUP.

Keys, log level and quotas change while requests run, and no request is dropped. For any other changed variable the log says that it needs
a restart.

Invariant: a configuration that cannot be read changes nothing.
"""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from logos_pxl.errors import ConfigurationError
from logos_pxl.logs.opening import Logs
from logos_pxl.observing import Observer
from logos_pxl.service.gate import Gate, KeyRing, Quota
from logos_pxl.settings.configuration import Configuration

KEYS = frozenset(("HMAC_SECRET_KEY", "HMAC_SECRET_KEY_NEW", "HMAC_SECRET_KEY_OLD"))
RELOADABLE = KEYS | {"LOG_LEVEL", "RATE_LIMIT_ENABLED", "RATE_LIMIT_PER_MINUTE", "PXL_RATE_LIMIT_BY"}

_log = logging.getLogger(__name__)


class Reloading:
    """Reloads the configuration. While ``gate`` is ``None``, only the log level changes."""

    def __init__(self, configuration: Configuration, logs: Logs, observer: Observer) -> None:
        self.gate: Gate | None = None
        self._configuration = configuration
        self._logs = logs
        self._observer = observer
        self._one_at_a_time = asyncio.Lock()
        self._running: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def on_sighup(self) -> AsyncIterator[None]:
        """Within the block, SIGHUP reloads the configuration instead of ending the process."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._signalled)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGHUP)

    def _signalled(self) -> None:
        task = asyncio.get_running_loop().create_task(self.reload())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def reload(self) -> None:
        """Read all sources again, and apply what can be applied."""
        async with self._one_at_a_time:
            before = self._configuration
            try:
                newer = await asyncio.to_thread(before.again)
                keys, quota = KeyRing.of(newer.settings), Quota.of(newer.settings)
            except ConfigurationError as error:
                _log.error("SIGHUP: the configuration cannot be read, and nothing of it was changed: %s", error)
                self._observer.reloaded(succeeded=False)
                return
            if self.gate is not None:
                self.gate.replace(keys, quota)
            self._logs.set_level(newer.settings.log_level)
            self._tell(before, newer)
            self._configuration = _in_force(before, newer)
            self._observer.reloaded(succeeded=True)

    def _tell(self, before: Configuration, newer: Configuration) -> None:
        changed = before.changes(newer)
        for warning in newer.warnings:
            if warning not in before.warnings:
                _log.warning("%s", warning)
        now = [name for name in changed if name in RELOADABLE]
        later = [name for name in changed if name not in RELOADABLE]
        _log.info("SIGHUP: in force from now on: %s", ", ".join(now) or "nothing new")
        if later:
            _log.warning("SIGHUP: changed, but in force only after a restart: %s", ", ".join(later))


def _in_force(before: Configuration, newer: Configuration) -> Configuration:
    """What is in force after reloading: so that the next reload tells again what needs a restart."""
    fields = {str(described.validation_alias): name for name, described in type(before.settings).model_fields.items()}
    update = {fields[name]: getattr(newer.settings, fields[name]) for name in RELOADABLE}
    return replace(before, settings=before.settings.model_copy(update=update), warnings=newer.warnings)

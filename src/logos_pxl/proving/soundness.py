"""Soundness alarms: a certificate that this process made, and that the kernel refused.

Such a refusal is a defect of ours. It is counted, logged as critical, and kept for a post-mortem; ``/health`` shows it.

Invariant: reporting an alarm never raises and waits for a bounded time only; the folder of post-mortems is bounded in number and bytes.
"""

import asyncio
import base64
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from logos_pxl.goals import Goal
from logos_pxl.kernel import KernelIdentity
from logos_pxl.observing import NullObserver, Observer
from logos_pxl.proving.bounded_directory import BoundedDirectory
from logos_pxl.proving.certificate import Versions
from logos_pxl.proving.search import Finding

_log = logging.getLogger(__name__)

_WRITE_TIMEOUT_S = 2.0
_LOGGED_CHARACTERS = 2_000


class PostMortems:
    """The folder of refused certificates at ``path``."""

    def __init__(self, path: Path, *, max_files: int, max_bytes: int) -> None:
        self._path = path
        # Created with the first post-mortem: a run without a defect leaves nothing behind.
        self._open = partial(BoundedDirectory, path, max_files=max_files, max_bytes=max_bytes)
        self._directory: BoundedDirectory | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="post-mortems")

    async def keep(self, goal: Goal, finding: Finding, reason: str, *, kernel_hash: str, versions: Versions) -> Path | None:
        """Write goal, certificate and the kernel's reason; the file's path, or ``None`` when it could not be written in time."""
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S}-{time.monotonic_ns():020d}.json"
        record: dict[str, object] = {
            "time": now.isoformat(),
            "goal": goal.text,
            "kind": finding.kind.name.lower(),
            "certificate": base64.b64encode(finding.evidence).decode("ascii"),
            "reason": reason,
            "kernel_hash": kernel_hash,
            "versions": versions.as_json(),
        }
        writing = asyncio.get_running_loop().run_in_executor(self._thread, copy_context().run, self._write, name, record)
        await asyncio.wait((writing,), timeout=_WRITE_TIMEOUT_S)
        return self._path / name if writing.done() and writing.result() else None

    def close(self) -> None:
        """Finish what is being written."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _write(self, name: str, record: dict[str, object]) -> bool:
        try:
            self._directory = self._directory or self._open()
            return self._directory.write(name, json.dumps(record, ensure_ascii=False, indent=1).encode())
        except OSError:
            _log.exception("post-mortem %s could not be kept", name)
            return False


class SoundnessAlarms:
    """The alarms of one process. ``count`` is their number, ``last`` the time of the last one (ISO 8601, UTC)."""

    def __init__(self, post_mortems: PostMortems, observer: Observer | None = None) -> None:
        self.count = 0
        self.last: str | None = None
        self._post_mortems = post_mortems
        self._observer = observer or NullObserver()

    async def report(self, goal: Goal, finding: Finding, objection: str, *, identity: KernelIdentity, versions: Versions) -> None:
        """Report that search and kernel disagree about ``finding``; ``objection`` is what the judge said."""
        self.count += 1
        self.last = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._observer.soundness_alarm()
        kept = await self._post_mortems.keep(goal, finding, objection, kernel_hash=identity.kernel_hash, versions=versions)
        _log.critical(
            "soundness alarm over a %s that the search found: %s; goal: %s; post-mortem: %s",
            finding.kind.name.lower(),
            objection,
            goal.text[:_LOGGED_CHARACTERS],
            kept or "not kept",
        )

"""What is kept when the kernel refuses what the search believed: the defect's evidence, for whoever mends it.

Invariant: keeping never raises and never costs the caller more than a bounded wait; the folder is bounded in number and bytes.
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
from logos_pxl.proving.bounded_directory import BoundedDirectory
from logos_pxl.proving.certificate import Versions
from logos_pxl.proving.search import Finding

_log = logging.getLogger(__name__)

_WRITE_TIMEOUT_S = 2.0


class PostMortems:
    """The folder of refused certificates at ``path``."""

    def __init__(self, path: Path, *, max_files: int, max_bytes: int) -> None:
        self._path = path
        # Made with the first post-mortem: a run without a defect leaves nothing behind.
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

"""GET /metrics/performance, and the same document in ``performance.json``.

Invariant: the file is always whole, because it is written under another name and renamed. A failing disk costs one line in the log, nothing
else. Writing happens off the event loop.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from logos_pxl.durable import replace_file
from logos_pxl.observing import Observer
from logos_pxl.service.answers import json_response
from logos_pxl.service.metrics.endpoints import WINDOW_S, EndpointStatistics

_log = logging.getLogger(__name__)

FILE_NAME = "performance.json"

WRITE_TIMEOUT_S = 5.0


class PerformanceReport:
    """The endpoints' figures as a document."""

    def __init__(self, statistics: EndpointStatistics) -> None:
        self._statistics = statistics
        self._started = _now()

    async def get(self, _: Request) -> Response:
        """The document."""
        response = json_response(self.document())
        response.headers["Cache-Control"] = "no-store"
        return response

    def document(self) -> dict[str, Any]:
        """The figures of the last ``window_s`` seconds, or since ``started`` when that is later."""
        return {
            "timestamp": _now(),
            "started": self._started,
            "window_s": WINDOW_S,
            "endpoints": [asdict(figures) for figures in self._statistics.figures()],
        }


class PerformanceFile:
    """Writes the document into ``folder`` every ``interval_s`` seconds, and once more at the end of its ``async with`` block."""

    def __init__(self, folder: Path, report: PerformanceReport, observer: Observer, *, interval_s: float) -> None:
        self._folder = folder
        self._report = report
        self._observer = observer
        self._interval_s = interval_s
        self._failing = False
        self._running: asyncio.Task[None] | None = None
        self._writing: asyncio.Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="performance")

    async def __aenter__(self) -> Self:
        """Write for the first time."""
        await self.write()
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Write for the last time."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        if self._writing is not None:
            # Begun by the task that was cancelled: the last figures come after it.
            await asyncio.wait([self._writing], timeout=WRITE_TIMEOUT_S)
        await self.write()
        self._thread.shutdown(wait=self._writing is None or self._writing.done(), cancel_futures=True)

    async def write(self) -> None:
        """Write now. Raises nothing, and waits a few seconds at most."""
        path = self._folder / FILE_NAME
        failure = await self._written(path, to_json(self._report.document(), indent=2) + b"\n")
        if failure:
            self._observer.performance_not_written()
        if failure and not self._failing:
            _log.error("%s cannot be written: %s; the service goes on without it", path, failure)
        elif self._failing and not failure:
            _log.warning("%s is written again", path)
        self._failing = bool(failure)

    async def _written(self, path: Path, data: bytes) -> str:
        """Why it could not be written; empty when it was."""
        if self._writing is not None and not self._writing.done():
            return "the disk has not yet taken the last one"
        self._writing = asyncio.get_running_loop().run_in_executor(self._thread, replace_file, path, data)
        await asyncio.wait([self._writing], timeout=WRITE_TIMEOUT_S)
        if not self._writing.done():
            return f"the disk did not take it within {WRITE_TIMEOUT_S:g} s"
        error = self._writing.exception()
        if error is not None and not isinstance(error, OSError):
            raise error
        return str(error) if error else ""

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._interval_s)
            await self.write()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")

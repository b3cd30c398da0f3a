"""Logs of many days, as the service and the rotation leave them."""

import gzip
import json
import logging
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from logos_pxl.logs.requests import RequestLine, RequestLog
from logos_pxl.logs.writing import QueuedLines

Milliseconds = Callable[[random.Random], float]
Told = dict[str, Any]
"""The fields of a ``RequestLine`` without its time."""


def lines_of(form: str, requests: "Iterable[tuple[float, Told]]", *, level: int = logging.INFO) -> tuple[bytes, bytes]:
    """What access.log and pxl-server.log get of requests, each at its time in seconds since 1970."""
    access, server = QueuedLines("access", max_lines=0), QueuedLines("server", max_lines=0)
    log = RequestLog(form, access, [server])  # type: ignore[arg-type]
    root = logging.getLogger()
    before = root.level
    root.setLevel(level)
    try:
        for at, told in requests:
            log.write(RequestLine(ended_s=at, **told))
    finally:
        root.setLevel(before)
    return _queued(access), _queued(server)


def _queued(queue: QueuedLines) -> bytes:
    return b"".join(queue.lines.get_nowait() for _ in range(queue.lines.qsize()))


class History:
    """Writes logs of other days with the service's own code, a day an archive, the last one as it is being written."""

    def __init__(self, log_dir: Path, *, until: datetime | None = None, as_json: bool = False) -> None:
        self.log_dir = log_dir
        self.until = until or datetime.now(UTC)
        (log_dir / "archive").mkdir(parents=True)
        self._json = as_json

    def day(self, days_ago: int, requests: "Iterable[tuple[int, Told]]") -> None:
        """One day's requests: the second of the day, and what is told of it."""
        start = (self.until - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        access, server = lines_of("json" if self._json else "text", ((start + second, line) for second, line in requests))
        for stem, data in (("access", access), ("pxl-server", server)):
            if days_ago:
                # A day's log is archived in the night after it.
                name = f"{stem}_{self.until - timedelta(days=days_ago - 1):%Y%m%d}.log.gz"
                (self.log_dir / "archive" / name).write_bytes(gzip.compress(data))
            else:
                (self.log_dir / f"{stem}.log").write_bytes(data)

    def performance(self, days_ago: int, calls: int, p95_ms: float) -> None:
        """performance.json of a day."""
        at = self.until - timedelta(days=days_ago)
        endpoint = {
            "name": "POST /prove", "call_count": calls, "p50_duration_ms": p95_ms / 3, "p90_duration_ms": p95_ms * 0.9,
            "p95_duration_ms": p95_ms, "p99_duration_ms": p95_ms * 1.4, "error_count": 0,
        }  # fmt: skip
        document = {"timestamp": at.isoformat(), "started": at.isoformat(), "window_s": 86400.0, "endpoints": [endpoint]}
        (self.log_dir / "archive" / f"performance_{at:%Y%m%d}.json").write_text(json.dumps(document))


def request(
    client: str = "203.0.113.9", *, status: int = 200, ms: float = 5.0, path: str = "/prove", remark: str = "", key: str = ""
) -> Told:
    """A request for a verdict."""
    return {
        "client": client, "method": "POST", "path": path.encode(), "endpoint": path, "http_version": "1.1", "request_id": "b" * 32,
        "user_agent": b"t", "status": status, "body_bytes": 100, "duration_s": ms / 1000, "key": key, "note": remark,
    }  # fmt: skip
